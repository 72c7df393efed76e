//! One server: restarts, hangs, lost scripts, full memory, and what it costs.

use std::time::{Duration, Instant};

use bulkhead::store::{Call, Command, Procedure, Reply, StoreError, When};
use bulkhead_harness::{Redis, RedisSetup};

use crate::support::{Load, blocking, eventually, integer, key, single, store, why};

const SECOND: Duration = Duration::from_secs(1);

/// Counts up by the argument.
static COUNT: Procedure = Procedure {
    name: "count",
    lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])",
    native: |_, _, _| Ok(Reply::Nothing),
};

fn set(name: &str, value: &[u8]) -> Command {
    Command::Set {
        key: key(name),
        value: value.to_vec(),
        ttl: None,
        when: When::Always,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_under_load_loses_nothing_that_was_promised() {
    let mut redis = RedisSetup::new()
        .option("appendonly yes")
        .option("appendfsync always")
        .start();
    let store = store(&single(&redis));
    let load = Load::start(&store, 8);
    for _ in 0..3 {
        load.more(100).await;
        blocking(|| redis.kill());
        blocking(|| redis.start_again());
    }
    load.more(100).await;
    let outcome = load.end(&store).await;
    outcome.assert_exact();
    assert!(outcome.acknowledged > 400, "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_restart_goes_unnoticed_by_whoever_only_reads() {
    let mut redis = RedisSetup::new().option("appendonly yes").start();
    let store = store(&single(&redis));
    store.set(key("k"), b"v".to_vec(), None).await.unwrap();
    blocking(|| redis.kill());
    let reader = tokio::spawn({
        let store = store.clone();
        async move { store.get(key("k")).await }
    });
    blocking(|| redis.start_again());
    assert_eq!(reader.await.unwrap(), Ok(Some(b"v".to_vec())));
    assert!(store.numbers().unwrap().retries > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_done_is_not_done_again() {
    let redis = Redis::start();
    let mut config = single(&redis);
    config.write_timeout = SECOND / 5;
    let store = store(&config);
    store.increment(key("n"), 1, None).await.unwrap();
    redis.pause();
    let started = Instant::now();
    let text = why(store.increment(key("n"), 10, None).await);
    assert!(text.contains("did not answer within 200 ms"), "{text}");
    assert!(started.elapsed() < 2 * SECOND, "{:?}", started.elapsed());
    redis.resume();
    // The question was under way: Redis answers it to nobody.
    eventually("the sum", async || {
        store.get(key("n")).await == Ok(Some(b"11".to_vec()))
    })
    .await;
    assert_eq!(store.increment(key("n"), 0, None).await, Ok(11));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_ends_in_its_time_and_an_outage_soon_costs_nothing() {
    let redis = Redis::start();
    let mut config = single(&redis);
    config.read_timeout = SECOND / 5;
    config.dial_timeout = SECOND / 2;
    config.operation_timeout = SECOND;
    config.pool_size = 1;
    let store = store(&config);
    assert_eq!(store.get(key("k")).await, Ok(None));
    redis.pause();
    let started = Instant::now();
    why(store.get(key("k")).await);
    let took = started.elapsed();
    assert!(took < 2 * SECOND, "{took:?}");
    // Somebody tries to connect now and then; the others learn at once that it is in vain.
    let started = Instant::now();
    let mut quick = 0;
    while started.elapsed() < 2 * SECOND {
        let asked = Instant::now();
        why(store.get(key("k")).await);
        quick += u32::from(asked.elapsed() < SECOND / 10);
        tokio::time::sleep(SECOND / 100).await;
    }
    assert!(quick > 20, "{quick}");
    redis.resume();
    eventually("it works again", async || {
        store.get(key("k")).await == Ok(None)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_later_is_found() {
    let mut redis = Redis::start();
    blocking(|| redis.kill());
    let store = store(&single(&redis));
    let text = why(store.get(key("k")).await);
    assert!(text.contains("cannot be reached"), "{text}");
    assert!(store.check().await.is_err());
    blocking(|| redis.start_again());
    eventually("it is found", async || store.check().await.is_ok()).await;
    assert_eq!(store.get(key("k")).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_the_server_lost_are_sent_again() {
    let redis = Redis::start();
    let store = store(&single(&redis));
    let count = async || {
        let counted = store.call(&COUNT, vec![key("n")], vec![b"2".to_vec()]);
        integer(counted.await.unwrap())
    };
    assert_eq!(count().await, 2);
    assert_eq!(count().await, 4);
    blocking(|| redis.ask(&["script", "flush"]));
    assert_eq!(count().await, 6);
    let numbers = store.numbers().unwrap();
    // The first call, and the one after the loss, take two.
    assert_eq!(numbers.round_trips, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_and_procedures_take_one_round_trip() {
    let redis = Redis::start();
    let store = store(&single(&redis));
    let trips = async || store.numbers().unwrap().round_trips;
    let commands = (0..1000).map(|number| set(&number.to_string(), b"v"));
    let replies = store.run(commands.collect()).await.unwrap();
    assert_eq!(replies, vec![Reply::Done; 1000]);
    assert_eq!(trips().await, 1);
    let arguments = vec![b"1".to_vec()];
    store
        .call(&COUNT, vec![key("n")], arguments.clone())
        .await
        .unwrap();
    let before = trips().await;
    store
        .call(&COUNT, vec![key("n")], arguments.clone())
        .await
        .unwrap();
    assert_eq!(trips().await - before, 1);
    // Several procedures side by side are waited for once.
    let calls = ["a", "b", "c"].map(|name| Call {
        procedure: &COUNT,
        keys: vec![key(name)],
        arguments: arguments.clone(),
    });
    let before = trips().await;
    let replies = store.call_all(calls.to_vec()).await;
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
    assert_eq!(trips().await - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_memory_fails_changes_and_lets_read() {
    let redis = RedisSetup::new()
        .option("maxmemory-policy noeviction")
        .start();
    let store = store(&single(&redis));
    store.set(key("k"), b"v".to_vec(), None).await.unwrap();
    let used = redis.info("used_memory").unwrap();
    blocking(|| redis.ask(&["config", "set", "maxmemory", &used]));
    for text in [
        why(store.set(key("l"), b"w".to_vec(), None).await),
        why(store.increment(key("n"), 1, None).await),
        why(store.run(vec![set("l", b"w"), set("m", b"w")]).await),
        why(store
            .call(&COUNT, vec![key("n")], vec![b"1".to_vec()])
            .await),
        why(store.check().await),
    ] {
        assert!(text.contains("OOM") && text.contains("maxmemory"), "{text}");
    }
    assert_eq!(store.get(key("k")).await, Ok(Some(b"v".to_vec())));
    assert_eq!(store.get(key("l")).await, Ok(None));
    blocking(|| redis.ask(&["config", "set", "maxmemory", "0"]));
    assert_eq!(store.increment(key("n"), 1, None).await, Ok(1));
    assert_eq!(store.check().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_and_operations_have_their_limits() {
    let redis = Redis::start();
    let mut config = single(&redis);
    (config.pool_size, config.concurrency) = (3, 8);
    config.pool_timeout = SECOND / 10;
    let store = store(&config);
    let many = (0..500).map(|_| store.increment(key("n"), 1, None));
    let done = futures_util::future::join_all(many).await;
    assert!(done.iter().all(Result::is_ok));
    eventually("all connections", async || {
        store.numbers().unwrap().open == 3
    })
    .await;
    let numbers = store.numbers().unwrap();
    assert_eq!(
        (numbers.connected, numbers.capacity, numbers.in_use),
        (3, 8, 0)
    );
    // One more for the question itself.
    assert_eq!(redis.info("connected_clients"), Some("4".to_owned()));

    redis.pause();
    let nine = (0..9).map(|_| store.get(key("n")));
    let done = futures_util::future::join_all(nine).await;
    let refused = done.into_iter().map(why);
    let refused = refused.filter(|text| text.contains("`store.redis.concurrency`"));
    assert_eq!(refused.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_server_closed_is_replaced() {
    let redis = Redis::start();
    let store = store(&single(&redis));
    for _ in 0..20 {
        store.increment(key("n"), 1, None).await.unwrap();
        blocking(|| redis.ask(&["client", "kill", "type", "normal"]));
        // The end of a connection is noticed as soon as it has arrived.
        eventually("it is closed", async || store.numbers().unwrap().open == 0).await;
    }
    assert_eq!(store.increment(key("n"), 0, None).await, Ok(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_is_given_up_disturbs_no_other() {
    let redis = Redis::start();
    let mut config = single(&redis);
    config.pool_size = 1;
    let store = store(&config);
    for number in 0..200_u64 {
        let name = number.to_string();
        let written = store.set(key(&name), name.clone().into_bytes(), None);
        let _ = tokio::time::timeout(Duration::from_micros(number * 5), written).await;
        let expected = format!("other {number}").into_bytes();
        store.set(key("o"), expected.clone(), None).await.unwrap();
        assert_eq!(store.get(key("o")).await, Ok(Some(expected)));
    }
    assert_eq!(store.numbers().unwrap().connected, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_the_wrong_kind_is_the_askers_mistake() {
    let redis = Redis::start();
    let store = store(&single(&redis));
    store.set(key("k"), b"text".to_vec(), None).await.unwrap();
    let wrong = store.increment(key("k"), 1, None).await;
    assert_eq!(wrong, Err(StoreError::NotANumber));
    assert_eq!(store.numbers().unwrap().refused, 0);
}
