//! An administrator has a user forgotten: histories, bans and failures go, wherever the user was seen.

use std::time::Duration;

use bulkhead_harness::{Bulkhead, Redis, RedisCluster, http::Request, wait};
use serde_json::{Value, json};

use super::{
    flushes::delete,
    nodes::{metric, on_redis},
    policy::{HOSTS, banned, fail, is_banned, list, log_in, on_store, server},
};

const PATIENCE: Duration = Duration::from_secs(20);
/// Each wrong password counts.
const STRICT: &str =
    "  buckets: [{name: hosts, ipv4: true, cidr: 32, period: 1h, failed_requests: 5}]
  rwp_allowed_unique_hashes: 0
";

/// So many wrong passwords of a user whom the backend knows.
fn guess(server: &Bulkhead, user: &str, client: &str, times: u32) {
    for _ in 0..times {
        let response = log_in(server, user, "wrong", client);
        assert_eq!(response.status, 403, "{}", server.log());
    }
}

/// The member `result` of the answer.
fn flush(server: &Bulkhead, user: &str) -> Value {
    let response = delete(server, "/api/v1/cache/flush", &json!({"user": user}));
    assert_eq!(response.status, 200, "{}", response.text());
    let answer = response.json();
    assert_eq!(answer["object"], "cache");
    assert_eq!(answer["operation"], "flush");
    answer["result"].clone()
}

/// How many of the keys that are gone begin so.
fn begin(result: &Value, with: &str) -> usize {
    let keys = result["removed_keys"].as_array().unwrap();
    let names = keys.iter().map(|key| key.as_str().unwrap());
    names.filter(|name| name.starts_with(with)).count()
}

fn accounts(server: &Bulkhead) -> Value {
    list(server)[1]["accounts"].clone()
}

#[test]
fn a_user_who_was_locked_out_gets_in_at_once_and_others_stay_where_they_are() {
    let server = server(STRICT);
    guess(&server, "bob", "192.0.2.1", 2);
    guess(&server, "alice", "192.0.2.1", 3);
    guess(&server, "bob", "192.0.2.2", 5);
    for (user, client) in [("alice", "192.0.2.1"), ("bob", "192.0.2.2")] {
        assert_eq!(log_in(&server, user, "right", client).status, 403);
    }
    assert_eq!(banned(&server).len(), 2);
    assert_eq!(
        accounts(&server),
        json!({"alice": ["192.0.2.1"], "bob": ["192.0.2.2"]})
    );

    let result = flush(&server, "alice");
    assert_eq!(result["user"], "alice");
    for (with, keys) in [
        ("bulkhead.brute-force:bucket|hosts|192.0.2.1/32", 1),
        ("bulkhead.brute-force:history|192.0.2.1/32|", 1),
        ("bulkhead.brute-force:accounts|192.0.2.1|alice", 1),
        ("bulkhead.brute-force:addresses", 1),
        ("", 4),
    ] {
        assert_eq!(begin(&result, with), keys, "{with}: {result}");
    }
    assert_eq!(result["status"], "4 keys flushed");

    assert_eq!(log_in(&server, "alice", "right", "192.0.2.1").status, 200);
    // Somebody else's ban, and what another account has seen at the same address.
    assert_eq!(log_in(&server, "bob", "right", "192.0.2.2").status, 403);
    assert_eq!(banned(&server).len(), 1);
    assert_eq!(accounts(&server), json!({"bob": ["192.0.2.2"]}));
    guess(&server, "bob", "192.0.2.1", 1);
    guess(&server, "alice", "192.0.2.1", 1);
    let log = server.log();
    let last = |user: &str| {
        let mut lines = log.lines().rev();
        let line = lines.find(|line| {
            line.contains(&format!("username={user}")) && line.contains("current_password_retries")
        });
        line.unwrap_or_else(|| panic!("{log}")).to_owned()
    };
    assert!(last("bob").contains("current_password_retries=3"), "{log}");
    assert!(
        last("alice").contains("current_password_retries=1"),
        "{log}"
    );

    // The first one is gone for good, the second begins with one failure.
    assert_eq!(flush(&server, "nobody")["status"], "not flushed");
}

#[test]
fn what_was_seen_of_a_user_survives_the_process() {
    let mut server = server(STRICT);
    guess(&server, "alice", "192.0.2.1", 5);
    assert!(is_banned(&server, "192.0.2.1"));
    server.kill();
    server.restart();
    assert_eq!(begin(&flush(&server, "alice"), ""), 4);
    assert!(!is_banned(&server, "192.0.2.1"));
}

#[test]
fn a_user_is_forgotten_in_the_background() {
    let server = server(STRICT);
    guess(&server, "alice", "192.0.2.1", 5);
    assert!(is_banned(&server, "192.0.2.1"));
    let wish = json!({"user": "alice"});
    let response = delete(&server, "/api/v1/cache/flush/async", &wish);
    assert_eq!(response.status, 202);
    let id = response.json()["result"]["jobId"].clone();
    let path = format!("/api/v1/async/jobs/{}", id.as_str().unwrap());
    let job = || server.send(&Request::new("GET", &path)).json()["result"].clone();
    assert!(
        wait::until(PATIENCE, || job()["status"] == "DONE"),
        "{}",
        job()
    );
    assert_eq!(job()["resultCount"], "4");
    assert!(!is_banned(&server, "192.0.2.1"));
}

