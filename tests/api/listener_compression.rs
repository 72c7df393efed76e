//! Compressed bodies, both ways, and bombs.

use std::{convert::Infallible, fs};

use axum::{body::Body, http::Request};
use bulkhead_harness::{Bulkhead, Policy};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_http::{compression::Compression, decompression::Decompression};

use crate::{
    client::{Wire, exchange, get, header, masked, status},
    outcomes::login,
    policy::PASSWORD,
    server::{CREDENTIALS, Running, Setup},
};

const CODINGS: [&str; 3] = ["gzip", "br", "zstd"];

/// The body as a client sends it.
async fn compressed(coding: &str, body: Vec<u8>) -> Vec<u8> {
    let service = tower::service_fn(move |_: Request<Body>| {
        let body = body.clone();
        async { Ok::<_, Infallible>(axum::http::Response::new(Body::from(body))) }
    });
    let request = Request::builder()
        .header("accept-encoding", coding)
        .body(Body::empty())
        .unwrap();
    let response = Compression::new(service).oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], coding);
    response
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes()
        .to_vec()
}

/// The body of a response as its client reads it.
async fn unpacked(coding: &str, body: Vec<u8>) -> Vec<u8> {
    let coding = coding.to_owned();
    let service = tower::service_fn(move |_: Request<Body>| {
        let response = axum::http::Response::builder()
            .header("content-encoding", &coding)
            .body(Body::from(body.clone()))
            .unwrap();
        async { Ok::<_, Infallible>(response) }
    });
    let response = Decompression::new(service)
        .oneshot(Request::new(Body::empty()))
        .await
        .unwrap();
    response
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes()
        .to_vec()
}

fn head(coding: &str, headers: &str, length: usize) -> String {
    format!(
        "POST /api/v1/auth/json HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n\
         Content-Encoding: {coding}\r\n{headers}Content-Length: {length}\r\n\r\n"
    )
}

