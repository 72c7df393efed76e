//! The store in memory: gone when the process ends.
//!
//! A few independently locked shards. No operation waits for anything but a lock that is held for
//! the length of a map access. Expired entries are refused on read, and each change removes a few
//! more of its shard, so that memory follows what is alive.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::{BoxFuture, ready};

use super::{
    Clock, Key, Remaining, SteadyClock, Store, StoreError,
    entry::{NEVER, add, expires_at, is_expired, remaining},
};

const SHARDS: usize = 16;
/// Expired entries that one change removes at most.
const SWEEP: usize = 16;

/// Keys and values in memory.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<Key, Entry>,
    /// Entries that will expire, soonest first.
    expiries: BTreeSet<(u64, Key)>,
}

struct Entry {
    value: Vec<u8>,
    expires: u64,
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
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Entries that occupy memory, expired or not.
    pub fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| lock(shard).entries.len())
            .sum()
    }

    /// True when nothing occupies memory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Runs one step on the key's shard.
    fn with<T: Send + 'static>(
        &self,
        key: &Key,
        step: impl FnOnce(&mut Shard, u64) -> Result<T, StoreError>,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        // The modulus of the shard count is below the shard count, which fits everywhere.
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        let result = match self.shards.get(index) {
            Some(shard) => step(&mut lock(shard), self.clock.now_ms()),
            None => Err(StoreError::Unavailable("no such shard".to_owned())),
        };
        Box::pin(ready(result))
    }
}

/// A panic while the lock was held cannot leave a half-made change that matters: each step changes
/// the index before or after the map, and both are only hints to the other.
fn lock(shard: &Mutex<Shard>) -> std::sync::MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn live(&self, key: &Key, now: u64) -> Option<&Entry> {
        self.entries
            .get(key)
            .filter(|entry| !is_expired(entry.expires, now))
    }

    fn put(&mut self, key: Key, value: Vec<u8>, expires: u64, now: u64) {
        self.remove(&key);
        if !is_expired(expires, now) {
            if expires != NEVER {
                self.expiries.insert((expires, key.clone()));
            }
            self.entries.insert(key, Entry { value, expires });
        }
        self.sweep(now);
    }

    fn remove(&mut self, key: &Key) -> Option<Entry> {
        let (key, entry) = self.entries.remove_entry(key)?;
        if entry.expires != NEVER {
            self.expiries.remove(&(entry.expires, key));
        }
        Some(entry)
    }

    fn sweep(&mut self, now: u64) {
        for _ in 0..SWEEP {
            match self.expiries.first() {
                Some((expires, _)) if is_expired(*expires, now) => {
                    if let Some((_, key)) = self.expiries.pop_first() {
                        self.entries.remove(&key);
                    }
                }
                _ => return,
            }
        }
    }
}

impl Store for MemoryStore {
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        self.with(&key, |shard, now| {
            Ok(shard.live(&key, now).map(|entry| entry.value.clone()))
        })
    }

    fn set(
        &self,
        key: Key,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with(&key.clone(), |shard, now| {
            shard.put(key, value, expires_at(now, ttl), now);
            Ok(())
        })
    }

    fn delete(&self, key: Key) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.with(&key, |shard, now| {
            Ok(shard
                .remove(&key)
                .is_some_and(|entry| !is_expired(entry.expires, now)))
        })
    }

    fn increment(
        &self,
        key: Key,
        by: i64,
        ttl: Option<Duration>,
    ) -> BoxFuture<'_, Result<i64, StoreError>> {
        self.with(&key.clone(), |shard, now| {
            let live = shard.live(&key, now);
            let sum = add(live.map(|entry| entry.value.as_slice()), by)?;
            let expires = live.map_or_else(|| expires_at(now, ttl), |entry| entry.expires);
            shard.put(key, sum.to_string().into_bytes(), expires, now);
            Ok(sum)
        })
    }

    fn expire(&self, key: Key, ttl: Duration) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.with(&key.clone(), |shard, now| {
            if shard.live(&key, now).is_none() {
                return Ok(false);
            }
            if let Some(entry) = shard.remove(&key) {
                shard.put(key, entry.value, expires_at(now, Some(ttl)), now);
            }
            Ok(true)
        })
    }

    fn time_to_live(&self, key: Key) -> BoxFuture<'_, Result<Remaining, StoreError>> {
        self.with(&key, |shard, now| {
            Ok(shard
                .live(&key, now)
                .map_or(Remaining::Missing, |entry| remaining(entry.expires, now)))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::{clock::ManualClock, conformance};

    fn make(clock: Arc<ManualClock>) -> Arc<dyn Store> {
        Arc::new(MemoryStore::with_clock(clock))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn conforms() {
        conformance::run_all(|clock| make(clock)).await;
    }

    #[tokio::test]
    async fn expired_entries_leave_memory_as_others_arrive() {
        let clock = Arc::new(ManualClock::default());
        let store = MemoryStore::with_clock(clock.clone());
        for number in 0..1000_u32 {
            let key = conformance::key(&number.to_string());
            store
                .set(key, vec![], Some(Duration::from_secs(1)))
                .await
                .unwrap();
        }
        assert_eq!(store.len(), 1000);
        clock.advance(Duration::from_secs(2));
        for number in 0..400_u32 {
            let key = conformance::key(&format!("new {number}"));
            store.set(key, vec![], None).await.unwrap();
        }
        assert_eq!(store.len(), 400);
    }
}
