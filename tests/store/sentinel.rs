//! Sentinel: fail-overs under load.

use std::time::Duration;

use bulkhead_harness::RedisSentinels;

use crate::support::{Load, behind_sentinels, blocking, eventually, key, store, why};

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_dies_under_load_is_replaced_and_nothing_promised_is_lost() {
    let mut all = blocking(|| RedisSentinels::start(2));
    let mut config = behind_sentinels(&all);
    config.min_replicas = 1;
    let store = store(&config);
    let mut news = store.subscribe("news");
    let load = Load::start(&store, 8);
    load.more(200).await;
    let before = all.primary_port();
    blocking(|| all.servers[0].kill());
    blocking(|| all.await_other_primary(before));
    load.more(200).await;
    let outcome = load.end(&store).await;
    outcome.assert_exact();
    eventually("messages come again", async || {
        let _ = store.publish("news", b"hello".to_vec()).await;
        let soon = Duration::from_millis(50);
        tokio::time::timeout(soon, news.message()).await.is_ok()
    })
    .await;

    // The old one comes back as a replica.
    blocking(|| all.servers[0].start_again());
    eventually("all is well", async || store.check().await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_was_cut_off_gets_no_changes_when_it_is_back() {
    let all = blocking(|| RedisSentinels::start(2));
    let mut config = behind_sentinels(&all);
    config.min_replicas = 1;
    let store = store(&config);
    let load = Load::start(&store, 8);
    load.more(200).await;
    let before = all.primary_port();
    all.servers[0].pause();
    blocking(|| all.await_other_primary(before));
    load.more(200).await;
    // It believes that it is the primary until a sentinel tells it otherwise.
    all.servers[0].resume();
    load.more(200).await;
    load.end(&store).await.assert_exact();
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_may_die_but_for_one() {
    let mut all = blocking(|| RedisSentinels::start(1));
    let store = store(&behind_sentinels(&all));
    blocking(|| all.sentinels[0].kill());
    all.sentinels[1].pause();
    assert_eq!(store.increment(key("n"), 1, None).await, Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_the_sentinels_do_not_know_says_what_to_correct() {
    let all = blocking(|| RedisSentinels::start(0));
    let mut config = behind_sentinels(&all);
    if let bulkhead::config::RedisServers::Sentinel { master, .. } = &mut config.servers {
        *master = "other".to_owned();
    }
    let text = why(store(&config).get(key("n")).await);
    assert!(text.contains("`store.redis.sentinels.master`"), "{text}");
}