/// A login with a compressed body.
async fn post(server: &Running, coding: &str, body: &[u8]) -> String {
    let mut wire = Wire::connect(server.address).await;
    wire.send([head(coding, "", body.len()).as_bytes(), body].concat())
        .await;
    wire.response().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_body_holds_for_what_comes_out() {
    let body = login("alice", PASSWORD);
    let limit = 4096;
    let padded = |length: usize| {
        let mut padded = body.clone();
        padded.push_str(&" ".repeat(length - body.len()));
        padded.into_bytes()
    };
    let mut setup = Setup::new();
    setup.limits.body_bytes = limit as u64;
    let server = setup.start().await;
    for coding in CODINGS {
        for (length, expected) in [(body.len(), 200), (limit, 200), (limit + 1, 413)] {
            let packed = compressed(coding, padded(length)).await;
            assert!(length == body.len() || packed.len() < length / 10);
            let answer = post(&server, coding, &packed).await;
            assert_eq!(status(&answer), expected, "{coding} {length}");
        }
    }
    let decided = server.seen.requests.lock().unwrap().len();
    assert_eq!(decided, 2 * CODINGS.len());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_in_is_limited_too() {
    // Frames that say nothing: a body of them has no end and nothing comes out (RFC 8878 3.1.2).
    let mut nothing = vec![0x50, 0x2a, 0x4d, 0x18, 0xe8, 0x03, 0, 0];
    nothing.resize(1008, 0);
    let mut setup = Setup::new();
    setup.limits.body_bytes = 64 << 10;
    let server = setup.start().await;
    // With a length the body is not even asked for.
    let mut wire = Wire::connect(server.address).await;
    wire.send(head("zstd", "Expect: 100-continue\r\n", (64 << 10) + 1))
        .await;
    assert_eq!(status(&wire.response().await), 413);
    // Without one it is read up to the limit.
    let mut wire = Wire::connect(server.address).await;
    let length = "Content-Length: 0\r\n";
    wire.send(head("zstd", "", 0).replace(length, "Transfer-Encoding: chunked\r\n"))
        .await;
    let chunk = [b"3f0\r\n".as_slice(), &nothing, b"\r\n"].concat();
    for _ in 0..100 {
        wire.try_send(&chunk).await;
    }
    assert_eq!(status(&wire.response().await), 413);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_come_before_the_body_however_it_is_compressed() {
    let server = Setup::new().with_credentials().start().await;
    let packed = compressed("gzip", login("alice", PASSWORD).into_bytes()).await;
    let mut wire = Wire::connect(server.address).await;
    wire.send(head("gzip", "Expect: 100-continue\r\n", packed.len()))
        .await;
    assert_eq!(status(&wire.response().await), 401);
    let mut wire = Wire::connect(server.address).await;
    let headers = format!("Expect: 100-continue\r\n{CREDENTIALS}");
    wire.send(head("gzip", &headers, packed.len())).await;
    assert_eq!(wire.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    wire.send(packed).await;
    assert_eq!(status(&wire.response().await), 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_unpacked_is_refused() {
    let server = Setup::new().start().await;
    let body = login("alice", PASSWORD).into_bytes();
    let gzip = compressed("gzip", body.clone()).await;
    let shown = masked(&post(&server, "compress", &body).await);
    insta::assert_snapshot!("unknown_coding", shown);
    let twice = compressed("gzip", gzip.clone()).await;
    assert_eq!(status(&post(&server, "gzip, gzip", &twice).await), 415);
    assert_eq!(status(&post(&server, "identity", &body).await), 200);
    insta::assert_snapshot!("damaged", masked(&post(&server, "gzip", &body).await));
    for coding in CODINGS {
        assert_eq!(status(&post(&server, coding, &body).await), 400, "{coding}");
        let packed = compressed(coding, body.clone()).await;
        let cut = &packed[..packed.len() / 2];
        assert_eq!(
            status(&post(&server, coding, cut).await),
            400,
            "{coding}, cut off"
        );
    }
    server.stop().await;

    let mut setup = Setup::new();
    setup.server.compression.requests = false;
    let server = setup.start().await;
    assert_eq!(
        status(&post(&server, "gzip", &gzip).await),
        415,
        "switched off"
    );
    assert_eq!(status(&post(&server, "identity", &body).await), 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_are_compressed_where_that_is_configured_and_worth_it() {
    // The list of accounts has 17 bytes or so.
    let list = |accept: &str| get("/api/v1/auth/json?mode=list-accounts", accept);
    for coding in CODINGS {
        let accept = format!("Accept: application/json\r\nAccept-Encoding: {coding}\r\n");
        let rows = [
            ("off", false, 0, None),
            ("worth it", true, 5, Some(coding)),
            ("too small", true, 1000, None),
        ];
        for (name, responses, minimum_bytes, expected) in rows {
            let mut setup = Setup::new();
            setup.server.compression.responses = responses;
            setup.server.compression.minimum_bytes = minimum_bytes;
            let server = setup.start().await;
            let plain = exchange(server.address, &list("Accept: application/json\r\n")).await;
            assert_eq!(header(&plain, "Content-Encoding"), None);
            let (_, plain) = plain.split_once("\r\n\r\n").unwrap();
            let mut wire = Wire::connect(server.address).await;
            wire.send(list(&accept)).await;
            let head = wire.head().await;
            assert_eq!(header(&head, "Content-Encoding"), expected, "{name}");
            if expected.is_some() {
                assert_eq!(header(&head, "Vary"), Some("accept-encoding"));
                let body = unpacked(coding, wire.chunked_body().await).await;
                assert_eq!(String::from_utf8(body).unwrap(), plain, "{name}");
            }
            server.stop().await;
        }
    }
}

/// Lets [`peak`] begin anew.
fn forget_peak(process: u32) {
    fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
}

/// The largest memory that the process had, in bytes.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes << 10
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_cost_no_memory() {
    const BOMBS: usize = 100;
    const MIB: u64 = 1 << 20;
    let policy = Policy::new(
        "server: {listen: \"{listen}\"}\n\
         pipeline: {backends: [{name: users, script: users.lua}]}\n\
         plugins: {users: {grants: {password: true}}}\n",
    )
    .file("users.lua", include_str!("../cli/good/users.lua"));
    let bulkhead = Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy);
    let address = bulkhead.address();
    for coding in CODINGS {
        // Gzip packs a thousand to one, the others much better; what goes in must pass.
        let size = if coding == "gzip" {
            48 << 20
        } else {
            256 << 20
        };
        let bomb = compressed(coding, vec![b' '; size]).await;
        assert!(bomb.len() < 64 << 10, "{coding} {}", bomb.len());
        forget_peak(bulkhead.id());
        let before = peak(bulkhead.id());
        let request = [head(coding, "", bomb.len()).as_bytes(), &bomb].concat();
        let answers = (0..BOMBS).map(async |_| {
            let mut wire = Wire::connect(address).await;
            wire.send(&request).await;
            status(&wire.response().await)
        });
        for answer in futures_util::future::join_all(answers).await {
            assert_eq!(answer, 413, "{coding}");
        }
        let grown = peak(bulkhead.id()).saturating_sub(before);
        println!("{coding}: {BOMBS} bombs of {size} bytes took {grown} bytes of memory");
        // All of them at the same time would be gigabytes.
        assert!(grown < 4 * MIB * BOMBS as u64, "{coding}: {grown}");
    }
    assert_eq!(status(&exchange(address, &get("/ping", "")).await), 200);
}
