//! Several nodes on one Redis, and what holds when it or one of them is away.

use bulkhead_harness::{Bulkhead, Redis, wait};
use serde_json::json;

use crate::support::{BACKENDS, CACHED, PATIENCE, Site, delete, login, on_redis};

fn site(redis: &Redis) -> Site {
    let configuration = format!("{}{CACHED}{BACKENDS}", on_redis(redis));
    Site::start_with(&configuration, &["users"], |_| {})
}

fn status(node: &Bulkhead, user: &str, password: &str) -> u16 {
    node.send(&login(user, password, json!({}))).status
}

/// Keys of the cache that Redis has.
fn kept(redis: &Redis) -> usize {
    let keys = redis.ask(&["keys", "*cache*"]);
    keys.lines().filter(|line| !line.is_empty()).count()
}

/// What was found is in Redis; it gets there behind the answer.
fn await_kept(redis: &Redis) {
    assert!(
        wait::until(PATIENCE, || kept(redis) >= 3),
        "{}",
        kept(redis)
    );
}

#[test]
fn what_one_node_found_out_the_others_know_even_when_it_dies() {
    let redis = Redis::start();
    let mut site = site(&redis);
    let other = site.node();
    assert_eq!(site.log_in("alice", "right").status, 200);
    await_kept(&redis);
    site.server.kill();
    assert_eq!(status(&other, "alice", "right"), 200);
    assert_eq!(site.asked(), 1);
    let everything = redis.ask(&["keys", "*"]);
    assert!(!everything.contains("alice"), "{everything}");
}

#[test]
fn a_flush_on_one_node_is_one_on_all() {
    let redis = Redis::start();
    let site = site(&redis);
    let other = site.node();
    site.log_in("alice", "right");
    await_kept(&redis);
    assert_eq!(status(&other, "alice", "right"), 200);
    assert_eq!(site.asked(), 1);
    let flushed = site.flush("alice").json()["result"].clone();
    // The login in memory, the entry, its index, the password.
    assert_eq!(flushed["status"], "4 keys flushed", "{flushed}");
    // The message is on its way; from then on the other node asks.
    let asks = || status(&other, "alice", "right") == 200 && site.asked() == 2;
    assert!(wait::until(PATIENCE, asks));
    // Nor does the node that was asked remember: there is only what the other one has written since.
    await_kept(&redis);
    assert_eq!(
        site.flush("alice").json()["result"]["status"]
            .as_str()
            .unwrap()
            .len(),
        14
    );
}

#[test]
fn a_new_password_works_on_all_nodes_at_once_and_the_old_one_soon_on_none() {
    let redis = Redis::start();
    let site = site(&redis);
    let other = site.node();
    site.log_in("alice", "right");
    await_kept(&redis);
    assert_eq!(status(&other, "alice", "right"), 200);
    site.users.set("alice", "new");
    assert_eq!(status(&other, "alice", "new"), 200);
    assert_eq!(site.log_in("alice", "new").status, 200);
    for node in [&site.server, &other] {
        let refused = || status(node, "alice", "right") == 403;
        assert!(wait::until(PATIENCE, refused));
        assert_eq!(status(node, "alice", "new"), 200);
    }
}

#[test]
fn without_redis_logins_are_decided_as_ever() {
    let mut redis = Redis::start();
    let site = site(&redis);
    site.log_in("alice", "right");
    await_kept(&redis);
    for outage in ["stalls", "is gone"] {
        match outage {
            "stalls" => redis.pause(),
            _ => {
                redis.resume();
                redis.kill();
            }
        }
        assert_eq!(site.log_in("alice", "right").status, 200, "{outage}");
        assert_eq!(site.log_in("alice", "wrong").status, 403, "{outage}");
        assert_eq!(site.log_in("nobody", "right").status, 403, "{outage}");
        site.users.answer_all(Some(503));
        assert_eq!(site.log_in("alice", "other").status, 500, "{outage}");
        site.users.answer_all(None);
        // And a flush says that Redis may still remember.
        let body = json!({"user": "alice"});
        let flushed = site.server.send(&delete("/api/v1/cache/flush", &body));
        assert_eq!(flushed.status, 503, "{outage}");
        let error = flushed.json()["result"]["error"].clone();
        assert!(error.as_str().unwrap().starts_with("cache: "), "{error}");
    }
    assert!(
        site.server
            .log()
            .contains("The cache does without the store")
    );
    redis.start_again();
    let used = || site.server.log().contains("The cache uses the store again");
    let tries = || {
        site.log_in("nobody", "right");
        used()
    };
    assert!(wait::until(PATIENCE, tries), "{}", site.server.log());
}
