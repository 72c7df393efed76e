//! A primary with replicas: who answers what, and what counts as made.

use std::time::Duration;

use bulkhead::config::{RedisConfig, RedisServers};
use bulkhead_harness::{Redis, RedisSetup};

use crate::support::{address, blocking, eventually, key, store, why};

fn pair() -> (Redis, Redis) {
    let primary = Redis::start();
    let port = primary.address().port();
    let replica = RedisSetup::new()
        .option(&format!("replicaof 127.0.0.1 {port}"))
        .start();
    let up = bulkhead_harness::wait::until(Duration::from_secs(30), || {
        replica.info("master_link_status").as_deref() == Some("up")
    });
    assert!(up, "the replica does not follow");
    (primary, replica)
}

fn config(primary: &Redis, replica: &Redis) -> RedisConfig {
    RedisConfig::new(RedisServers::Standalone {
        primary: address(primary.address()),
        replicas: vec![address(replica.address())],
    })
}

fn count(redis: &Redis, command: &str) -> u32 {
    let line = redis
        .info(&format!("cmdstat_{command}"))
        .unwrap_or_default();
    let calls = line
        .strip_prefix("calls=")
        .and_then(|rest| rest.split_once(','));
    calls.map_or(0, |(calls, _)| calls.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_answer_what_only_reads_if_they_may() {
    let (primary, mut replica) = blocking(pair);
    let mut config = config(&primary, &replica);
    store(&config).get(key("k")).await.unwrap();
    assert_eq!((count(&primary, "get"), count(&replica, "get")), (1, 0));

    config.read_from_replicas = true;
    let store = store(&config);
    store.set(key("k"), b"v".to_vec(), None).await.unwrap();
    eventually("the replica has it", async || {
        store.get(key("k")).await == Ok(Some(b"v".to_vec()))
    })
    .await;
    assert_eq!(count(&primary, "get"), 1);
    assert!(count(&replica, "get") > 0);

    // Without replicas the primary answers, and nobody waits long.
    blocking(|| replica.kill());
    for _ in 0..3 {
        assert_eq!(store.get(key("k")).await, Ok(Some(b"v".to_vec())));
    }
    assert!(count(&primary, "get") >= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_as_made_when_enough_replicas_have_it() {
    let (primary, replica) = blocking(pair);
    let mut config = config(&primary, &replica);
    config.min_replicas = 1;
    config.write_timeout = Duration::from_millis(400);
    let store = store(&config);
    assert_eq!(store.increment(key("n"), 1, None).await, Ok(1));
    replica.pause();
    let text = why(store.increment(key("n"), 1, None).await);
    assert!(text.contains("only 0 of 1 replicas"), "{text}");
    assert_eq!(
        store.get(key("n")).await,
        Ok(Some(b"2".to_vec())),
        "done once"
    );
    replica.resume();
    eventually("the replica is back", async || {
        store.increment(key("n"), 1, None).await.is_ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_named_as_primary_says_so() {
    let (primary, replica) = blocking(pair);
    let store = store(&config(&replica, &primary));
    let text = why(store.increment(key("n"), 1, None).await);
    assert!(
        text.contains("READONLY") && text.contains("name its primary"),
        "{text}"
    );
}
