//! A node that does not hear the others: its link to Redis is cut without a word.

use bulkhead_harness::{Bulkhead, Network, Redis, wait};
use serde_json::json;

use crate::support::{BACKENDS, PATIENCE, Site, login_at, on_redis};

/// What is in memory stays there for longer than any test.
const LONG: &str = "cache: {secret: {file: cache.secret}, memory_ttl: 1h}\n";
const WITHOUT_SECRET: &str = "cache: {memory_ttl: 1h}\n";

/// A login that only the memory may answer instead of the backend.
fn log_in(node: &Bulkhead, password: &str) -> u16 {
    let target = "/api/v1/auth/json?cache=0";
    let login = login_at(target, "alice", password, json!({}));
    node.send(&login).status
}

/// Logs in until the memory answers, which it does once others are heard.
fn await_remembered(site: &Site, node: &Bulkhead, password: &str) {
    let remembered = || {
        let before = site.asked();
        assert_eq!(log_in(node, password), 200, "{}", node.log());
        site.asked() == before
    };
    assert!(wait::until(PATIENCE, remembered), "{}", node.log());
}

#[test]
fn what_was_flushed_while_a_node_was_deaf_it_answers_no_more() {
    for configuration in [LONG, WITHOUT_SECRET] {
        let (redis, network) = (Redis::start(), Network::new());
        let link = network.link("redis", redis.address());
        let configuration = format!("{}{configuration}{BACKENDS}", on_redis(&redis));
        let site = Site::start_with(&configuration, &["users"], |_| {});
        let far = site.other_node(&redis.address().to_string(), &link.to_string());
        await_remembered(&site, &far, "right");

        network.split(&["redis"]);
        site.users.set("alice", "new");
        assert_eq!(site.flush("alice").status, 200);
        // It notices by itself that it is deaf.
        let refuses = || log_in(&far, "right") == 403;
        assert!(wait::until(PATIENCE, refuses), "{}", far.log());
        assert_eq!(log_in(&far, "new"), 200);
        let asked = site.asked();
        assert_eq!(log_in(&far, "new"), 200);
        assert_eq!(site.asked(), asked + 1, "its memory answers nothing");

        // When it hears again the memory is used, and obeys a flush that is said from now on.
        network.heal();
        await_remembered(&site, &far, "new");
        site.users.set("alice", "newest");
        assert_eq!(site.flush("alice").status, 200);
        assert!(
            wait::until(PATIENCE, || log_in(&far, "new") == 403),
            "{}",
            far.log()
        );
    }
}

#[test]
fn without_a_secret_a_flush_on_one_node_is_one_on_all_too() {
    let redis = Redis::start();
    let configuration = format!("{}{WITHOUT_SECRET}{BACKENDS}", on_redis(&redis));
    let site = Site::start_with(&configuration, &["users"], |_| {});
    let other = site.node();
    await_remembered(&site, &other, "right");
    site.users.set("alice", "new");
    assert_eq!(site.flush("alice").status, 200);
    assert!(
        wait::until(PATIENCE, || log_in(&other, "right") == 403),
        "{}",
        other.log()
    );
    // Nothing of it is in Redis, not even a digest.
    let keys = redis.ask(&["keys", "*"]);
    assert!(!keys.contains("cache"), "{keys}");
}
