//! Who asks too often (`server.rate_limit`) and who guesses the API's credentials (`server.lockout`).

use std::time::{Duration, Instant};

use bulkhead::config::{Lockout, RateLimit};

use crate::{
    client::{exchange, get, header, masked, status},
    server::{CREDENTIALS, Running, Setup},
};

const LIST: &str = "/api/v1/auth/json?mode=list-accounts";
const WRONG: &str = "Authorization: Basic ZG92ZWNvdDp3cm9uZw==\r\n";

/// A rate that refills too slowly for a test to see it.
fn limited(burst: u32) -> Setup {
    let mut setup = Setup::new();
    setup.server.rate_limit = Some(RateLimit {
        per_second: 1,
        burst,
    });
    setup
}

async fn ask(server: &Running, path: &str, headers: &str) -> String {
    exchange(server.address, &get(path, headers)).await
}

/// The answer without its `Retry-After`, and that.
fn with_retry(response: &str) -> (String, u64) {
    let seconds = header(response, "Retry-After").unwrap().parse().unwrap();
    let masked = masked(response).replace(&format!("Retry-After: {seconds}"), "Retry-After: [n]");
    (masked, seconds)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_configured_rate_nobody_is_limited() {
    let server = Setup::new().start().await;
    for _ in 0..300 {
        assert_eq!(status(&ask(&server, "/ping", "").await), 200);
        assert_eq!(status(&ask(&server, "/nowhere", "").await), 404);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_more_than_the_rate_allows_is_told_when_to_come_back() {
    // A second is long beside three requests on loopback.
    let server = limited(3).start().await;
    for _ in 0..3 {
        assert_eq!(status(&ask(&server, LIST, "").await), 200);
    }
    let (shown, seconds) = with_retry(&ask(&server, LIST, "").await);
    insta::assert_snapshot!(shown);
    assert_eq!(seconds, 1);
    // What monitoring asks does not count and is not limited.
    for path in ["/ping", "/healthz", "/metrics"] {
        assert_ne!(status(&ask(&server, path, "").await), 429, "{path}");
    }
    // The time that was told is true.
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    assert_eq!(status(&ask(&server, LIST, "").await), 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_each_forwarded_client_has_its_own_rate() {
    for (trusted, expected) in [(true, 200), (false, 429)] {
        let mut setup = limited(1);
        if !trusted {
            setup.server.trusted_proxies.clear();
        }
        let server = setup.start().await;
        let one = "X-Forwarded-For: 192.0.2.1\r\n";
        let other = "X-Forwarded-For: 2001:db8::1\r\n";
        let neighbour = "X-Forwarded-For: 2001:db8::2\r\n";
        assert_eq!(status(&ask(&server, LIST, one).await), 200);
        assert_eq!(status(&ask(&server, LIST, other).await), expected);
        // An IPv6 network of 64 bits is one client.
        assert_eq!(status(&ask(&server, LIST, neighbour).await), 429);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_locks_out_even_those_who_then_know() {
    let mut setup = Setup::new().with_credentials();
    setup.server.lockout = Some(Lockout {
        failures: 3,
        ..Lockout::default()
    });
    let server = setup.start().await;
    // Who shows nothing guesses nothing.
    for _ in 0..4 {
        assert_eq!(status(&ask(&server, LIST, "").await), 401);
    }
    for _ in 0..3 {
        assert_eq!(status(&ask(&server, LIST, WRONG).await), 401);
    }
    let (shown, seconds) = with_retry(&ask(&server, LIST, WRONG).await);
    insta::assert_snapshot!(shown);
    assert!((115..=120).contains(&seconds), "{seconds}");
    let mut shortest = Duration::MAX;
    for _ in 0..3 {
        let started = Instant::now();
        assert_eq!(status(&ask(&server, LIST, CREDENTIALS).await), 429);
        shortest = shortest.min(started.elapsed());
    }
    assert!(
        shortest < Duration::from_millis(300),
        "nothing is left to delay: {shortest:?}"
    );
    // On every route that asks for credentials, and on no other.
    let hook = "POST /api/v1/custom/echo/here HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(status(&exchange(server.address, hook).await), 429);
    assert_eq!(status(&ask(&server, "/ping", "").await), 200);
    // Others are not concerned.
    let other = format!("{CREDENTIALS}X-Forwarded-For: 192.0.2.1\r\n");
    assert_eq!(status(&ask(&server, LIST, &other).await), 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_out_ends_after_its_time() {
    let mut setup = Setup::new().with_credentials();
    setup.server.lockout = Some(Lockout {
        failures: 1,
        window: Duration::from_secs(60),
        duration: Duration::from_secs(1),
    });
    let server = setup.start().await;
    assert_eq!(status(&ask(&server, LIST, WRONG).await), 401);
    let (_, seconds) = with_retry(&ask(&server, LIST, CREDENTIALS).await);
    assert_eq!(seconds, 1);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    assert_eq!(status(&ask(&server, LIST, CREDENTIALS).await), 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_same_time_all_count() {
    let mut setup = Setup::new().with_credentials();
    setup.limits.concurrent_requests = 1;
    let server = setup.start().await;
    let address = server.address;
    let guesses: Vec<_> = (0..20)
        .map(|_| tokio::spawn(async move { exchange(address, &get(LIST, WRONG)).await }))
        .collect();
    let mut wrong = 0;
    for guess in guesses {
        match status(&guess.await.unwrap()) {
            401 => wrong += 1,
            429 => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(wrong, 5);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_out_can_be_turned_off() {
    let mut setup = Setup::new().with_credentials();
    setup.server.lockout = None;
    let server = setup.start().await;
    let address = server.address;
    let guesses: Vec<_> = (0..20)
        .map(|_| tokio::spawn(async move { exchange(address, &get(LIST, WRONG)).await }))
        .collect();
    for guess in guesses {
        assert_eq!(status(&guess.await.unwrap()), 401);
    }
    assert_eq!(status(&ask(&server, LIST, CREDENTIALS).await), 200);
    server.stop().await;
}
