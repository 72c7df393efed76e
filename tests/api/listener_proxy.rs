//! The PROXY protocol, as HAProxy and nginx speak it.

use std::time::Duration;

use bulkhead::config::Listener;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    client::{Wire, get, header, post_json, status},
    listener_places::{anywhere, with_tls},
    listener_tls::Authority,
    outcomes::login,
    policy::PASSWORD,
    server::{Running, Setup},
};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A version 2 header for a connection from 203.0.113.7, port 8080.
fn header_v2() -> Vec<u8> {
    let addresses = [203, 0, 113, 7, 10, 0, 0, 1, 0x1f, 0x90, 0, 80];
    [SIGNATURE, &[0x21, 0x11, 0, 12], &addresses].concat()
}

/// A version 2 header for a connection of the proxy's own.
fn local_v2() -> Vec<u8> {
    [SIGNATURE, &[0x20, 0, 0, 0]].concat()
}

fn setup() -> Setup {
    let mut setup = Setup::new();
    setup.server.listeners = vec![Listener {
        proxy_protocol: true,
        ..anywhere()
    }];
    setup
}

/// The client's address and port that the policy sees, after a login that begins with `prefix`.
async fn seen(server: &Running, prefix: &[u8], headers: &str) -> (String, String) {
    let request = post_json("", &login("alice", PASSWORD))
        .replace("Host: t\r\n", &format!("Host: t\r\n{headers}"));
    let mut wire = Wire::connect(server.address).await;
    wire.send([prefix, request.as_bytes()].concat()).await;
    assert_eq!(status(&wire.response().await), 200);
    let request = server.seen.requests.lock().unwrap().pop().unwrap();
    (request.client.address.clone(), request.client.port.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_is_who_the_trusted_proxy_says() {
    let server = setup().listen().await;
    let address = |(address, _): (String, String)| address;
    assert_eq!(
        seen(&server, &header_v2(), "").await,
        ("203.0.113.7".to_owned(), "8080".to_owned())
    );
    let text = b"PROXY TCP4 203.0.113.8 10.0.0.1 8080 80\r\n";
    assert_eq!(address(seen(&server, text, "").await), "203.0.113.8");
    assert_eq!(address(seen(&server, &local_v2(), "").await), "127.0.0.1");
    // That client is no trusted proxy itself: its own claims are not believed.
    let claim = "X-Forwarded-For: 198.51.100.1\r\n";
    assert_eq!(
        address(seen(&server, &header_v2(), claim).await),
        "203.0.113.7"
    );
    assert_eq!(
        address(seen(&server, &local_v2(), claim).await),
        "198.51.100.1"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_gets_in() {
    let mut untrusting = setup();
    untrusting.server.trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
    let rows = [
        ("an untrusted proxy", untrusting, header_v2()),
        ("no header", setup(), Vec::new()),
        (
            "a malformed header",
            setup(),
            [SIGNATURE, &[0x21, 0x11, 0, 3, 1, 2, 3]].concat(),
        ),
    ];
    for (name, setup, prefix) in rows {
        let server = setup.listen().await;
        let mut wire = Wire::connect(server.address).await;
        wire.try_send([prefix, get("/ping", "").into_bytes()].concat())
            .await;
        assert_eq!(wire.until_closed().await, b"", "{name}");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_where_none_is_expected_is_no_request() {
    let mut setup = setup();
    setup.server.listeners = vec![anywhere()];
    let server = setup.listen().await;
    let mut wire = Wire::connect(server.address).await;
    wire.send([header_v2(), get("/ping", "").into_bytes()].concat())
        .await;
    assert_eq!(status(&wire.response().await), 400);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_does_not_come_is_cut_off() {
    let mut setup = setup();
    setup.limits.tls_handshake_timeout = Duration::from_millis(200);
    let server = setup.listen().await;
    for words in [
        b"".as_slice(),
        &SIGNATURE[..5],
        &header_v2()[..20],
        b"PROXY TCP4 ",
    ] {
        let mut wire = Wire::connect(server.address).await;
        wire.send(words).await;
        assert_eq!(wire.until_closed().await, b"");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_header_comes_before_tls() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.write(folder.path());
    let mut setup = setup();
    setup.server.listeners = vec![Listener {
        proxy_protocol: true,
        ..with_tls(folder.path(), false)
    }];
    let server = setup.listen().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&header_v2()).await.unwrap();
    let mut wire = Wire::over(authority.client().handshake(stream).await.unwrap());
    wire.send(post_json("", &login("alice", PASSWORD))).await;
    assert_eq!(header(&wire.response().await, "Auth-Status"), Some("OK"));
    let request = server.seen.requests.lock().unwrap().pop().unwrap();
    assert_eq!(request.client.address, "203.0.113.7");
    server.stop().await;
}
