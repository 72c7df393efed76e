//! Heads that are ambiguous or too large: each is refused at its limit's other side, or read in the one
//! way that is written here.

use std::fmt::Write as _;

use crate::{
    client::{Wire, get, header, status},
    outcomes::login,
    policy::PASSWORD,
    server::Setup,
};

/// The beginning of a login.
const POST: &str =
    "POST /api/v1/auth/json HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_could_be_read_in_two_ways_is_refused() {
    let body = login("alice", PASSWORD);
    let length = body.len();
    let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    let ping = |rest: &str| format!("GET /ping HTTP/1.1\r\n{rest}\r\n");
    let rows = [
        (
            "one length",
            format!("{POST}Content-Length: {length}\r\n\r\n{body}"),
        ),
        (
            "two equal lengths",
            format!("{POST}Content-Length: {length}\r\nContent-Length: {length}\r\n\r\n{body}"),
        ),
        (
            "two lengths",
            format!("{POST}Content-Length: {length}\r\nContent-Length: 5\r\n\r\n{body}"),
        ),
        (
            "a list of lengths",
            format!("{POST}Content-Length: {length}, {length}\r\n\r\n{body}"),
        ),
        (
            "a negative length",
            format!("{POST}Content-Length: -1\r\n\r\n"),
        ),
        (
            "a signed length",
            format!("{POST}Content-Length: +{length}\r\n\r\n{body}"),
        ),
        (
            "a hexadecimal length",
            format!("{POST}Content-Length: 0x10\r\n\r\n"),
        ),
        (
            "a length without end",
            format!("{POST}Content-Length: 99999999999999999999\r\n\r\n"),
        ),
        (
            "length, then chunks",
            format!("{POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}"),
        ),
        (
            "chunks, then length",
            format!("{POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n{chunked}"),
        ),
        (
            "chunks not last",
            format!("{POST}Transfer-Encoding: chunked, gzip\r\n\r\n{chunked}"),
        ),
        (
            "chunks misspelt",
            format!("{POST}Transfer-Encoding: xchunked\r\n\r\n{chunked}"),
        ),
        (
            "chunks in HTTP/1.0",
            format!("{POST}Transfer-Encoding: chunked\r\n\r\n{chunked}")
                .replace("HTTP/1.1", "HTTP/1.0"),
        ),
        (
            "a chunk's size with a sign",
            format!("{POST}Transfer-Encoding: chunked\r\n\r\n+{chunked}"),
        ),
        (
            "a chunk's size without end",
            format!("{POST}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"),
        ),
        ("a folded field", ping("Host: t\r\nX-Folded: a\r\n b\r\n")),
        ("space before the colon", ping("Host: t\r\nX-Space : a\r\n")),
        ("space before the first field", ping(" Host: t\r\n")),
        ("an empty name", ping("Host: t\r\n: a\r\n")),
        ("a bare CR in a value", ping("Host: t\r\nX-Bare: a\rb\r\n")),
        (
            "a zero byte in a value",
            ping("Host: t\r\nX-Zero: a\0b\r\n"),
        ),
        (
            "bare LF at the ends of lines",
            "GET /ping HTTP/1.1\nHost: t\n\n".to_owned(),
        ),
        ("no Host", ping("")),
        (
            "no Host in HTTP/1.0",
            "GET /ping HTTP/1.0\r\n\r\n".to_owned(),
        ),
        ("two Hosts", ping("Host: t\r\nHost: other\r\n")),
        (
            "two Authorizations",
            ping("Host: t\r\nAuthorization: Basic YTpi\r\nAuthorization: Basic YTpj\r\n"),
        ),
        (
            "an absolute target",
            "GET http://other/ping HTTP/1.1\r\nHost: t\r\n\r\n".to_owned(),
        ),
        (
            "a target of a proxy",
            "CONNECT other:25 HTTP/1.1\r\nHost: t\r\n\r\n".to_owned(),
        ),
        (
            "the target of all",
            "OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n".to_owned(),
        ),
        (
            "dots in the target",
            "GET /api/../ping HTTP/1.1\r\nHost: t\r\n\r\n".to_owned(),
        ),
        (
            "percent signs in the target",
            "GET /%70ing HTTP/1.1\r\nHost: t\r\n\r\n".to_owned(),
        ),
        (
            "a space in the target",
            "GET /pi ng HTTP/1.1\r\nHost: t\r\n\r\n".to_owned(),
        ),
        (
            "an unknown version",
            "GET /ping HTTP/3.0\r\nHost: t\r\n\r\n".to_owned(),
        ),
        (
            "an unknown method",
            "BREW /ping HTTP/1.1\r\nHost: t\r\n\r\n".to_owned(),
        ),
    ];
    let server = Setup::new().start().await;
    let mut text = String::new();
    for (name, request) in rows {
        let mut wire = Wire::connect(server.address).await;
        wire.send(&request).await;
        let answer = wire.response().await;
        // What a smuggler hides would be answered now, before the next request.
        wire.try_send(get("/ping", "")).await;
        let after = match wire.response_or_end().await {
            Some(next) => {
                assert!(next.ends_with("\r\n\r\npong"), "{name}: {next}");
                "stays open"
            }
            None => "closes",
        };
        writeln!(text, "{name}: {}, {after}", status(&answer)).unwrap();
    }
    server.stop().await;
    insta::assert_snapshot!(text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_at_its_limits_passes_and_past_them_does_not() {
    let mut setup = Setup::new();
    setup.connections.head_bytes = 10_000;
    setup.connections.header_count = 20;
    let server = setup.start().await;
    let filled = |length: usize| {
        let empty = get("/ping", "X-Long: \r\n").len();
        get(
            "/ping",
            &format!("X-Long: {}\r\n", "x".repeat(length - empty)),
        )
    };
    // One of them is Host.
    let fields = |count: usize| get("/ping", &"X: y\r\n".repeat(count - 1));
    let line = |length: usize| {
        let empty = get("/ping?", "").len();
        get(&format!("/ping?{}", "x".repeat(length - empty)), "")
    };
    let rows = [
        ("head_bytes, in a field", filled(10_000), 200),
        ("head_bytes, in a field", filled(10_001), 431),
        ("head_bytes, in the line", line(10_000), 200),
        ("head_bytes, in the line", line(10_001), 431),
        ("header_count", fields(20), 200),
        ("header_count", fields(21), 431),
    ];
    for (name, request, expected) in rows {
        let mut wire = Wire::connect(server.address).await;
        wire.send(request).await;
        assert_eq!(status(&wire.response().await), expected, "{name}");
        if expected != 200 {
            assert!(wire.is_closed().await, "{name}");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunk_extensions_and_trailers_have_limits_of_their_own() {
    let mut setup = Setup::new();
    setup.connections.header_count = 20;
    setup.connections.head_bytes = 10_000;
    let server = setup.start().await;
    let body = login("alice", PASSWORD);
    let chunked = |extension: &str, trailers: &str| {
        format!(
            "{POST}Transfer-Encoding: chunked\r\n\r\n{:x}{extension}\r\n{body}\r\n0\r\n{trailers}\r\n",
            body.len()
        )
    };
    let trailer = |length: usize| format!("X-Long: {}\r\n", "x".repeat(length));
    let rows = [
        // hyper's own limit: 16 KiB of extensions in one body.
        (
            "extensions",
            chunked(&format!(";{}", "x".repeat(16_000)), ""),
            200,
        ),
        (
            "extensions",
            chunked(&format!(";{}", "x".repeat(17_000)), ""),
            400,
        ),
        ("trailer fields", chunked("", &"X: y\r\n".repeat(20)), 200),
        ("trailer fields", chunked("", &"X: y\r\n".repeat(21)), 400),
        ("trailer bytes", chunked("", &trailer(9_900)), 200),
        ("trailer bytes", chunked("", &trailer(10_001)), 400),
    ];
    for (name, request, expected) in rows {
        let mut wire = Wire::connect(server.address).await;
        wire.send(request).await;
        assert_eq!(status(&wire.response().await), expected, "{name}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_or_header_in_the_trailers_changes_nothing() {
    let server = Setup::new().with_credentials().start().await;
    let body = login("alice", PASSWORD);
    let mut wire = Wire::connect(server.address).await;
    wire.send(format!(
        "{POST}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\
         Authorization: Basic ZG92ZWNvdDpiZXR3ZWVuIHNlcnZlcnM=\r\n\r\n",
        body.len()
    ))
    .await;
    let answer = wire.response().await;
    assert_eq!(status(&answer), 401);
    assert!(header(&answer, "Www-Authenticate").is_some());
    server.stop().await;
}
