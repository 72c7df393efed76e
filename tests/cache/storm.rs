//! A thousand equal logins at the same moment.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use bulkhead_harness::{Redis, http, wait};
use serde_json::json;

use crate::support::{BACKENDS, CACHED, Site, login, on_redis};

const LOGINS: u32 = 1000;
const PATIENCE: Duration = Duration::from_secs(50);

#[test]
fn a_thousand_equal_logins_ask_the_backend_once() {
    storm("store: {kind: memory}\n", |_| {});
}

#[test]
fn redis_may_stall_meanwhile() {
    let redis = Redis::start();
    storm(&on_redis(&redis), |_| redis.pause());
    redis.resume();
}

fn storm(store: &str, before: impl FnOnce(&Site)) {
    let open = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&open);
    let site = Site::start_with(
        &format!("{store}{CACHED}{BACKENDS}"),
        &["users"],
        move |_| {
            wait::until(PATIENCE, || gate.load(Ordering::SeqCst));
        },
    );
    before(&site);
    let address = site.server.address();
    let threads: Vec<_> = (0..LOGINS)
        .map(|number| {
            let login = login("alice", "right", json!({"client_port": number.to_string()}));
            thread::Builder::new()
                .stack_size(256 << 10)
                .spawn(move || http::send(address, &login).status)
                .unwrap()
        })
        .collect();
    // All of them are in work; the page that says so counts itself.
    let all_came = || site.metric("server_concurrent_requests") > f64::from(LOGINS);
    assert!(wait::until(PATIENCE, all_came));
    open.store(true, Ordering::SeqCst);
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 200);
    }
    assert_eq!(site.asked(), 1);
    let shared = "bulkhead_calls_total{stage=\"cache\",plugin=\"cache\",verdict=\"shared\"}";
    assert!(site.metric(shared) > 900.0);
}
