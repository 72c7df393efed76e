//! Several servers on one Redis are one: they share bans, counters, lists and flushes.

use std::{collections::BTreeMap, sync::Arc, thread};

use bulkhead_harness::{Bulkhead, Network, Redis, RedisCluster, http::Request, wait};
use serde_json::json;

use super::policy::{HOSTS, banned, fail, is_banned, log_in, on_store};

pub(super) fn on_redis(redis: &Redis, rules: &str) -> Bulkhead {
    let address = redis.address();
    let store = format!("{{kind: redis, redis: {{primary: {{address: \"{address}\"}}}}}}");
    on_store(&store, rules)
}

fn flush(server: &Bulkhead, client: &str) -> String {
    let wish = json!({"ip_address": client, "rule_name": "*"});
    let request = Request::new("DELETE", "/api/v1/bruteforce/flush")
        .header("Content-Type", "application/json")
        .body(wish.to_string());
    let answer = server.send(&request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["result"]["status"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The value of a series of the metrics page; 0 if it is not there.
pub(super) fn metric(server: &Bulkhead, series: &str) -> u64 {
    let page = server.send(&Request::new("GET", "/metrics")).text();
    let value = page.lines().find_map(|line| {
        let (name, value) = line.rsplit_once(' ')?;
        (name == series).then(|| value.parse().unwrap())
    });
    value.unwrap_or(0)
}

#[test]
fn what_one_node_counts_bans_and_frees_holds_for_all() {
    let redis = Redis::start();
    let (mut one, other) = (on_redis(&redis, HOSTS), on_redis(&redis, HOSTS));
    fail(&one, "192.0.2.1", 3);
    fail(&other, "192.0.2.1", 2);
    assert!(is_banned(&one, "192.0.2.1"));
    assert!(is_banned(&other, "192.0.2.1"));
    assert_eq!(banned(&one), banned(&other));
    assert_eq!(banned(&one).len(), 1);
    // News for one of them only.
    let news = |server: &Bulkhead| server.log().matches("A network is banned").count();
    assert_eq!(news(&one) + news(&other), 1);
    flush(&other, "192.0.2.1");
    assert!(!is_banned(&other, "192.0.2.1"));
    let freed = bulkhead_harness::wait::until(std::time::Duration::from_secs(20), || {
        !is_banned(&one, "192.0.2.1")
    });
    assert!(freed);
    // When one dies nothing is lost.
    fail(&one, "192.0.2.2", 5);
    assert!(is_banned(&one, "192.0.2.2"));
    fail(&one, "192.0.2.3", 4);
    one.kill();
    assert!(is_banned(&other, "192.0.2.2"));
    fail(&other, "192.0.2.3", 1);
    assert!(is_banned(&other, "192.0.2.3"));
}

#[test]
fn a_thousand_logins_at_once_on_several_nodes_lose_no_count_and_ban_once() {
    const LIMIT: usize = 200;
    const THREADS: usize = 20;
    const EACH: usize = 50;
    let redis = Redis::start();
    let rules = HOSTS.replace("failed_requests: 5", &format!("failed_requests: {LIMIT}"));
    let nodes: Vec<_> = (0..3).map(|_| Arc::new(on_redis(&redis, &rules))).collect();
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let node = Arc::clone(&nodes[thread % nodes.len()]);
            thread::spawn(move || {
                for number in 0..EACH {
                    let user = format!("nobody{thread}-{number}");
                    let response = log_in(&node, &user, "guess", "192.0.2.1");
                    assert_eq!(response.status, 403, "{}", node.log());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let sum = |series: &str| -> u64 { nodes.iter().map(|node| metric(node, series)).sum() };
    let rejected = sum("bruteforce_rejected_total{bucket=\"hosts\"}");
    let let_through = (THREADS * EACH) as u64 - rejected;
    assert_eq!(sum("bulkhead_bruteforce_bans_total{bucket=\"hosts\"}"), 1);
    // Those that were on their way when the last one counted, and no others.
    let most = (LIMIT + THREADS) as u64;
    assert!(
        (LIMIT as u64..=most).contains(&let_through),
        "{let_through}"
    );
    // Redis has counted each of them.
    let keys = redis.ask(&["--raw", "keys", "*bucket|hosts|*"]);
    let key = keys.trim();
    let window: BTreeMap<_, _> = ["current", "previous"]
        .into_iter()
        .map(|field| (field, redis.ask(&["--raw", "hget", key, field])))
        .collect();
    let number = |text: &String| text.trim().parse::<u64>().unwrap_or(0);
    assert_eq!(
        window.values().map(number).sum::<u64>(),
        let_through,
        "{window:?}"
    );
    for node in &nodes {
        assert!(is_banned(node, "192.0.2.1"));
    }
}

#[test]
fn a_failed_login_waits_for_redis_twice() {
    let redis = Redis::start();
    let server = on_redis(&redis, HOSTS);
    fail(&server, "192.0.2.1", 1);
    let trips = || metric(&server, "bulkhead_store_round_trips_total");
    let before = trips();
    fail(&server, "192.0.2.1", 2);
    assert_eq!(trips() - before, 4);
    let before = trips();
    assert!(!is_banned(&server, "192.0.2.1"));
    assert_eq!(trips() - before, 1);
}

#[test]
fn without_redis_logins_fail_temporarily_and_nobody_is_banned_for_it() {
    let mut redis = Redis::start();
    let server = on_redis(&redis, HOSTS);
    fail(&server, "192.0.2.1", 1);
    redis.kill();
    for password in ["right", "wrong", "right"] {
        let response = log_in(&server, "alice", password, "192.0.2.1");
        assert_eq!(response.status, 500, "{}", server.log());
    }
    let list = server.send(&Request::new("GET", "/api/v1/bruteforce/list"));
    assert_eq!(list.status, 503);
    let why = &list.json()["result"][0]["error"];
    assert!(why.as_str().unwrap().contains("unavailable"), "{why}");
    redis.start_again();
    let back = bulkhead_harness::wait::until(std::time::Duration::from_secs(30), || {
        log_in(&server, "alice", "right", "192.0.2.1").status == 200
    });
    assert!(back, "{}", server.log());
}

#[test]
fn where_a_store_in_memory_stands_in_the_node_counts_alone() {
    let mut redis = Redis::start();
    let address = redis.address();
    let server = on_store(
        &format!(
            "{{kind: redis, redis: {{primary: {{address: \"{address}\"}}, on_outage: local}}}}"
        ),
        HOSTS,
    );
    fail(&server, "192.0.2.1", 1);
    redis.kill();
    fail(&server, "192.0.2.1", 5);
    assert!(is_banned(&server, "192.0.2.1"));
    assert!(!is_banned(&server, "192.0.2.2"));
}

#[test]
fn on_a_cluster_each_network_has_its_node() {
    let cluster = RedisCluster::start(0);
    let address = cluster.nodes[0].address();
    let server = on_store(
        &format!("{{kind: redis, redis: {{cluster: {{addresses: [\"{address}\"]}}}}}}"),
        "  buckets:
    - {name: hosts, ipv4: true, cidr: 32, period: 1h, failed_requests: 5}
    - {name: nets, ipv4: true, cidr: 24, period: 1h, failed_requests: 50}
  tolerate_ttl: 1h
",
    );
    for network in 1..=6 {
        let client = format!("192.0.{network}.1");
        fail(&server, &client, 5);
        assert!(is_banned(&server, &client));
    }
    assert_eq!(banned(&server).len(), 6);
    assert_ne!(flush(&server, "192.0.1.1"), "not flushed");
    assert!(!is_banned(&server, "192.0.1.1"));
    assert_eq!(banned(&server).len(), 5);
}

/// The names of histories of passwords, in which there are digests.
fn histories(redis: &Redis) -> Vec<String> {
    let keys = redis.ask(&["keys", "*history*"]);
    let mut names: Vec<_> = keys.lines().map(str::to_owned).collect();
    names.sort_unstable();
    names
}

fn guess(server: &Bulkhead) {
    let answer = log_in(server, "alice", "guess", "192.0.2.1");
    assert_eq!(answer.status, 403, "{}", server.log());
}

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
const MANY: &str =
    "  buckets: [{name: hosts, ipv4: true, cidr: 32, period: 1h, failed_requests: 500}]\n";

#[test]
fn a_node_that_started_without_redis_shares_digests_once_redis_is_there() {
    let (redis, network) = (Redis::start(), Network::new());
    let link = network.link("redis", redis.address());
    let on = |address: std::net::SocketAddr| {
        let redis = format!("{{primary: {{address: \"{address}\"}}, on_outage: local}}");
        on_store(&format!("{{kind: redis, redis: {redis}}}"), MANY)
    };
    let one = on(redis.address());
    guess(&one);
    // One of the address, and one of the account at the address.
    let known = histories(&redis);
    assert_eq!(known.len(), 2, "{known:?}");

    network.split(&["redis"]);
    let late = on(link);
    // Counted by itself, with a key of its own.
    guess(&late);
    assert_eq!(metric(&late, "bulkhead_store_local"), 1, "{}", late.log());
    network.heal();
    let is_back = || late.log().contains("Redis is back");
    assert!(wait::until(PATIENCE, is_back), "{}", late.log());
    let late = Arc::new(late);
    let guesses: Vec<_> = (0..20)
        .map(|_| {
            let late = Arc::clone(&late);
            thread::spawn(move || guess(&late))
        })
        .collect();
    for one in guesses {
        one.join().unwrap();
    }
    assert_eq!(histories(&redis), known);
}

#[test]
fn nodes_that_come_and_go_share_digests_even_if_redis_forgets_them() {
    let mut redis = Redis::start();
    let one = on_redis(&redis, MANY);
    guess(&one);
    let known = histories(&redis);
    redis.kill();
    redis.start_again();
    assert!(histories(&redis).is_empty());
    let goes_on = || log_in(&one, "alice", "guess", "192.0.2.1").status == 403;
    assert!(wait::until(PATIENCE, goes_on), "{}", one.log());
    // It notices that Redis may have lost the key, and gives it back.
    let restored = || goes_on() && !redis.ask(&["keys", "*digest-key*"]).is_empty();
    assert!(wait::until(PATIENCE, restored), "{}", one.log());
    let new = on_redis(&redis, MANY);
    guess(&new);
    assert_eq!(histories(&redis), known);
}
