//! HAProxy in front of two Bulkheads.

use std::net::SocketAddr;

use bulkhead_harness::{Haproxy, Template, http, http::Request, port};
use serde_json::json;

use crate::policy::{self, API_PASSWORD, API_USER, Policed};

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
        let back = bulkhead_harness::wait::until(std::time::Duration::from_secs(30), || {
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

#[test]
fn without_a_node_the_answer_is_503() {
    let nowhere = [port::free(), port::free()];
    let (haproxy, front, _) = start(nowhere);
    assert_eq!(login(front).status, 503, "{}", haproxy.log());
}
