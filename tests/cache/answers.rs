//! What the cache answers, and what it leaves to the backends.

use bulkhead_harness::http::Response;
use serde_json::json;

use crate::support::{BACKENDS, CACHED, Site, login, login_at};

fn site() -> Site {
    Site::start(&format!("{CACHED}{BACKENDS}"), &["users"])
}

fn hit(response: &Response) -> Option<&str> {
    assert_eq!(response.status, 200, "{response:?}");
    response.header("X-Nauthilus-Memory-Cache")
}

#[test]
fn the_second_login_asks_nobody_and_gets_the_same_answer() {
    let site = site();
    let first = site.log_in("alice", "right");
    let second = site
        .server
        .send(&login("alice", "right", json!({"client_port": "40001"})));
    assert_eq!(hit(&first), Some("Miss"));
    assert_eq!(hit(&second), Some("Hit"));
    assert_eq!(second.header("Idempotency-Replayed"), Some("true"));
    let attributes = |response: &Response| response.json()["attributes"].clone();
    assert_eq!(attributes(&first), attributes(&second));
    assert_eq!(second.header("Auth-User"), Some("alice"));
    assert_eq!(site.asked(), 1);
    let counted = "bulkhead_calls_total{stage=\"cache\",plugin=\"cache\",verdict=";
    assert_eq!(site.metric(&format!("{counted}\"memory\"}}")), 1.0);
    assert_eq!(site.metric(&format!("{counted}\"miss\"}}")), 1.0);
}

#[test]
fn without_the_section_nothing_is_kept() {
    let site = Site::start(BACKENDS, &["users"]);
    for _ in 0..2 {
        assert_eq!(hit(&site.log_in("alice", "right")), Some("Miss"));
    }
    assert_eq!(site.asked(), 2);
}

#[test]
fn the_store_answers_after_a_restart() {
    let mut site = site();
    site.await_kept("alice", "right");
    let asked = site.asked();
    site.server.restart();
    assert_eq!(hit(&site.log_in("alice", "right")), Some("Miss"));
    assert_eq!(site.asked(), asked);
}

#[test]
fn queries_switch_the_caches_off() {
    let site = site();
    site.log_in("alice", "right");
    site.await_kept("alice", "right");
    let mut asked = site.asked();
    for (query, hits, asks) in [
        ("", "Hit", 0),
        ("?in-memory=1&cache=1", "Hit", 0),
        ("?cache=0", "Hit", 0),
        ("?in-memory=0", "Miss", 0),
        ("?in-memory=0&cache=0", "Miss", 1),
    ] {
        let target = format!("/api/v1/auth/json{query}");
        let response = site
            .server
            .send(&login_at(&target, "alice", "right", json!({})));
        assert_eq!(hit(&response), Some(hits), "{query}");
        asked += asks;
        assert_eq!(site.asked(), asked, "{query}");
    }
}

#[test]
fn a_new_password_works_at_once_and_the_old_one_no_longer() {
    let site = site();
    site.log_in("alice", "right");
    // Tried before it is set: that must not matter.
    assert_eq!(site.log_in("alice", "new").status, 403);
    site.users.set("alice", "new");
    assert_eq!(site.log_in("alice", "new").status, 200);
    assert_eq!(site.log_in("alice", "right").status, 403);
}

#[test]
fn filters_run_on_every_hit_and_nothing_of_them_is_kept() {
    let configuration =
        format!("{CACHED}{BACKENDS}  filters: [{{name: check, script: lua/filter.lua}}]\n");
    let site = Site::start(&configuration, &["users"]);
    let from = |address: &str| {
        site.server
            .send(&login("alice", "right", json!({ "client_ip": address })))
    };
    // The filter rejects, and still it is kept that the backend accepted.
    assert_eq!(from("192.0.2.66").status, 403);
    site.await_kept("alice", "right");
    let asked = site.asked();
    for _ in 0..2 {
        assert_eq!(from("192.0.2.66").status, 403);
        for address in ["192.0.2.1", "192.0.2.2"] {
            let response = from(address);
            assert_eq!(response.json()["attributes"]["filter"], json!([address]));
        }
    }
    assert_eq!(site.asked(), asked);
}

#[test]
fn an_outage_is_neither_kept_nor_answered_from_the_cache() {
    let site = Site::start(
        &format!(
            "cache: {{secret: {{file: cache.secret}}, negative_ttl: 10s, negative_in_store: true}}\n{BACKENDS}"
        ),
        &["users"],
    );
    site.users.answer_all(Some(503));
    assert_eq!(site.log_in("alice", "right").status, 500);
    assert_eq!(site.log_in("alice", "wrong").status, 500);
    site.users.answer_all(None);
    assert_eq!(site.log_in("alice", "right").status, 200);
    assert_eq!(site.log_in("alice", "wrong").status, 403);
    // What is known is answered while the backend is away; what is not is a temporary failure.
    site.users.answer_all(Some(503));
    assert_eq!(site.log_in("alice", "right").status, 200);
    assert_eq!(site.log_in("alice", "wrong").status, 403);
    assert_eq!(site.log_in("alice", "other").status, 500);
    assert_eq!(site.log_in("bob", "right").status, 500);
}

#[test]
fn rejects_are_remembered_if_configured() {
    for (ttl, asked) in [("0s", 4), ("10s", 2)] {
        let cache = format!("cache: {{negative_ttl: {ttl}}}\n{BACKENDS}");
        let site = Site::start(&cache, &["users"]);
        for _ in 0..2 {
            assert_eq!(site.log_in("alice", "wrong").status, 403);
            assert_eq!(site.log_in("nobody", "right").status, 403);
        }
        assert_eq!(site.asked(), asked, "{ttl}");
    }
}

#[test]
fn a_backend_that_wants_no_cache_is_asked_each_time() {
    let configuration = format!(
        "{CACHED}{}",
        BACKENDS.replace("users.lua}", "users.lua, cache: false}")
    );
    let site = Site::start(&configuration, &["users"]);
    site.log_in("alice", "right");
    site.log_in("alice", "right");
    assert_eq!(site.asked(), 2);
}
