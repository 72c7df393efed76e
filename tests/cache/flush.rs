//! `/api/v1/cache/flush`: what is forgotten, and what the answer says of it.

use bulkhead_harness::{http::Request, wait};
use serde_json::{Value, json};

use crate::support::{BACKENDS, CACHED, PATIENCE, Site, delete};

const ONLY_MEMORY: &str = "cache: {}\n";

fn result(response: &bulkhead_harness::http::Response) -> Value {
    let body = response.json();
    assert_eq!(body["object"], "cache");
    assert_eq!(
        body["session"],
        response.header("X-Nauthilus-Session").unwrap()
    );
    body["result"].clone()
}

#[test]
fn a_flush_counts_what_is_gone() {
    let site = Site::start(&format!("{ONLY_MEMORY}{BACKENDS}"), &["users"]);
    site.log_in("alice", "right");
    let response = site.flush("alice");
    assert_eq!(response.status, 200);
    assert_eq!(response.json()["operation"], "flush");
    let result = result(&response);
    assert_eq!(result["user"], "alice");
    assert_eq!(result["status"], "1 keys flushed");
    let keys = result["removed_keys"].as_array().unwrap();
    assert!(keys[0].as_str().unwrap().starts_with("memory:"), "{result}");
    // The next login asks again.
    site.log_in("alice", "right");
    assert_eq!(site.asked(), 2);
}

#[test]
fn a_user_of_whom_nothing_is_known_is_not_flushed() {
    for configuration in [CACHED, ONLY_MEMORY, ""] {
        let site = Site::start(&format!("{configuration}{BACKENDS}"), &["users"]);
        let response = site.flush("nobody");
        assert_eq!(response.status, 200);
        let expected = json!({"user": "nobody", "removed_keys": [], "status": "not flushed"});
        assert_eq!(result(&response), expected);
    }
}

#[test]
fn memory_and_store_forget_every_name_of_the_account() {
    let mut site = Site::start(&format!("{CACHED}{BACKENDS}"), &["users"]);
    site.users.set("alias-alice", "right");
    site.users.set("bob", "right");
    let log_in = |site: &Site| {
        for user in ["alice", "alias-alice", "bob"] {
            assert_eq!(site.log_in(user, "right").status, 200);
        }
    };
    log_in(&site);
    for user in ["alice", "alias-alice", "bob"] {
        site.await_kept(user, "right");
    }
    let asked = site.asked();
    let flushed = result(&site.flush("alice"));
    let keys = flushed["removed_keys"].as_array().unwrap();
    let begins = |begin: &str| {
        let names = keys.iter().map(|key| key.as_str().unwrap());
        names.filter(|name| name.starts_with(begin)).count()
    };
    // Two logins in memory; in the store, entry, index and password of both, and the account's users.
    assert_eq!((begins("memory:"), begins("cache:")), (2, 7), "{flushed}");
    site.server.restart();
    log_in(&site);
    assert_eq!(site.asked(), asked + 2);
}

#[test]
fn a_job_flushes_while_the_caller_goes_on() {
    let site = Site::start(&format!("{ONLY_MEMORY}{BACKENDS}"), &["users"]);
    site.log_in("alice", "right");
    let body = json!({"user": "alice"});
    let response = site
        .server
        .send(&delete("/api/v1/cache/flush/async", &body));
    assert_eq!(response.status, 202);
    assert_eq!(response.json()["operation"], "flush_async");
    let started = result(&response);
    assert_eq!(started["status"], "QUEUED");
    let target = format!("/api/v1/async/jobs/{}", started["jobId"].as_str().unwrap());
    let job = || site.server.send(&Request::new("GET", &target)).json()["result"].clone();
    assert!(
        wait::until(PATIENCE, || job()["status"] == "DONE"),
        "{}",
        job()
    );
    assert_eq!(job()["type"], "CACHE_FLUSH");
    assert_eq!(job()["resultCount"], "1");
    site.log_in("alice", "right");
    assert_eq!(site.asked(), 2);
}

#[test]
fn a_flush_plugin_may_know_the_account_better() {
    let configuration = format!(
        "{ONLY_MEMORY}{BACKENDS}  cache_flush: [{{name: flusher, script: lua/flusher.lua}}]\n"
    );
    let site = Site::start(&configuration, &["users"]);
    site.log_in("alice", "right");
    let result = result(&site.flush("nickname"));
    assert_eq!(result["status"], "1 keys flushed", "{result}");
    site.log_in("alice", "right");
    assert_eq!(site.asked(), 2);
}

#[test]
fn what_cannot_be_understood_is_refused() {
    let site = Site::start(&format!("{ONLY_MEMORY}{BACKENDS}"), &["users"]);
    for target in ["/api/v1/cache/flush", "/api/v1/cache/flush/async"] {
        for body in [
            json!({}),
            json!({"user": ""}),
            json!({"user": 1}),
            json!([]),
        ] {
            assert_eq!(
                site.server.send(&delete(target, &body)).status,
                400,
                "{body}"
            );
        }
        assert_eq!(site.server.send(&Request::new("GET", target)).status, 404);
    }
}
