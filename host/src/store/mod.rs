//! Shared state: counters and small values that outlive a request.
//!
//! One trait, one conformance suite, several implementations. A failing store is an error, never an
//! empty answer: a caller that cannot know must not decide.

mod clock;
mod command;
mod entry;
mod memory;
mod procedure;
mod redb;

#[cfg(test)]
mod conformance;

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;

use crate::config::StoreConfig;

pub use self::{
    clock::{Clock, SteadyClock, WallClock},
    command::{
        Bound, Command, HashCommand, ListCommand, Reply, SetCommand, Side, SortedCommand, When,
    },
    memory::MemoryStore,
    procedure::{Data, Native, Procedure},
    redb::{OpenError, RedbStore},
};

/// Opens the store that the configuration names.
///
/// # Errors
/// What stands in the way, and what to do about it.
pub fn open(config: &StoreConfig) -> Result<Arc<dyn Store>, OpenError> {
    Ok(match config {
        StoreConfig::Memory => Arc::new(MemoryStore::new()),
        StoreConfig::Redb { path } => Arc::new(RedbStore::open(path)?),
    })
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

/// A key: a namespace (one per plugin) and a name in it. Typed, so that no separator trick in either
/// can make two different pairs meet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Chosen by the host.
    pub namespace: String,
    /// Chosen by the plugin.
    pub name: Vec<u8>,
}

/// Key-value operations. Each is one atomic step.
pub trait Store: Send + Sync {
    /// The value, unless it is absent or expired.
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>>;
    /// Replaces the value; without `ttl` it stays until it is deleted.
    fn set(
        &self,
        key: Key,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;
    /// True if the key existed.
    fn delete(&self, key: Key) -> BoxFuture<'_, Result<bool, StoreError>>;
    /// Adds to the integer (0 when absent) and returns the sum; `ttl` applies if this created the key.
    fn increment(
        &self,
        key: Key,
        by: i64,
        ttl: Option<Duration>,
    ) -> BoxFuture<'_, Result<i64, StoreError>>;
    /// True if the key existed.
    fn expire(&self, key: Key, ttl: Duration) -> BoxFuture<'_, Result<bool, StoreError>>;
    /// How long the key will stay.
    fn time_to_live(&self, key: Key) -> BoxFuture<'_, Result<Remaining, StoreError>>;
}
