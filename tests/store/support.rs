//! Stores on the harness's servers, and a load that counts what it was promised.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use bulkhead::{
    config::{RedisAddress, RedisConfig, RedisServers, StorePassword},
    store::{Key, RedisStore, Reply, Store, StoreError},
};
use bulkhead_harness::{Redis, RedisCluster, RedisSentinels};
use tokio::task::JoinSet;

/// Where a server listens, as the configuration says it.
pub(crate) fn address(address: SocketAddr) -> RedisAddress {
    RedisAddress::parse(&address.to_string()).unwrap()
}

/// One server, all else by default.
pub(crate) fn single(redis: &Redis) -> RedisConfig {
    RedisConfig::standalone(address(redis.address()))
}

/// A primary that sentinels look after, all else by default.
pub(crate) fn behind_sentinels(all: &RedisSentinels) -> RedisConfig {
    RedisConfig::new(RedisServers::Sentinel {
        master: RedisSentinels::MASTER.to_owned(),
        sentinels: all.addresses().into_iter().map(address).collect(),
        username: None,
        password: None,
    })
}

/// A cluster that is found through its first node, all else by default.
pub(crate) fn clustered(cluster: &RedisCluster) -> RedisConfig {
    let nodes = vec![address(cluster.nodes[0].address())];
    RedisConfig::new(RedisServers::Cluster { nodes })
}

/// The same servers, seen by a client that a network knows by this name.
pub(crate) fn named(mut config: RedisConfig, name: &str) -> RedisConfig {
    let login = (Some(name.to_owned()), StorePassword::new("any".to_owned()));
    if let RedisServers::Sentinel {
        username, password, ..
    } = &mut config.servers
    {
        (*username, *password) = (login.0.clone(), Some(login.1.clone()));
    }
    (config.username, config.password) = (login.0, Some(login.1));
    config
}

/// Increments that a server has made, as long as it says that it is a primary.
pub(crate) fn changes_as_primary(redis: &Redis) -> Option<u64> {
    let info = blocking(|| redis.ask(&["info", "everything"]));
    let mut lines = info.lines().map(str::trim);
    let is_primary = lines.any(|line| line == "role:master");
    let calls = lines.find_map(|line| line.strip_prefix("cmdstat_incrby:calls="));
    let calls = calls.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap());
    is_primary.then_some(calls)
}

/// A store that has not connected yet.
pub(crate) fn store(config: &RedisConfig) -> Arc<dyn Store> {
    Arc::new(RedisStore::new(config).unwrap())
}

/// A key without a tag.
pub(crate) fn key(name: &str) -> Key {
    Key::new("test", name)
}

/// Why it failed.
pub(crate) fn why<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Unavailable(why)) => why,
        other => panic!("no outage: {other:?}"),
    }
}

/// The number of a reply.
pub(crate) fn integer(reply: Reply) -> i64 {
    match reply {
        Reply::Integer(number) => number,
        other => panic!("no number: {other:?}"),
    }
}

/// Calls of the harness wait: other tasks go on meanwhile.
pub(crate) fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

/// Asks again and again until the answer is yes; fails after a minute.
pub(crate) async fn eventually(what: &str, mut asked: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !asked().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let limit = Duration::from_secs(60);
    tokio::time::timeout(limit, waiting)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"));
}

/// Counts up in several tasks, each with a key of its own, until it is ended.
pub(crate) struct Load {
    counts: Arc<Counts>,
    keys: Vec<Key>,
    tasks: JoinSet<()>,
}

#[derive(Default)]
struct Counts {
    ended: AtomicBool,
    acknowledged: AtomicU64,
    failed: AtomicU64,
}

/// What a load was told, and what is there.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Increments that the store promised.
    pub(crate) acknowledged: u64,
    /// Increments that failed, done or not.
    pub(crate) failed: u64,
    /// The sum of the counters.
    pub(crate) found: u64,
}

impl Load {
    /// So many tasks, at some hundred increments a second each.
    pub(crate) fn start(store: &Arc<dyn Store>, tasks: usize) -> Self {
        Self::on(
            store,
            (0..tasks).map(|number| key(&format!("load {number}"))),
        )
    }

    /// A task for each of these keys.
    pub(crate) fn on(store: &Arc<dyn Store>, keys: impl IntoIterator<Item = Key>) -> Self {
        let counts = Arc::new(Counts::default());
        let keys: Vec<Key> = keys.into_iter().collect();
        let mut set = JoinSet::new();
        for key in keys.clone() {
            let (store, counts) = (store.clone(), counts.clone());
            set.spawn(async move {
                while !counts.ended.load(SeqCst) {
                    let counted = store.increment(key.clone(), 1, None).await;
                    let count = match counted {
                        Ok(_) => &counts.acknowledged,
                        Err(_) => &counts.failed,
                    };
                    count.fetch_add(1, SeqCst);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            });
        }
        Self {
            counts,
            keys,
            tasks: set,
        }
    }

    /// Increments that were promised so far.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.counts.acknowledged.load(SeqCst)
    }

    /// Waits until so many more have been promised.
    pub(crate) async fn more(&self, increments: u64) {
        let goal = self.acknowledged() + increments;
        eventually("the load goes on", async || self.acknowledged() >= goal).await;
    }

    /// Waits until so many more have failed.
    pub(crate) async fn more_failures(&self, increments: u64) {
        let failed = || self.counts.failed.load(SeqCst);
        let goal = failed() + increments;
        eventually("the load fails", async || failed() >= goal).await;
    }

    /// Ends it and compares with what the store has.
    pub(crate) async fn end(mut self, store: &Arc<dyn Store>) -> Outcome {
        self.counts.ended.store(true, SeqCst);
        while self.tasks.join_next().await.is_some() {}
        let mut found = 0;
        for key in self.keys {
            if let Some(text) = store.get(key).await.unwrap() {
                found += String::from_utf8(text).unwrap().parse::<u64>().unwrap();
            }
        }
        Outcome {
            acknowledged: self.counts.acknowledged.load(SeqCst),
            failed: self.counts.failed.load(SeqCst),
            found,
        }
    }
}

impl Outcome {
    /// Nothing that was promised is lost, and nothing was done twice.
    pub(crate) fn assert_exact(&self) {
        let most = self.acknowledged + self.failed;
        let range = self.acknowledged..=most;
        assert!(range.contains(&self.found), "{self:?}");
    }
}
