//! Messages to all who subscribe, on all nodes, over broken connections.

use std::{sync::Arc, time::Duration};

use bulkhead::store::{Heard, Store, Subscription};
use bulkhead_harness::{Network, Redis, RedisCluster};

use crate::support::{address, blocking, clustered, eventually, single, store};

const MOMENT: Duration = Duration::from_millis(50);

async fn hears(receiver: &mut Subscription, text: &str) -> bool {
    let heard = async {
        while let Some(message) = receiver.message().await {
            if message == text.as_bytes() {
                return true;
            }
        }
        false
    };
    tokio::time::timeout(MOMENT, heard).await.unwrap_or(false)
}

/// Says it until it is heard.
async fn until_heard(from: &Arc<dyn Store>, to: &mut Subscription, text: &str) {
    eventually(text, async || {
        from.publish("news", text.into()).await.is_ok() && hears(to, text).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_subscribed_here_hears_what_is_said_here_next() {
    let redis = Redis::start();
    let store = store(&single(&redis));
    for number in 0..20 {
        let channel = format!("channel {number}");
        let mut receiver = store.subscribe(&channel);
        store.publish(&channel, b"hello".to_vec()).await.unwrap();
        assert_eq!(receiver.message().await, Some(b"hello".to_vec()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_outlive_connections_and_servers() {
    let mut redis = Redis::start();
    let config = single(&redis);
    let (speaker, listener) = (store(&config), store(&config));
    let mut receiver = listener.subscribe("news");
    until_heard(&speaker, &mut receiver, "at first").await;
    blocking(|| redis.ask(&["client", "kill", "type", "pubsub"]));
    until_heard(&speaker, &mut receiver, "after a broken connection").await;
    blocking(|| redis.kill());
    blocking(|| redis.start_again());
    until_heard(&speaker, &mut receiver, "after a restart").await;
}

/// What is heard next, at the latest when a server that vanished must have been noticed.
async fn next(receiver: &mut Subscription) -> Heard {
    let limit = Duration::from_secs(30);
    let heard = tokio::time::timeout(limit, receiver.next()).await;
    heard.expect("something is heard").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_to_a_server_that_vanishes_without_a_word_is_told() {
    let (redis, network) = (Redis::start(), Network::new());
    let mut config = single(&redis);
    let speaker = store(&config);
    let link = network.link("redis", redis.address());
    config.servers = bulkhead::config::RedisConfig::standalone(address(link)).servers;
    let listener = store(&config);
    let mut receiver = listener.subscribe("news");
    assert!(!receiver.hears(), "nothing is confirmed yet");
    assert_eq!(next(&mut receiver).await, Heard::Again);
    assert!(receiver.hears());
    // Who comes later hears at once.
    assert!(listener.subscribe("news").hears());
    for word in ["once", "twice"] {
        network.split(&["redis"]);
        speaker.publish("news", b"missed".to_vec()).await.unwrap();
        assert_eq!(next(&mut receiver).await, Heard::Deaf, "{word}");
        assert!(!receiver.hears() && !listener.subscribe("news").hears());
        assert!(!listener.numbers().unwrap().subscribed);
        network.heal();
        // What Redis sent into the void is not told after the news that something is missing.
        assert_eq!(next(&mut receiver).await, Heard::Again, "{word}");
        speaker.publish("news", word.into()).await.unwrap();
        assert_eq!(next(&mut receiver).await, Heard::Message(word.into()));
    }
    let numbers = listener.numbers().unwrap();
    assert!(
        numbers.subscribed && numbers.subscriptions_lost == 2,
        "{numbers:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_was_left_is_heard_again_by_who_comes_back() {
    let redis = Redis::start();
    let store = store(&single(&redis));
    let mut other = store.subscribe("other");
    assert_eq!(next(&mut other).await, Heard::Again);
    for _ in 0..3 {
        let mut receiver = store.subscribe("news");
        while !receiver.hears() {
            assert_eq!(next(&mut receiver).await, Heard::Again);
        }
        store.publish("news", b"hello".to_vec()).await.unwrap();
        assert_eq!(receiver.message().await, Some(b"hello".to_vec()));
        drop(receiver);
        let channels = || redis.ask(&["pubsub", "channels"]);
        eventually("it is left", async || {
            blocking(channels) == "bulkhead:channel:other"
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_nobody_listens_to_is_left() {
    let redis = Redis::start();
    let store = store(&single(&redis));
    let channels = || redis.ask(&["pubsub", "channels"]);
    let receiver = store.subscribe("news");
    let other = store.subscribe("other");
    eventually("both are subscribed", async || {
        blocking(channels).lines().count() == 2
    })
    .await;
    drop(receiver);
    eventually("one is left", async || {
        blocking(channels) == "bulkhead:channel:other"
    })
    .await;
    drop(other);
    eventually("both are left", async || blocking(channels).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_of_a_cluster_passes_messages_on() {
    let cluster = blocking(|| RedisCluster::start(0));
    let config = clustered(&cluster);
    let speaker = store(&config);
    let listeners: Vec<_> = (0..6).map(|_| store(&config)).collect();
    for listener in &listeners {
        let mut receiver = listener.subscribe("news");
        until_heard(&speaker, &mut receiver, "hello").await;
    }
}
