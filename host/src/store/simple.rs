//! The operations that most callers need, typed.
//!
//! Each is one step of one command. A key that holds something else than the operation expects is an
//! error: a caller that cannot know must not decide.

use std::time::Duration;

use super::{Command, Key, Remaining, Reply, Store, StoreError, When};

impl dyn Store {
    /// The value, unless it is absent or expired.
    ///
    /// # Errors
    /// When the store fails, or the key holds a collection.
    pub async fn get(&self, key: Key) -> Result<Option<Vec<u8>>, StoreError> {
        match self.one(Command::Get(key)).await? {
            Reply::Nothing => Ok(None),
            Reply::Bytes(value) => Ok(Some(value)),
            other => Err(unexpected(other)),
        }
    }

    /// Replaces whatever the key holds; without `ttl` it stays until it is deleted.
    ///
    /// # Errors
    /// When the store fails, or a limit is passed.
    pub async fn set(
        &self,
        key: Key,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> Result<(), StoreError> {
        let command = Command::Set {
            key,
            value,
            ttl,
            when: When::Always,
        };
        match self.one(command).await? {
            Reply::Done => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    /// True if the key existed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete(&self, key: Key) -> Result<bool, StoreError> {
        Ok(self.integer(Command::Delete(key)).await? != 0)
    }

    /// Adds to the integer (0 when absent) and returns the sum; `ttl` applies if this created the key.
    ///
    /// # Errors
    /// [`StoreError::NotANumber`], also when the key holds a collection; or when the store fails.
    pub async fn increment(
        &self,
        key: Key,
        by: i64,
        ttl: Option<Duration>,
    ) -> Result<i64, StoreError> {
        match self.one(Command::Increment { key, by, ttl }).await? {
            Reply::Integer(sum) => Ok(sum),
            Reply::Refused(_) => Err(StoreError::NotANumber),
            other => Err(unexpected(other)),
        }
    }

    /// True if the key existed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn expire(&self, key: Key, ttl: Duration) -> Result<bool, StoreError> {
        Ok(self.integer(Command::Expire { key, ttl }).await? != 0)
    }

    /// How long the key will stay.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn time_to_live(&self, key: Key) -> Result<Remaining, StoreError> {
        Ok(match self.integer(Command::TimeToLive(key)).await? {
            -1 => Remaining::Unlimited,
            ms => u64::try_from(ms).map_or(Remaining::Missing, |ms| {
                Remaining::For(Duration::from_millis(ms))
            }),
        })
    }

    /// Runs one command.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn one(&self, command: Command) -> Result<Reply, StoreError> {
        let reply = self.run(vec![command]).await?.pop();
        reply.ok_or_else(|| StoreError::Unavailable("it did not reply".to_owned()))
    }

    async fn integer(&self, command: Command) -> Result<i64, StoreError> {
        match self.one(command).await? {
            Reply::Integer(number) => Ok(number),
            other => Err(unexpected(other)),
        }
    }
}

/// A refusal, or an answer of the wrong kind. Values are not shown: they may be secrets.
fn unexpected(reply: Reply) -> StoreError {
    StoreError::Unavailable(match reply {
        Reply::Refused(why) => why,
        _ => "it mixed up its answers".to_owned(),
    })
}