#[test]
fn whoever_forgets_a_user_does_so_for_all_nodes() {
    let redis = Redis::start();
    // Bans are known for a minute without asking Redis.
    let rules = format!("{STRICT}  decision_cache: 1m\n");
    let (one, other) = (on_redis(&redis, &rules), on_redis(&redis, &rules));
    guess(&one, "alice", "192.0.2.1", 5);
    for node in [&one, &other] {
        assert!(is_banned(node, "192.0.2.1"));
    }
    assert_eq!(begin(&flush(&other, "alice"), ""), 4);
    assert!(!is_banned(&other, "192.0.2.1"));
    // Well before the minute is over.
    let freed = wait::until(PATIENCE, || !is_banned(&one, "192.0.2.1"));
    assert!(freed, "{}", one.log());
    assert_eq!(banned(&one), []);
    assert_eq!(accounts(&one), json!({}));
}

#[test]
fn where_users_are_seen_costs_no_round_trip() {
    let redis = Redis::start();
    let server = on_redis(&redis, &format!("{HOSTS}  tolerate_ttl: 1h\n"));
    // The scripts are sent to Redis once.
    fail(&server, "192.0.2.1", 1);
    assert!(!is_banned(&server, "192.0.2.1"));
    let trips = || metric(&server, "bulkhead_store_round_trips_total");
    for password in ["wrong", "right"] {
        let before = trips();
        log_in(&server, "alice", password, "192.0.2.1");
        assert_eq!(trips() - before, 2, "{password}");
    }
}

#[test]
fn on_a_cluster_a_user_is_forgotten_in_every_network() {
    let cluster = RedisCluster::start(0);
    let address = cluster.nodes[0].address();
    let store = format!("{{kind: redis, redis: {{cluster: {{addresses: [\"{address}\"]}}}}}}");
    let rules = format!("{STRICT}  tolerate_ttl: 1h\n  decision_cache: 1m\n");
    let (one, other) = (on_store(&store, &rules), on_store(&store, &rules));
    let clients: Vec<_> = (1..=6)
        .map(|network| format!("192.0.{network}.1"))
        .collect();
    for client in &clients {
        guess(&one, "alice", client, 5);
        assert!(is_banned(&one, client));
    }
    fail(&one, "198.51.100.1", 5);
    assert_eq!(log_in(&one, "bob", "right", "198.51.100.1").status, 403);
    assert_eq!(banned(&other).len(), 7);
    let result = flush(&other, "alice");
    for (with, keys) in [
        ("bulkhead.brute-force:bucket|hosts|", 6),
        ("bulkhead.brute-force:history|", 6),
        ("bulkhead.brute-force:negative|", 6),
        ("bulkhead.brute-force:accounts|", 6),
        ("bulkhead.brute-force:addresses", 1),
        ("", 25),
    ] {
        assert_eq!(begin(&result, with), keys, "{with}: {result}");
    }
    for client in &clients {
        assert!(!is_banned(&other, client));
        assert!(wait::until(PATIENCE, || !is_banned(&one, client)));
    }
    assert_eq!(banned(&one).len(), 1);
    assert_eq!(accounts(&one), json!({"bob": ["198.51.100.1"]}));
}

#[test]
fn a_flush_without_redis_says_that_the_user_may_be_remembered() {
    for (more, why) in [
        ("", "unavailable"),
        (", on_outage: local", "stands in for Redis"),
    ] {
        let mut redis = Redis::start();
        let address = redis.address();
        let store =
            format!("{{kind: redis, redis: {{primary: {{address: \"{address}\"}}{more}}}}}");
        let server = on_store(&store, STRICT);
        guess(&server, "alice", "192.0.2.1", 5);
        assert!(is_banned(&server, "192.0.2.1"));
        redis.kill();
        let wish = json!({"user": "alice"});
        let response = delete(&server, "/api/v1/cache/flush", &wish);
        assert_eq!(response.status, 503);
        let error = response.json()["result"]["error"].clone();
        let error = error.as_str().unwrap();
        assert!(
            error.contains("brute_force: ") && error.contains(why),
            "{error}"
        );
    }
}

#[test]
fn where_nothing_is_remembered_of_accounts_a_flush_frees_nobody() {
    let server = server(&format!("{STRICT}  account_addresses: 0\n"));
    guess(&server, "alice", "192.0.2.1", 5);
    let bob = || log_in(&server, "bob", "right", "192.0.2.1").status;
    assert_eq!(bob(), 403);
    assert_eq!(flush(&server, "alice")["status"], "not flushed");
    assert_eq!(bob(), 403);
    // But whose login began the ban is known by it.
    assert_eq!(
        begin(&flush(&server, "bob"), "bulkhead.brute-force:bucket|"),
        1
    );
    assert_eq!(bob(), 200);
}
