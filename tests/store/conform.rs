//! The conformance suite of all stores, on real Redis servers.

// No server's clock is turned.
#[allow(dead_code)]
#[path = "../../host/src/store/conformance/mod.rs"]
mod suite;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

// What the suite finds above itself.
use bulkhead::config::RedisConfig;
use bulkhead::store::{
    Bound, Call, Command, Data, HashCommand, Key, Limits, ListCommand, Procedure, RedisStore,
    Remaining, Reply, SetCommand, Side, SortedCommand, Standby, Store, StoreError, Subscription,
    When,
};
use bulkhead_harness::{Redis, RedisCluster, RedisSentinels};
use proptest::test_runner::{Config as ProptestConfig, TestRunner};

use self::suite::{Subject, Time};
use crate::support::{behind_sentinels, blocking, clustered, single};

/// A store with a prefix of its own, so that it has no keys yet.
fn fresh(config: &RedisConfig, limits: Limits) -> RedisStore {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut config = config.clone();
    config.prefix = format!("{}:", NEXT.fetch_add(1, SeqCst));
    RedisStore::new(&config).unwrap().with_limits(limits)
}

fn subject(store: impl Store + 'static) -> Subject {
    Subject {
        store: Arc::new(store),
        time: Time::Real,
    }
}

async fn conforms(config: &RedisConfig) {
    // What the stores of this process refuse, this one refuses too.
    suite::run_all_in_process(|| async { subject(fresh(config, Limits::default())) }).await;
    let low = suite::low_limits();
    suite::limits(&subject(fresh(config, low)), &low).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_conforms() {
    let redis = Redis::start();
    conforms(&single(&redis)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_behind_sentinels_conforms() {
    let all = blocking(|| RedisSentinels::start(1));
    conforms(&behind_sentinels(&all)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_conforms() {
    let cluster = blocking(|| RedisCluster::start(0));
    conforms(&clustered(&cluster)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_with_a_substitute_conforms() {
    let redis = Redis::start();
    let config = single(&redis);
    let limits = Limits::default();
    suite::run_all(|| async { subject(Standby::new(fresh(&config, limits), limits)) }).await;
}

/// So the model, to which the stores of this process are held, is Redis.
#[test]
fn random_histories_agree_with_the_model() {
    let redis = Redis::start();
    let config = single(&redis);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(300));
    let agrees = runner.run(&suite::histories(false), |history| {
        runtime.block_on(async {
            let subject = subject(fresh(&config, Limits::default()));
            suite::agrees_with_the_model(&subject, &history).await;
        });
        Ok(())
    });
    agrees.unwrap();
}
