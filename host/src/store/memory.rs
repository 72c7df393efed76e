//! The store in memory: gone when the process ends.
//!
//! Independently locked shards. A step locks those of its keys, always in the same order, so a step on
//! one key (or one tag) waits for nobody but those on the same shard, and larger ones are atomic
//! without a deadlock. Nothing waits while it holds a lock. Expired entries are refused on read, and each
//! step removes a few more, so that memory follows what is alive.

mod body;
mod locked;
mod shard;

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::future::BoxFuture;

use self::{locked::Locked, shard::Shard};
use super::{
    Clock, Command, Key, Limits, Procedure, Reply, SteadyClock, Store, StoreError, Subscription,
    Usage,
    embedded::{self, Topics},
};

/// Locks; far more than processors, so that steps seldom meet.
const SHARDS: u64 = 64;

/// Keys and values in memory.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    limits: Limits,
    topics: Topics,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    /// Of all shards.
    bytes: AtomicU64,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SteadyClock::default()))
    }

    /// An empty store whose keys expire by `clock`.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            limits: Limits::default(),
            topics: Topics::default(),
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            bytes: AtomicU64::new(0),
        }
    }

    /// The same store with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Keys that occupy memory, expired or not.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).keys()).sum()
    }

    /// True when nothing occupies memory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In the order in which everybody locks them.
    fn shards_of<'a>(&self, keys: impl Iterator<Item = &'a Key>) -> Vec<usize> {
        let shards = keys.map(|key| shard_of(&self.hasher, &embedded::encode(key)));
        let mut shards: Vec<usize> = shards.collect();
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    /// Does one step on these shards.
    fn step<T>(
        &self,
        shards: Vec<usize>,
        step: impl FnOnce(&mut Locked<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let guards = shards
            .into_iter()
            .filter_map(|index| Some((index, lock(self.shards.get(index)?))));
        let mut locked = Locked::new(guards.collect(), &self.hasher, self.clock.now_ms());
        let before = locked.bytes();
        let done = step(&mut locked);
        locked.sweep();
        // In this order the sum never falls below zero for a moment.
        let after = locked.bytes();
        self.bytes
            .fetch_add(after.saturating_sub(before), Ordering::Relaxed);
        self.bytes
            .fetch_sub(before.saturating_sub(after), Ordering::Relaxed);
        done
    }

    /// Refuses to grow when full. Several steps at once may pass the limit together, by what they add.
    fn check_room(&self) -> Result<(), StoreError> {
        let limit = self.limits.memory_bytes;
        if self.bytes.load(Ordering::Relaxed) < limit {
            return Ok(());
        }
        // What has expired may be in the way.
        for shard in 0..self.shards.len() {
            self.step(vec![shard], |_| Ok(()))?;
        }
        if self.bytes.load(Ordering::Relaxed) < limit {
            return Ok(());
        }
        Err(StoreError::Unavailable(format!(
            "it is full: the limit `store_memory` is {limit} bytes"
        )))
    }
}

/// Which shard a name is in. Names with the same tag are in the same.
fn shard_of(hasher: &RandomState, name: &[u8]) -> usize {
    let hash = hasher.hash_one(embedded::tag(name).unwrap_or(name));
    // Below the number of shards, which fits everywhere.
    usize::try_from(hash % SHARDS).unwrap_or(0)
}

/// A panic while the lock was held cannot leave a half-made change that matters: the index of expiries
/// is only a hint to the entries.
fn lock(shard: &Mutex<Shard>) -> std::sync::MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for MemoryStore {
    fn run(&self, commands: Vec<Command>) -> BoxFuture<'_, Result<Vec<Reply>, StoreError>> {
        Box::pin(async move {
            if let Some(refusals) = self.limits.refuse_step(&commands) {
                return Ok(refusals);
            }
            if commands.iter().any(Command::may_grow) {
                self.check_room()?;
            }
            let shards = self.shards_of(commands.iter().map(Command::key));
            self.step(shards, |rows| {
                let run = |command| embedded::run(rows, &self.limits, command);
                commands.into_iter().map(run).collect()
            })
        })
    }

    fn call(
        &self,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Reply, StoreError>> {
        Box::pin(async move {
            self.check_room()?;
            self.step(self.shards_of(keys.iter()), |rows| {
                embedded::call(rows, &self.limits, procedure, &keys, &arguments)
            })
        })
    }

    fn publish(&self, channel: &str, message: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        let channel = channel.to_owned();
        Box::pin(async move {
            self.topics.publish(&channel, message);
            Ok(())
        })
    }

    fn subscribe(&self, channel: &str) -> Subscription {
        self.topics.subscribe(channel)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn usage(&self) -> Option<Usage> {
        Some(Usage {
            keys: u64::try_from(self.len()).unwrap_or(u64::MAX),
            bytes: self.bytes.load(Ordering::Relaxed),
        })
    }
}

#[cfg(test)]
mod tests;
