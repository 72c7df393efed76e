//! The embedded store on disk: one file, one process.
//!
//! A change is answered only after it is on disk: a crash, even of the machine, loses no acknowledged
//! change. One thread makes all changes and commits those that wait together, so a hundred
//! simultaneous logins share the price of one flush. Reads see every acknowledged change and run
//! off the async threads. After a failing disk the store works again as soon as the disk does; a
//! change that was answered with an error then may or may not have been stored. Expiry uses wall-clock time. Dropping the future of a change after it was
//! queued does not take the change back.

mod open;
mod slot;
mod writer;

use std::{path::Path, sync::Arc, time::Duration};

use ::redb::{ReadableDatabase, TableDefinition};
use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, oneshot};

pub use self::open::OpenError;
use self::{
    slot::{Opener, Slot},
    writer::{Change, Outcome, Writer},
};
use super::{
    Clock, Key, Remaining, Store, StoreError, WallClock,
    entry::{encode, is_expired, remaining},
};

/// Key → (expiry in milliseconds since 1970, value).
const ENTRIES: TableDefinition<'static, &[u8], (u64, &[u8])> = TableDefinition::new("entries");
/// (expiry, key), for those that expire.
const EXPIRIES: TableDefinition<'static, (u64, &[u8]), ()> = TableDefinition::new("expiries");
/// Facts about the file: `format` is its version.
const FACTS: TableDefinition<'static, &str, u64> = TableDefinition::new("facts");

/// Changes that wait for the writer. Further callers wait to be let in.
const QUEUE: usize = 4096;

/// Keys and values in a file.
pub struct RedbStore {
    database: Arc<Slot>,
    clock: Arc<dyn Clock>,
    writer: Writer,
    queue: Arc<Semaphore>,
}

impl RedbStore {
    /// Opens the file, or makes it, readable by its owner only. Missing folders are made.
    ///
    /// # Errors
    /// What stands in the way, and what to do about it.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with_clock(path, Arc::new(WallClock))
    }

    /// As [`RedbStore::open`], with keys that expire by `clock`.
    ///
    /// # Errors
    /// As [`RedbStore::open`].
    pub fn open_with_clock(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_with(path, clock, Box::new(open::open))
    }

    fn open_with(path: &Path, clock: Arc<dyn Clock>, opener: Opener) -> Result<Self, OpenError> {
        let database = Arc::new(Slot::open(path, opener)?);
        let writer = Writer::start(database.clone(), clock.clone())
            .map_err(|error| OpenError::Other(path.to_owned(), error.to_string()))?;
        Ok(Self {
            database,
            clock,
            writer,
            queue: Arc::new(Semaphore::new(QUEUE)),
        })
    }

    async fn change(&self, key: Key, change: Change) -> Result<Outcome, StoreError> {
        let permit = self.queue.clone().acquire_owned().await;
        let permit = permit.map_err(|_| stopped())?;
        let (reply, answer) = oneshot::channel();
        self.writer.send(encode(&key), change, reply, permit)?;
        answer.await.map_err(|_| stopped())?
    }

    async fn read<T: Send + 'static>(
        &self,
        key: Key,
        found: impl FnOnce(u64, &[u8], u64) -> T + Send + 'static,
        absent: T,
    ) -> Result<T, StoreError> {
        let (database, now) = (self.database.get()?, self.clock.now_ms());
        let read = move || -> Result<T, ::redb::Error> {
            let table = database.begin_read()?.open_table(ENTRIES)?;
            let Some(entry) = table.get(encode(&key).as_slice())? else {
                return Ok(absent);
            };
            let (expires, value) = entry.value();
            Ok(if is_expired(expires, now) {
                absent
            } else {
                found(expires, value, now)
            })
        };
        tokio::task::spawn_blocking(read)
            .await
            .map_err(|error| StoreError::Unavailable(error.to_string()))?
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the store's writer has stopped".to_owned())
}

fn unexpected() -> StoreError {
    StoreError::Unavailable("the store's writer mixed up its answers".to_owned())
}

impl Store for RedbStore {
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        Box::pin(self.read(key, |_, value, _| Some(value.to_vec()), None))
    }

    fn set(
        &self,
        key: Key,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.change(key, Change::Set { value, ttl }).await?;
            Ok(())
        })
    }

    fn delete(&self, key: Key) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            match self.change(key, Change::Delete).await? {
                Outcome::Existed(existed) => Ok(existed),
                _ => Err(unexpected()),
            }
        })
    }

    fn increment(
        &self,
        key: Key,
        by: i64,
        ttl: Option<Duration>,
    ) -> BoxFuture<'_, Result<i64, StoreError>> {
        Box::pin(async move {
            match self.change(key, Change::Increment { by, ttl }).await? {
                Outcome::Sum(sum) => Ok(sum),
                _ => Err(unexpected()),
            }
        })
    }

    fn expire(&self, key: Key, ttl: Duration) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            match self.change(key, Change::Expire { ttl }).await? {
                Outcome::Existed(existed) => Ok(existed),
                _ => Err(unexpected()),
            }
        })
    }

    fn time_to_live(&self, key: Key) -> BoxFuture<'_, Result<Remaining, StoreError>> {
        Box::pin(self.read(
            key,
            |expires, _, now| remaining(expires, now),
            Remaining::Missing,
        ))
    }
}

#[cfg(test)]
mod tests;
