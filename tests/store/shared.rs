//! Several Bulkhead servers on one Redis.

use std::{sync::Arc, time::Duration};

use bulkhead::store::{Remaining, Store};
use bulkhead_harness::{Redis, RedisSetup};
use tokio::task::JoinSet;

use crate::support::{Load, blocking, key, single, store};

#[tokio::test(flavor = "multi_thread")]
async fn nodes_count_together() {
    let redis = Redis::start();
    let nodes: Vec<Arc<dyn Store>> = (0..4).map(|_| store(&single(&redis))).collect();
    let mut logins = JoinSet::new();
    for number in 0..1000 {
        let node = nodes[number % nodes.len()].clone();
        logins.spawn(async move { node.increment(key("attempts"), 1, None).await.unwrap() });
    }
    let mut sums = logins.join_all().await;
    sums.sort_unstable();
    assert_eq!(sums, (1..=1000).collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_promised_stays_when_it_dies() {
    let mut redis = RedisSetup::new()
        .option("appendonly yes")
        .option("appendfsync always")
        .start();
    let (first, second) = (store(&single(&redis)), store(&single(&redis)));
    let hour = Duration::from_secs(3600);
    first
        .set(key("ban"), b"1".to_vec(), Some(hour))
        .await
        .unwrap();
    let load = Load::start(&first, 4);
    load.more(50).await;
    drop(first);
    assert_eq!(second.get(key("ban")).await, Ok(Some(b"1".to_vec())));
    load.end(&second).await.assert_exact();
    // Nor when Redis dies afterwards.
    blocking(|| redis.kill());
    blocking(|| redis.start_again());
    assert_eq!(second.get(key("ban")).await, Ok(Some(b"1".to_vec())));
    let left = second.time_to_live(key("ban")).await.unwrap();
    assert!(matches!(left, Remaining::For(left) if left <= hour));
}
