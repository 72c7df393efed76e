//! A primary that is cut off and lives on: it believes to be the primary, and those on its side reach it.
//!
//! On its side is a store of ours under load (`near`), and on the side of the majority another (`far`). The
//! servers have what host/CONFIGURATION.md says that they need.

use bulkhead::{config::RedisConfig, store::Key};
use bulkhead_harness::{Network, Redis, RedisCluster, RedisSentinels};

use crate::support::{
    Load, address, behind_sentinels, blocking, changes_as_primary, clustered, eventually, key,
    named, store, why,
};

/// A primary without a replica that has answered lately takes no changes.
const SERVERS: [&str; 2] = ["min-replicas-to-write 1", "min-replicas-max-lag 2"];

fn keys(begin: &str, count: usize) -> Vec<Key> {
    (0..count)
        .map(|number| key(&format!("{begin} {number}")))
        .collect()
}

/// Heals the network, and watches the old primary until it no longer says that it is one: it makes no change.
async fn heal_and_watch(network: &Network, redis: &Redis) {
    let before = changes_as_primary(redis).expect("it says that it is a primary");
    network.heal();
    eventually("it gives up", async || match changes_as_primary(redis) {
        Some(now) => {
            assert_eq!(now, before, "a change was made on the old primary");
            false
        }
        None => true,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_promised_is_lost_on_either_side_of_sentinels_that_are_cut_apart() {
    let network = Network::new();
    let all = blocking(|| RedisSentinels::start_on(&network, 2, &SERVERS));
    let mut config = behind_sentinels(&all);
    config.min_replicas = 1;
    let (near, far) = (
        store(&named(config.clone(), "near")),
        store(&named(config, "far")),
    );
    let (near_load, far_load) = (
        Load::on(&near, keys("near", 4)),
        Load::on(&far, keys("far", 4)),
    );
    near_load.more(100).await;
    far_load.more(100).await;
    let before = blocking(|| all.primary_port());
    let is_primary = |server: &Redis| server.link().port() == before;
    let number = all.servers.iter().position(is_primary).unwrap();
    let old = &all.servers[number];

    network.split(&[&format!("data {number}"), "sentinel 0", "near"]);
    blocking(|| all.await_change(1, before));
    far_load.more(100).await;
    // The old primary believes in itself, and refuses all the same.
    assert_eq!(
        blocking(|| all.sentinels[0].ask(&["sentinel", "get-master-addr-by-name", "mymaster"])),
        format!("127.0.0.1\n{before}")
    );
    eventually("it has noticed", async || {
        blocking(|| old.ask(&["set", "k", "v"])).contains("NOREPLICAS")
    })
    .await;
    let promised = near_load.acknowledged();
    near_load.more_failures(4).await;
    why(near.increment(key("new"), 1, None).await);
    why(near.check().await);
    assert_eq!(near_load.acknowledged(), promised);
    // What is read there is what was there when the line was cut.
    far.set(key("news"), b"of the majority".to_vec(), None)
        .await
        .unwrap();
    assert_eq!(near.get(key("news")).await, Ok(None));

    heal_and_watch(&network, old).await;
    for load in [&near_load, &far_load] {
        load.more(100).await;
    }
    assert_ne!(blocking(|| all.primary_port()), before);
    // Each finds what the other one was promised.
    near_load.end(&far).await.assert_exact();
    far_load.end(&near).await.assert_exact();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_promised_is_lost_on_either_side_of_a_cluster_and_other_slots_go_on() {
    let network = Network::new();
    let options = [&SERVERS[..], &["cluster-require-full-coverage no"]].concat();
    let cluster = blocking(|| RedisCluster::start_on(&network, 2, &options));
    let mut config = clustered(&cluster);
    config.min_replicas = 1;
    let (near, far) = (
        store(&named(config.clone(), "near")),
        store(&named(config, "far")),
    );
    // The first third of the slots is the first node's, or its successor's.
    let slot = |key: &Key| {
        let name = format!("bulkhead:test::{}", String::from_utf8_lossy(&key.name));
        let answer = cluster.nodes[0].ask(&["cluster", "keyslot", &name]);
        answer.parse::<u16>().unwrap()
    };
    let is_cut_off = |key: &Key| slot(key) <= 5460;
    let (cut_off, others): (Vec<Key>, Vec<Key>) =
        blocking(|| keys("key", 60).into_iter().partition(is_cut_off));
    let cut_off_slot = blocking(|| slot(&cut_off[0]));
    let near_load = Load::on(&near, cut_off[..4].to_vec());
    let far_load = Load::on(&far, cut_off[4..8].to_vec());
    let others_load = Load::on(&far, others[..8].to_vec());
    for load in [&near_load, &far_load, &others_load] {
        load.more(100).await;
    }
    let number = blocking(|| cluster.owner(cut_off_slot)).unwrap();
    let old = &cluster.nodes[number];

    network.split(&[&format!("node {number}"), "near"]);
    others_load.more(100).await;
    blocking(|| cluster.await_other_owner(cut_off_slot, number));
    far_load.more(100).await;
    others_load.more(100).await;
    eventually("it has noticed", async || {
        blocking(|| old.ask(&["cluster", "info"])).contains("cluster_state:fail")
    })
    .await;
    let promised = near_load.acknowledged();
    near_load.more_failures(4).await;
    for key in [&cut_off[9], &others[9]] {
        why(near.increment(key.clone(), 1, None).await);
        why(near.get(key.clone()).await);
    }
    assert_eq!(near_load.acknowledged(), promised);

    heal_and_watch(&network, old).await;
    for load in [&near_load, &far_load, &others_load] {
        load.more(100).await;
    }
    near_load.end(&far).await.assert_exact();
    far_load.end(&near).await.assert_exact();
    others_load.end(&near).await.assert_exact();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_but_not_answered_is_not_done_again() {
    let (redis, network) = (Redis::start(), Network::new());
    let link = network.link("redis", redis.address());
    let store = store(&RedisConfig::standalone(address(link)));
    let load = Load::start(&store, 8);
    for _ in 0..3 {
        load.more(100).await;
        // What is asked arrives, and no answer comes back.
        let done = || changes_as_primary(&redis).unwrap();
        let before = done();
        network.cut("redis", Network::STRANGER);
        load.more_failures(8).await;
        assert!(done() > before);
        network.heal();
    }
    load.more(100).await;
    load.end(&store).await.assert_exact();
}
