//! Clients that are slow on purpose: none of them holds a connection for longer than its limit, and
//! others are served meanwhile.

use std::time::{Duration, Instant};

use crate::{
    client::{Wire, exchange, get, post_json, status},
    outcomes::login,
    policy::PASSWORD,
    server::{Running, Setup},
};

/// How many slow clients there are at the same time.
const CLIENTS: usize = 200;

/// Sends one byte every 20 ms until the server has enough; how long that took.
async fn trickle(server: &Running, at_once: String, then: String) -> Duration {
    let mut wire = Wire::connect(server.address).await;
    let started = Instant::now();
    wire.send(at_once).await;
    for byte in then.bytes().cycle() {
        if !wire.try_send([byte]).await || !wire.is_silent(Duration::from_millis(20)).await {
            break;
        }
    }
    wire.until_closed().await;
    started.elapsed()
}

/// Runs slow clients; meanwhile a login must work.
async fn besiege(server: &Running, at_once: &str, then: &str) {
    let slow = (0..CLIENTS).map(|_| trickle(server, at_once.to_owned(), then.to_owned()));
    let served = async {
        let request = post_json("", &login("alice", PASSWORD));
        for _ in 0..10 {
            assert_eq!(status(&exchange(server.address, &request).await), 200);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    let (times, ()) = tokio::join!(futures_util::future::join_all(slow), served);
    let longest = times.into_iter().max().unwrap();
    assert!(longest < Duration::from_secs(10), "{longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_heads() {
    let mut setup = Setup::new();
    setup.connections.head_timeout = Duration::from_millis(500);
    let server = setup.start().await;
    besiege(&server, "", "GET /").await;
    besiege(&server, "GET /ping HTTP/1.1\r\nHost: t\r\n", "X: y\r\n").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies() {
    let mut setup = Setup::new();
    setup.server.request_timeout = Duration::from_secs(1);
    // A body that nobody reads ends with the patience for an idle connection.
    setup.connections.head_timeout = Duration::from_millis(500);
    let server = setup.start().await;
    let head = |path: &str, how: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n{how}\r\n\r\n"
        )
    };
    for path in ["/api/v1/auth/json", "/api/v1/custom/echo/here", "/nowhere"] {
        besiege(&server, &head(path, "Content-Length: 60000"), " ").await;
        besiege(
            &server,
            &head(path, "Transfer-Encoding: chunked"),
            "1\r\n \r\n",
        )
        .await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_no_answers_is_cut_off() {
    let mut setup = Setup::new();
    setup.connections.head_timeout = Duration::from_millis(500);
    let server = setup.start().await;
    let mut wire = Wire::connect(server.address).await;
    let requests = get("/ping", "").repeat(1000);
    // Nothing is read, so the server's answers fill the system's buffers, then its own, and then it
    // reads no more. A second that nothing can be written means that; the connection ends with it.
    let cut_off = async { while wire.try_send(&requests).await {} };
    tokio::time::timeout(Duration::from_secs(60), cut_off)
        .await
        .expect("the connection goes on");
    assert_eq!(
        status(&exchange(server.address, &get("/ping", "")).await),
        200
    );
    server.stop().await;
}
