//! Messages to all who subscribe, on all nodes, over broken connections.

use std::{sync::Arc, time::Duration};

use bulkhead::store::Store;
use bulkhead_harness::{Redis, RedisCluster};
use tokio::sync::broadcast::Receiver;

use crate::support::{blocking, clustered, eventually, single, store};

const MOMENT: Duration = Duration::from_millis(50);

async fn hears(receiver: &mut Receiver<Vec<u8>>, text: &str) -> bool {
    let heard = async {
        loop {
            match receiver.recv().await {
                Ok(message) if message == text.as_bytes() => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    };
    tokio::time::timeout(MOMENT, heard).await.unwrap_or(false)
}

/// Says it until it is heard.
async fn until_heard(from: &Arc<dyn Store>, to: &mut Receiver<Vec<u8>>, text: &str) {
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
        assert_eq!(receiver.recv().await, Ok(b"hello".to_vec()));
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
