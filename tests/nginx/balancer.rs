//! HAProxy in front of two Bulkheads.

use std::{net::SocketAddr, time::Duration};

use bulkhead_harness::{Haproxy, Scratch, Template, http, http::Request, port, wait};
use serde_json::json;

use crate::{
    policy::{self, API_PASSWORD, API_USER, Policed},
    tls::{Authority, NAME},
};

/// HAProxy with the file that users copy, and where it listens: for callers with credentials, and for
/// saslauthd.
pub fn start(nodes: [SocketAddr; 2]) -> (Haproxy, SocketAddr, SocketAddr) {
    let (front, saslauthd) = (port::free(), port::free());
    let file = Template::new(include_str!("../../host/frontends/haproxy.cfg"))
        .set("127.0.0.1:9079", front)
        .set("127.0.0.1:9078", saslauthd)
        .set("127.0.0.1:9080", nodes[0])
        .set("127.0.0.1:9081", nodes[1])
        .set(
            "c2FzbGF1dGhkOlRIRS1BUEktUEFTU1dPUkQ=",
            policy::encoded_credentials(),
        );
    let haproxy = Haproxy::start(&file.text(), &[front, saslauthd]);
    (haproxy, front, saslauthd)
}

fn login(at: SocketAddr) -> http::Response {
    let body = json!({ "username": "alice", "password": "alice-password" });
    let request = Request::post_json("/api/v1/auth/json", &body)
        .basic_auth(API_USER, API_PASSWORD)
        .header("X-Forwarded-For", "203.0.113.9");
    http::send(at, &request)
}

fn answered(node: &Policed) -> usize {
    node.heard("json").len()
}

#[test]
fn logins_go_on_while_one_node_is_down() {
    let mut nodes = [(); 2].map(|()| policy::start(&policy::credentials()));
    let addresses = [nodes[0].bulkhead.address(), nodes[1].bulkhead.address()];
    let (haproxy, front, _) = start(addresses);

    for _ in 0..6 {
        assert_eq!(login(front).status, 200, "{}", haproxy.log());
    }
    assert!(answered(&nodes[0]) > 0, "{}", haproxy.log());
    assert!(answered(&nodes[1]) > 0, "{}", haproxy.log());
    // The address that the caller invents does not count.
    assert_eq!(nodes[0].last("json").text("client_ip"), "127.0.0.1");

    for node in &mut nodes {
        node.bulkhead.kill();
        for _ in 0..10 {
            let response = login(front);
            assert_eq!(response.status, 200, "{response:?}\n{}", haproxy.log());
        }
        node.bulkhead.restart();
        // HAProxy sees by itself that the node is back.
        let before = answered(node);
        let back = wait::until(Duration::from_secs(30), || {
            assert_eq!(login(front).status, 200, "{}", haproxy.log());
            answered(node) > before
        });
        assert!(back, "{}", haproxy.log());
    }
}

/// nginx' mail proxy behind HAProxy: the client whose login it is, not nginx, is whom the policy sees.
#[test]
fn the_client_of_a_mail_proxy_stays_known() {
    let policed = policy::start(&policy::credentials());
    let node = policed.bulkhead.address();
    let (haproxy, front, _) = start([node, node]);
    for service in ["nginx", "header"] {
        let request = Request::new("GET", &format!("/api/v1/auth/{service}"))
            .basic_auth(API_USER, API_PASSWORD)
            .header("Auth-Method", "plain")
            .header("Auth-Protocol", "imap")
            .header("Auth-User", "alice")
            .header("Auth-Pass", "alice-password")
            .header("X-Forwarded-For", "203.0.113.9")
            .header("Client-IP", "192.0.2.7");
        let response = http::send(front, &request);
        assert_eq!(response.status, 200, "{response:?}\n{}", haproxy.log());
        assert_eq!(policed.last(service).text("client_ip"), "192.0.2.7");
    }
}

/// HAProxy passes TLS through and says in a PROXY header who connects; its health checks do the same.
#[test]
fn with_the_proxy_protocol_bulkhead_knows_who_asks_and_speaks_tls_itself() {
    let authority = Authority::new();
    let scratch = Scratch::new("certificates");
    let ca = scratch.write("ca.pem", &authority.pem);
    let certificate = scratch.write("server.pem", &authority.certificate);
    let key = scratch.write("server.key", &authority.key);
    let doors = [port::free(), port::free()];
    let mut nodes = doors.map(|door| {
        let listen = format!(
            "[{{listen}}, {{ address: \"{door}\", proxy_protocol: true, tls: {{ certificate: {}, key: {} }} }}]",
            certificate.display(),
            key.display()
        );
        policy::start_at(&listen, &policy::credentials())
    });
    let front = port::free();
    let file = Template::new(include_str!(
        "../../host/frontends/haproxy-proxy-protocol.cfg"
    ))
    .set("0.0.0.0:9443", front)
    .set("127.0.0.1:9080", doors[0])
    .set("127.0.0.1:9081", doors[1])
    .set("/etc/ssl/certs/bulkhead-ca.pem", ca.display())
    .set("bulkhead.example.org", NAME);
    let haproxy = Haproxy::start(&file.text(), &[front]);

    let url = format!("https://{NAME}:{}/api/v1/auth/json", front.port());
    let credentials = format!("{API_USER}:{API_PASSWORD}");
    let ask = || {
        let arguments = [
            "--interface",
            "127.0.0.2",
            "--user",
            &credentials,
            "--fail",
            "--header",
            "Content-Type: application/json",
            "--data",
            r#"{"username": "alice", "password": "alice-password"}"#,
            &url,
        ];
        let output = authority.curl(NAME, front, &arguments);
        assert_eq!(output.code, Some(0), "{output:?}\n{}", haproxy.log());
    };
    for _ in 0..4 {
        ask();
    }
    for node in &nodes {
        assert_eq!(node.last("json").text("client_ip"), "127.0.0.2");
    }
    nodes[0].bulkhead.kill();
    for _ in 0..4 {
        ask();
    }
    // The health checks find the node that is up well, and the other one not.
    let seen = wait::until(Duration::from_secs(30), || {
        haproxy.log().contains("bulkhead/one is DOWN")
    });
    assert!(seen, "{}", haproxy.log());
    assert!(!haproxy.log().contains("bulkhead/two is DOWN"));
    ask();
}

#[test]
fn without_a_node_the_answer_is_503() {
    let nowhere = [port::free(), port::free()];
    let (haproxy, front, _) = start(nowhere);
    assert_eq!(login(front).status, 503, "{}", haproxy.log());
}
