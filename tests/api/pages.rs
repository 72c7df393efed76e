//! The pages beside logins, and what lies between them.

use std::{fmt::Write as _, sync::atomic::Ordering, time::Instant};

use crate::{
    client::{exchange, get, header, masked, post_json, status},
    server::{CREDENTIALS, Setup},
};

#[tokio::test(flavor = "multi_thread")]
async fn pages() {
    let server = Setup::new().start().await;
    let mut text = String::new();
    for request in [
        get("/ping", ""),
        get("/nowhere", ""),
        get("/api/v1/auth/unknown", ""),
        "DELETE /api/v1/auth/json HTTP/1.1\r\nHost: t\r\n\r\n".to_owned(),
        "POST /ping HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n".to_owned(),
    ] {
        let response = exchange(server.address, &request).await;
        let line = request.lines().next().unwrap();
        write!(text, "=== {line}\n{}\n\n", masked(&response)).unwrap();
    }
    server.stop().await;
    insta::assert_snapshot!(text);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_that_of_the_store() {
    let server = Setup::new().start().await;
    for (broken, expected_status, word) in [(false, 200, "ok"), (true, 503, "error")] {
        server.store.broken.store(broken, Ordering::SeqCst);
        let response = exchange(server.address, &get("/healthz", "")).await;
        assert_eq!(status(&response), expected_status);
        let (_, body) = response.split_once("\r\n\r\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["status"], word);
        assert_eq!(body["checks"]["store"]["status"], word);
        assert!(body["checks"]["store"]["meta"]["latency_ms"].is_number());
        assert!(!response.contains("fire"), "internals reach the public");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_without_the_right_credentials_wait_and_learn_nothing() {
    let server = Setup::new().with_credentials().start().await;
    for headers in ["", "Authorization: Basic ZG92ZWNvdDp3cm9uZw==\r\n"] {
        let started = Instant::now();
        let request = get("/api/v1/auth/json?mode=list-accounts", headers);
        let response = exchange(server.address, &request).await;
        assert!(started.elapsed().as_millis() >= 300);
        insta::assert_snapshot!("unauthorized", masked(&response));
    }
    let request = get("/api/v1/auth/json?mode=list-accounts", CREDENTIALS);
    assert_eq!(status(&exchange(server.address, &request).await), 200);
    // Liveness is no secret.
    assert_eq!(
        status(&exchange(server.address, &get("/ping", "")).await),
        200
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_wrong_caller_takes_nobody_s_place() {
    let mut setup = Setup::new().with_credentials();
    setup.limits.concurrent_requests = 1;
    let server = setup.start().await;
    let address = server.address;
    let wrong = tokio::spawn(async move {
        exchange(address, &get("/api/v1/auth/json?mode=list-accounts", "")).await
    });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let request = get("/api/v1/auth/json?mode=list-accounts", CREDENTIALS);
    assert_eq!(status(&exchange(address, &request).await), 200);
    assert_eq!(status(&wrong.await.unwrap()), 401);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_more_than_allowed_is_told_so() {
    let mut setup = Setup::new();
    setup.limits.concurrent_requests = 1;
    let server = setup.start().await;
    let address = server.address;
    let slow = r#"{"username":"slow","password":"x"}"#;
    let first = tokio::spawn(async move { exchange(address, &post_json("", slow)).await });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let second = exchange(address, &post_json("", slow)).await;
    insta::assert_snapshot!("too_many_requests", masked(&second));
    assert_eq!(status(&first.await.unwrap()), 403);
    let third = exchange(address, &post_json("", slow)).await;
    assert_eq!(status(&third), 403);
    assert!(header(&third, "Auth-Wait").is_some());
    server.stop().await;
}
