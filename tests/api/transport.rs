//! Behaviour at the socket: `Expect: 100-continue`, keep-alive, pipelining, slow and oversized
//! clients, shutdown.

use std::time::{Duration, Instant};

use crate::{
    client::{Wire, get, header, post_json, status},
    outcomes::login,
    policy::PASSWORD,
    server::{CREDENTIALS, Setup},
};

/// The head of a login whose body is held back until the server asks for it.
fn expecting(headers: &str, length: usize) -> String {
    format!(
        "POST /api/v1/auth/json HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n\
         {headers}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
    )
}

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_body_is_asked_for_first_and_the_answer_comes_alone() {
    let server = Setup::new().start().await;
    let body = login("alice", PASSWORD);
    let mut wire = Wire::connect(server.address).await;
    // Twice: Dovecot remembers per connection that 100 came, and waits for it.
    for _ in 0..2 {
        wire.send(expecting("", body.len())).await;
        assert_eq!(wire.head().await, CONTINUE);
        assert!(
            wire.is_silent(Duration::from_millis(100)).await,
            "an answer before the body"
        );
        wire.send(&body).await;
        assert_eq!(status(&wire.response().await), 200);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_nobody_wants_is_never_asked_for() {
    let mut setup = Setup::new().with_credentials();
    setup.limits.body_bytes = 100;
    let server = setup.start().await;
    let content = |content_type: &str, length| {
        expecting(CREDENTIALS, length).replace("application/json", content_type)
    };
    let rows = [
        ("wrong credentials", expecting("", 50), 401),
        ("too large", expecting(CREDENTIALS, 101), 413),
        ("wrong type", content("text/plain", 50), 400),
        (
            "wrong place",
            expecting(CREDENTIALS, 50).replace("/json", "/nowhere"),
            404,
        ),
        (
            "a list that cannot be made",
            expecting(CREDENTIALS, 50)
                .replace("/json", "/json?mode=list-accounts")
                .replace("Host: t", "Host: t\r\nAccept: text/html"),
            415,
        ),
    ];
    for (name, head, expected) in rows {
        let mut wire = Wire::connect(server.address).await;
        wire.send(head).await;
        let answer = wire.response().await;
        assert!(!answer.starts_with(CONTINUE), "{name}");
        assert_eq!(status(&answer), expected, "{name}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_body_that_was_asked_for_is_read_before_the_answer() {
    let server = Setup::new().start().await;
    let body = "this is no JSON at all, from the first byte";
    let mut wire = Wire::connect(server.address).await;
    wire.send(expecting("", body.len())).await;
    assert_eq!(wire.head().await, CONTINUE);
    let (first, rest) = body.split_at(10);
    wire.send(first).await;
    assert!(wire.is_silent(Duration::from_millis(100)).await);
    wire.send(rest).await;
    assert_eq!(status(&wire.response().await), 400);
    // Nothing is left over: the connection serves on.
    wire.send(get("/ping", "")).await;
    assert_eq!(status(&wire.response().await), 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_at_the_limit_passes_and_one_byte_more_does_not() {
    let body = login("alice", PASSWORD);
    let mut setup = Setup::new();
    setup.limits.body_bytes = body.len() as u64;
    let server = setup.start().await;
    let chunked = |body: &str| {
        format!(
            "POST /api/v1/auth/json HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        )
    };
    let longer = format!("{body} ");
    let rows = [
        ("with a length, at the limit", post_json("", &body), 200),
        ("with a length, past it", post_json("", &longer), 413),
        ("in chunks, at the limit", chunked(&body), 200),
        ("in chunks, past it", chunked(&longer), 413),
    ];
    for (name, request, expected) in rows {
        let mut wire = Wire::connect(server.address).await;
        wire.send(request).await;
        let answer = wire.response().await;
        assert_eq!(status(&answer), expected, "{name}");
        let closes = header(&answer, "Connection") == Some("close");
        assert_eq!(closes, expected == 413, "{name}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_arrive_ends_with_the_request_s_time() {
    let mut setup = Setup::new();
    setup.server.request_timeout = Duration::from_millis(200);
    let server = setup.start().await;
    let mut wire = Wire::connect(server.address).await;
    let request = post_json("", &login("alice", PASSWORD));
    let started = Instant::now();
    wire.send(&request[..request.len() - 5]).await;
    assert_eq!(status(&wire.response().await), 408);
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(wire.is_closed().await);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_takes_too_long_is_a_temporary_failure() {
    let mut setup = Setup::new();
    setup.server.request_timeout = Duration::from_millis(200);
    let server = setup.start().await;
    let mut wire = Wire::connect(server.address).await;
    wire.send(post_json("", &login("slow", PASSWORD))).await;
    let answer = wire.response().await;
    assert_eq!(status(&answer), 500);
    assert_eq!(
        header(&answer, "Auth-Status"),
        Some("Temporary server problem, try again later")
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_harms_nobody() {
    let server = Setup::new().start().await;
    let request = post_json("", &login("alice", PASSWORD));
    let mut wire = Wire::connect(server.address).await;
    wire.send(&request[..request.len() - 5]).await;
    wire.close_sending().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(server.seen.requests.lock().unwrap().is_empty());
    let mut wire = Wire::connect(server.address).await;
    wire.send(&request).await;
    assert_eq!(status(&wire.response().await), 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_order() {
    let server = Setup::new().start().await;
    let requests = [
        post_json("", &login("alice", PASSWORD)),
        post_json("", &login("alice", "guess")),
        get("/ping", ""),
        post_json("", &login("alice", PASSWORD)),
    ]
    .concat();
    let mut wire = Wire::connect(server.address).await;
    wire.send(requests).await;
    for expected in [200, 403, 200, 200] {
        assert_eq!(status(&wire.response().await), expected);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_and_oversized_heads_are_refused() {
    let server = Setup::new().start().await;
    let long = get("/ping", &format!("X-Long: {}\r\n", "x".repeat(300_000)));
    for (request, expected) in [("\u{1}\u{2}\u{3}\r\n\r\n".to_owned(), 400), (long, 431)] {
        let mut wire = Wire::connect(server.address).await;
        wire.send(request).await;
        assert_eq!(status(&wire.response().await), expected);
        assert!(wire.is_closed().await);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_changes_nothing() {
    let server = Setup::new().start().await;
    let mut wire = Wire::connect(server.address).await;
    wire.send(post_json("", &login("slow", "guess"))).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(wire);
    // Not even a server that stops right now forgets the login.
    let seen = std::sync::Arc::clone(&server.seen);
    server.stop().await;
    let posts = seen.posts.lock().unwrap().clone();
    assert_eq!(posts.len(), 1, "the login was not decided to its end");
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_lets_requests_end_and_closes_idle_connections() {
    let mut server = Setup::new().start().await;
    let mut idle = Wire::connect(server.address).await;
    idle.send(get("/ping", "")).await;
    idle.response().await;
    let mut busy = Wire::connect(server.address).await;
    busy.send(post_json("", &login("slow", PASSWORD))).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.begin_stop();
    assert!(idle.is_closed().await);
    let answer = busy.response().await;
    assert_eq!(status(&answer), 200);
    assert!(busy.is_closed().await);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_trickles_in_is_cut_off() {
    let mut setup = Setup::new();
    setup.connections.head_timeout = Duration::from_millis(300);
    let server = setup.start().await;
    let mut slow = Wire::connect(server.address).await;
    let started = Instant::now();
    for byte in get("/ping", "").bytes().take(5) {
        slow.send([byte]).await;
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    assert!(slow.is_closed().await);
    assert!(started.elapsed() < Duration::from_secs(3));
    // So is one that is kept open and not used.
    let mut idle = Wire::connect(server.address).await;
    idle.send(get("/ping", "")).await;
    assert_eq!(status(&idle.response().await), 200);
    assert!(idle.is_closed().await);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_more_than_allowed_waits_for_one_to_end() {
    let mut setup = Setup::new();
    setup.connections.connections = 1;
    let server = setup.start().await;
    let mut first = Wire::connect(server.address).await;
    first.send(get("/ping", "")).await;
    assert_eq!(status(&first.response().await), 200);
    let mut second = Wire::connect(server.address).await;
    second.send(get("/ping", "")).await;
    assert!(second.is_silent(Duration::from_millis(200)).await);
    drop(first);
    assert_eq!(status(&second.response().await), 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bug_in_one_login_is_a_temporary_failure_of_that_login() {
    let server = Setup::new().start().await;
    for (name, expected) in [("bug", 500), ("alice", 200)] {
        let mut wire = Wire::connect(server.address).await;
        wire.send(post_json("", &login(name, PASSWORD))).await;
        assert_eq!(status(&wire.response().await), expected);
    }
    server.stop().await;
}
