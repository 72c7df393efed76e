//! Shared state: counters and small values that outlive a request.
//!
//! One trait, one conformance suite, several implementations. A failing store is an error, never an
//! empty answer: a caller that cannot know must not decide.

mod clock;
mod command;
mod embedded;
mod key;
mod limits;
mod memory;
mod procedure;
mod redb;
mod redis;
mod simple;
mod standby;
mod subscription;

#[cfg(test)]
pub(crate) mod conformance;
#[cfg(test)]
pub(crate) use self::clock::ManualClock;

use std::{sync::Arc, time::Duration};

use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};

use crate::config::{OnOutage, StoreConfig};

pub use self::{
    clock::{Clock, SteadyClock, WallClock},
    command::{
        Bound, Command, HashCommand, ListCommand, Reply, SetCommand, Side, SortedCommand, When,
    },
    key::Key,
    limits::Limits,
    memory::MemoryStore,
    procedure::{Call, Data, Native, Procedure},
    redb::{OpenError, RedbStore},
    redis::{RedisStore, StoreNumbers},
    standby::Standby,
    subscription::{Heard, Subscription},
};

/// Opens the store that the configuration names.
///
/// # Errors
/// What stands in the way, and what to do about it.
pub fn open(config: &StoreConfig, limits: Limits) -> Result<Arc<dyn Store>, StartError> {
    Ok(match config {
        StoreConfig::Memory => Arc::new(MemoryStore::new().with_limits(limits)),
        StoreConfig::Redb { path } => Arc::new(RedbStore::open_with_limits(path, limits)?),
        StoreConfig::Redis(config) => {
            let redis = RedisStore::new(config).map_err(StartError::Redis)?;
            let redis = redis.with_limits(limits);
            match config.on_outage {
                OnOutage::TemporaryFailure => Arc::new(redis),
                OnOutage::Local => Arc::new(Standby::new(redis, limits)),
            }
        }
    })
}

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database file cannot be used.
    #[error(transparent)]
    File(#[from] OpenError),
    /// The configuration of Redis cannot be used. That Redis is away is no such error.
    #[error("{0}")]
    Redis(String),
}

/// Why the store could not do it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// The stored value is not an integer, or the sum would overflow.
    #[error("the stored value is not an integer, or the sum would overflow")]
    NotANumber,
    /// It cannot be reached or failed.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// How long a key will stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remaining {
    /// There is no such key.
    Missing,
    /// Until it is deleted.
    Unlimited,
    /// So much longer.
    For(Duration),
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Keys, also those that have expired but have not been removed yet.
    pub keys: u64,
    /// Bytes of names and contents in memory, or of the file on disk.
    pub bytes: u64,
}

/// Where shared state is. The simple operations on it are methods of `dyn Store` (`store/simple.rs`).
pub trait Store: Send + Sync {
    /// Runs the commands in order, as one atomic step and one round trip; as many replies. A refused
    /// command ([`Reply::Refused`]) does not undo the others. On a Redis cluster the keys must have the
    /// same tag to be one step; others are one step per tag.
    fn run(&self, commands: Vec<Command>) -> BoxFuture<'_, Result<Vec<Reply>, StoreError>>;

    /// Runs a procedure alone on the data: one round trip. All its keys have the same tag.
    fn call(
        &self,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Reply, StoreError>>;

    /// Runs procedures side by side: each alone on the data, in no order, all in the time of one round
    /// trip. Every call has its own tag and its own answer, in the order of the calls: one may fail
    /// where the others are done.
    fn call_all(&self, calls: Vec<Call>) -> BoxFuture<'_, Vec<Result<Reply, StoreError>>> {
        let calls = calls.into_iter();
        join_all(calls.map(|call| self.call(call.procedure, call.keys, call.arguments))).boxed()
    }

    /// To whoever subscribes at this moment, on all nodes.
    fn publish(&self, channel: &str, message: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Messages on the channel from now on; lagging and reconnecting lose messages, never block, and are
    /// told.
    fn subscribe(&self, channel: &str) -> Subscription;

    /// Whether it can be reached now (for health).
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Which store answers at the moment: another number each time that one stands in for another or gives
    /// the place back. What was read under one number need not be there under another.
    fn reign(&self) -> u64 {
        0
    }

    /// How much it holds; nothing if it cannot say cheaply.
    fn usage(&self) -> Option<Usage> {
        None
    }

    /// What it counts about its servers; nothing if it has none.
    fn numbers(&self) -> Option<StoreNumbers> {
        None
    }
}
