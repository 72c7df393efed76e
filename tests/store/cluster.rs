//! Cluster: keys on several servers, slots on the move, nodes that die.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bulkhead::store::{Call, Command, Key, Procedure, Reply, Store, When};
use bulkhead_harness::RedisCluster;

use crate::support::{Load, blocking, clustered, eventually, integer, key, store};

/// Counts up both keys; returns the sum.
static BOTH: Procedure = Procedure {
    name: "both",
    lua: "return redis.call('INCR', KEYS[1]) + redis.call('INCR', KEYS[2])",
    native: |_, _, _| Ok(Reply::Nothing),
};

/// Counts up one.
static ADD: Procedure = Procedure {
    name: "add",
    lua: "return redis.call('INCR', KEYS[1])",
    native: |_, _, _| Ok(Reply::Nothing),
};

fn increment(key: Key) -> Command {
    Command::Increment {
        key,
        by: 1,
        ttl: None,
    }
}

fn slot(cluster: &RedisCluster, name: &str) -> u16 {
    let answer = cluster.nodes[0].ask(&["cluster", "keyslot", name]);
    answer.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_spread_and_a_step_may_have_them_all() {
    let cluster = blocking(|| RedisCluster::start(0));
    let store = store(&clustered(&cluster));
    let commands = (0..300).map(|number| Command::Set {
        key: key(&number.to_string()),
        value: number.to_string().into_bytes(),
        ttl: None,
        when: When::Always,
    });
    let replies = store.run(commands.collect()).await.unwrap();
    assert_eq!(replies, vec![Reply::Done; 300]);
    let trips = store.numbers().unwrap().round_trips;
    assert_eq!(trips, 1, "all servers are asked at the same time");
    for node in &cluster.nodes {
        let keys: u32 = node.ask(&["dbsize"]).parse().unwrap();
        assert!(keys > 50, "{keys}");
    }
    let commands = (0..300).map(|number| Command::Get(key(&number.to_string())));
    let replies = store.run(commands.collect()).await.unwrap();
    for (number, reply) in replies.into_iter().enumerate() {
        assert_eq!(reply, Reply::Bytes(number.to_string().into_bytes()));
    }
    // Keys with one tag are together: a step and a procedure have them as one.
    let keys = ["a", "b"].map(|name| Key::tagged("test", "tag {1}", name));
    let replies = store.run(keys.clone().map(increment).to_vec()).await;
    assert_eq!(replies, Ok(vec![Reply::Integer(1); 2]));
    let sum = store.call(&BOTH, keys.to_vec(), vec![]).await.unwrap();
    assert_eq!(integer(sum), 4);
    assert_eq!(store.check().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_dies_under_load_is_replaced() {
    let mut cluster = blocking(|| RedisCluster::start(1));
    let mut config = clustered(&cluster);
    config.min_replicas = 1;
    // The one that is found first dies.
    let store = store(&config);
    let load = Load::start(&store, 16);
    load.more(300).await;
    let owned = (0..16384).step_by(64);
    let slot = owned
        .into_iter()
        .find(|slot| cluster.owner(*slot) == Some(0))
        .unwrap();
    blocking(|| cluster.nodes[0].kill());
    blocking(|| cluster.await_other_owner(slot, 0));
    // The new primary has no replica to confirm: the load on its slots cannot be promised any more.
    blocking(|| cluster.nodes[0].start_again());
    eventually("all take changes again", async || {
        store.check().await.is_ok()
    })
    .await;
    load.more(300).await;
    load.end(&store).await.assert_exact();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_hangs_holds_up_its_own_keys_alone() {
    let cluster = blocking(|| RedisCluster::start(0));
    let mut config = clustered(&cluster);
    config.operation_timeout = Duration::from_secs(1);
    config.read_timeout = Duration::from_millis(200);
    config.write_timeout = Duration::from_millis(200);
    // Others go on although the cluster lacks a primary.
    for node in &cluster.nodes {
        node.ask(&["config", "set", "cluster-require-full-coverage", "no"]);
    }
    let store = store(&config);
    let own = |node: usize| {
        let names = (0..).map(|number: u32| number.to_string());
        let mut names = names.filter(|name| {
            cluster.owner(slot(&cluster, &format!("bulkhead:test::{name}"))) == Some(node)
        });
        names.next().unwrap()
    };
    let (hanging, well) = blocking(|| (own(2), own(1)));
    assert_eq!(store.increment(key(&hanging), 1, None).await, Ok(1));
    cluster.nodes[2].pause();
    assert!(store.increment(key(&hanging), 1, None).await.is_err());
    for sum in 1..=100 {
        assert_eq!(store.increment(key(&well), 1, None).await, Ok(sum));
    }
    // Of what is asked side by side the others' part is done.
    let calls = [&well, &hanging, &well].map(|name| Call {
        procedure: &ADD,
        keys: vec![key(name)],
        arguments: Vec::new(),
    });
    let [one, lost, other] = store.call_all(calls.to_vec()).await.try_into().unwrap();
    let mut sums = [integer(one.unwrap()), integer(other.unwrap())];
    sums.sort_unstable();
    assert_eq!(sums, [101, 102]);
    assert!(lost.is_err(), "{lost:?}");
    assert!(store.check().await.is_err(), "health speaks of all");
    cluster.nodes[2].resume();
    eventually("it works again", async || store.check().await.is_ok()).await;
    assert!(store.increment(key(&hanging), 1, None).await.is_ok());
}

/// Moves a slot in the way of `redis-cli --cluster reshard`; `midway` runs when half of the keys are moved.
async fn migrate(cluster: &RedisCluster, slot: u16, to: usize, midway: impl AsyncFnOnce()) {
    let from = cluster.owner(slot).unwrap();
    let (from_id, to_id) = (cluster.id(from), cluster.id(to));
    let (source, target) = (&cluster.nodes[from], &cluster.nodes[to]);
    let text = slot.to_string();
    blocking(|| {
        target.ask(&["cluster", "setslot", &text, "importing", &from_id]);
        source.ask(&["cluster", "setslot", &text, "migrating", &to_id]);
    });
    let port = target.address().port().to_string();
    let move_keys = |count: usize| {
        let keys = source.ask(&["cluster", "getkeysinslot", &text, &count.to_string()]);
        for name in keys.lines() {
            let moved = source.ask(&["migrate", "127.0.0.1", &port, name, "0", "5000"]);
            assert_eq!(moved, "OK");
        }
        keys.lines().count()
    };
    blocking(|| assert!(move_keys(2) > 0));
    midway().await;
    blocking(|| while move_keys(100) > 0 {});
    blocking(|| {
        for node in [target, source] {
            node.ask(&["cluster", "setslot", &text, "node", &to_id]);
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_moves_without_anybody_noticing() {
    let cluster = blocking(|| RedisCluster::start(0));
    let store = store(&clustered(&cluster));
    let own = |name: &str| Key::tagged("test", "mover", name);
    let names = ["a", "b", "c", "d"];
    for name in names {
        assert_eq!(store.increment(own(name), 1, None).await, Ok(1));
    }
    let slot = blocking(|| slot(&cluster, "{mover}"));
    let from = blocking(|| cluster.owner(slot)).unwrap();
    let load = Load::start(&store, 4);
    migrate(&cluster, slot, (from + 1) % 3, async || {
        // Some keys are here, some are there, new ones are made there.
        for name in names {
            assert_eq!(store.increment(own(name), 1, None).await, Ok(2), "{name}");
            let expected = Ok(Some(b"2".to_vec()));
            assert_eq!(store.get(own(name)).await, expected, "{name}");
        }
        assert_eq!(store.increment(own("new"), 1, None).await, Ok(1));
        let numbers = store.numbers().unwrap();
        assert!(numbers.refused >= 2, "{numbers:?}");
    })
    .await;
    let sums: BTreeSet<i64> = increments(&store, names.map(own)).await;
    assert_eq!(sums, BTreeSet::from([3]));
    load.more(100).await;
    let outcome = load.end(&store).await;
    outcome.assert_exact();
    assert_eq!(outcome.failed, 0);
}

async fn increments(store: &Arc<dyn Store>, keys: [Key; 4]) -> BTreeSet<i64> {
    let replies = store.run(keys.map(increment).to_vec()).await.unwrap();
    replies.into_iter().map(integer).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_keys_are_on_both_sides_waits_until_they_are_together() {
    let cluster = blocking(|| RedisCluster::start(0));
    let store = store(&clustered(&cluster));
    let keys = ["a", "b", "c", "d"].map(|name| Key::tagged("test", "mover", name));
    assert_eq!(increments(&store, keys.clone()).await, BTreeSet::from([1]));
    let slot = blocking(|| slot(&cluster, "{mover}"));
    let from = blocking(|| cluster.owner(slot)).unwrap();
    let (mut step, asked) = (None, store.clone());
    migrate(&cluster, slot, (from + 1) % 3, async || {
        let (store, keys) = (store.clone(), keys.clone());
        step = Some(tokio::spawn(async move { increments(&store, keys).await }));
        eventually("it is tried again", async || {
            asked.numbers().unwrap().retries > 0
        })
        .await;
    })
    .await;
    assert_eq!(step.unwrap().await.unwrap(), BTreeSet::from([2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_of_a_cluster_answer_what_only_reads() {
    let cluster = blocking(|| RedisCluster::start(1));
    let mut config = clustered(&cluster);
    config.read_from_replicas = true;
    let store = store(&config);
    store.set(key("k"), b"v".to_vec(), None).await.unwrap();
    let reads = |range: std::ops::Range<usize>| -> usize {
        let nodes = cluster.nodes[range].iter();
        nodes
            .filter(|node| node.info("cmdstat_get").is_some())
            .count()
    };
    // Nodes do not tell of a replica before they know how far it is.
    eventually("a replica answers", async || {
        store.get(key("k")).await == Ok(Some(b"v".to_vec())) && blocking(|| reads(3..6)) == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_without_some_slots_says_which() {
    let cluster = blocking(|| RedisCluster::start(0));
    for node in &cluster.nodes {
        node.ask(&["config", "set", "cluster-require-full-coverage", "no"]);
    }
    let store = store(&clustered(&cluster));
    assert_eq!(store.check().await, Ok(()));
    for node in &cluster.nodes {
        node.ask(&["cluster", "delslots", "7000"]);
    }
    let mut text = String::new();
    eventually("it is noticed", async || match store.check().await {
        Ok(()) => false,
        Err(error) => {
            text = error.to_string();
            true
        }
    })
    .await;
    assert!(text.contains("has slot 7000"), "{text}");
}
