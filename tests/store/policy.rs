//! What holds while Redis is away: temporary failures, or a store in memory that takes over. Visible in
//! health and metrics of the running server.

use std::{sync::Arc, time::Duration};

use bulkhead::store::{Call, Limits, Procedure, Reply, Standby, Store};
use bulkhead_harness::{Bulkhead, Policy, Redis, RedisSetup, http::Request};

use crate::support::{blocking, eventually, integer, key, single};

/// Counts up.
static COUNT: Procedure = Procedure {
    name: "count",
    lua: "return redis.call('INCR', KEYS[1])",
    native: |data, keys, _| {
        data.run(bulkhead::store::Command::Increment {
            key: keys[0].clone(),
            by: 1,
            ttl: None,
        })
    },
};

fn standby(redis: &Redis) -> Arc<dyn Store> {
    let mut config = single(redis);
    config.operation_timeout = Duration::from_secs(1);
    config.read_timeout = Duration::from_millis(300);
    config.write_timeout = Duration::from_millis(300);
    let redis = bulkhead::store::RedisStore::new(&config).unwrap();
    Arc::new(Standby::new(redis, Limits::default()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_memory_takes_over_until_redis_is_back() {
    let mut redis = RedisSetup::new().option("appendonly yes").start();
    let store = standby(&redis);
    let is_local = || store.numbers().unwrap().local;
    for sum in 1..=3 {
        assert_eq!(store.increment(key("n"), 1, None).await, Ok(sum));
    }
    assert!(!is_local());

    blocking(|| redis.kill());
    for sum in 1..=2 {
        assert_eq!(store.increment(key("n"), 1, None).await, Ok(sum));
    }
    let count: Reply = store.call(&COUNT, vec![key("n")], vec![]).await.unwrap();
    assert_eq!(integer(count), 3);
    let mut messages = store.subscribe("news");
    store.publish("news", b"hello".to_vec()).await.unwrap();
    assert_eq!(messages.message().await, Some(b"hello".to_vec()));
    assert_eq!(store.check().await, Ok(()));
    assert!(is_local());

    blocking(|| redis.start_again());
    eventually("Redis is used again", async || !is_local()).await;
    assert_eq!(store.increment(key("n"), 1, None).await, Ok(4));
    let numbers = store.numbers().unwrap();
    assert_eq!((numbers.outages, numbers.local_operations), (1, 5));

    // The next outage begins with nothing; what is asked side by side is all done here.
    blocking(|| redis.kill());
    let calls = ["n", "m", "n"].map(|name| Call {
        procedure: &COUNT,
        keys: vec![key(name)],
        arguments: Vec::new(),
    });
    let counts = store.call_all(calls.to_vec()).await.into_iter();
    let mut counts: Vec<_> = counts.map(|count| integer(count.unwrap())).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 1, 2]);
    assert_eq!(store.numbers().unwrap().outages, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stays_while_redis_takes_no_changes() {
    let redis = RedisSetup::new()
        .option("maxmemory-policy noeviction")
        .start();
    let store = standby(&redis);
    assert_eq!(store.increment(key("n"), 5, None).await, Ok(5));
    let used = redis.info("used_memory").unwrap();
    blocking(|| redis.ask(&["config", "set", "maxmemory", &used]));
    assert_eq!(store.increment(key("n"), 1, None).await, Ok(1));
    // It can be read, but it would tell another story.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(store.get(key("n")).await, Ok(Some(b"1".to_vec())));
    blocking(|| redis.ask(&["config", "set", "maxmemory", "0"]));
    eventually("Redis is used again", async || {
        store.get(key("n")).await == Ok(Some(b"5".to_vec()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_ask_at_the_same_time_are_answered_by_one_store() {
    let redis = Redis::start();
    let store = standby(&redis);
    assert_eq!(store.get(key("n")).await, Ok(None));
    redis.pause();
    let many = (0..100).map(|_| store.increment(key("n"), 1, None));
    let mut sums: Vec<_> = futures_util::future::join_all(many)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    sums.sort_unstable();
    assert_eq!(sums, (1..=100).collect::<Vec<_>>());
    redis.resume();
}

fn serve(redis: &Redis, on_outage: &str) -> Bulkhead {
    let configuration = r#"
server:
  listen: {listen}
store:
  kind: redis
  redis:
    primary: { address: "{redis}" }
    operation_timeout: 500ms
    read_timeout: 200ms
    write_timeout: 200ms
    on_outage: {on_outage}
pipeline:
  backends: [{ name: users, script: backend.lua }]
plugins:
  users: { grants: { password: true } }
"#;
    let configuration = configuration
        .replace("{redis}", &redis.address().to_string())
        .replace("{on_outage}", on_outage);
    let backend = r#"
function nauthilus_backend_verify_password(request)
  return nauthilus_builtin.BACKEND_RESULT_FAIL
end
"#;
    let policy = Policy::new(&configuration).file("backend.lua", backend);
    Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy)
}

/// Status of the response, of the whole, and the check of the store.
fn health(server: &Bulkhead) -> (u16, String, serde_json::Value) {
    let response = server.send(&Request::new("GET", "/healthz"));
    let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    let status = body["status"].as_str().unwrap().to_owned();
    (response.status, status, body["checks"]["store"].clone())
}

/// The value of a series.
fn metric(server: &Bulkhead, series: &str) -> Option<f64> {
    let response = server.send(&Request::new("GET", "/metrics"));
    let page = String::from_utf8(response.body).unwrap();
    let mut lines = page.lines();
    let value = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    Some(value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_tell_of_an_outage_that_fails_temporarily() {
    let mut redis = Redis::start();
    let server = blocking(|| serve(&redis, "tempfail"));
    let state = || blocking(|| health(&server));
    let (status, word, check) = state();
    assert_eq!((status, word.as_str()), (200, "ok"), "{check}");
    let writes = || blocking(|| metric(&server, "redis_write_total")).unwrap();
    assert!(writes() >= 1.0);
    blocking(|| redis.kill());
    eventually("health tells", async || {
        let (status, word, check) = state();
        (status, word.as_str()) == (503, "error") && check["status"] == "error"
    })
    .await;
    let failures = "bulkhead_store_errors_total{operation=\"check\"}";
    assert!(blocking(|| metric(&server, failures)).unwrap() >= 1.0);
    let local = || blocking(|| metric(&server, "bulkhead_store_local"));
    assert_eq!(local(), Some(0.0));
    blocking(|| redis.start_again());
    eventually("health tells", async || state().1 == "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_tell_of_a_store_in_memory_that_stands_in() {
    let mut redis = Redis::start();
    let server = blocking(|| serve(&redis, "local"));
    let state = || blocking(|| health(&server));
    assert_eq!(state().1, "ok");
    blocking(|| redis.kill());
    eventually("health tells", async || {
        let (status, word, check) = state();
        (status, word.as_str()) == (200, "degraded") && check["meta"]["local"] == true
    })
    .await;
    let number = |series: &str| blocking(|| metric(&server, series));
    assert_eq!(number("bulkhead_store_local"), Some(1.0));
    assert_eq!(number("bulkhead_store_outages_total"), Some(1.0));
    blocking(|| redis.start_again());
    eventually("health tells", async || state().1 == "ok").await;
    assert_eq!(number("bulkhead_store_local"), Some(0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_while_redis_is_away() {
    let mut redis = Redis::start();
    blocking(|| redis.kill());
    let server = blocking(|| serve(&redis, "tempfail"));
    let state = || blocking(|| health(&server));
    assert_eq!(state().0, 503);
    blocking(|| redis.start_again());
    eventually("it is found", async || state().0 == 200).await;
}
