//! An administrator frees an address.

use std::time::Duration;

use bulkhead_harness::{
    Bulkhead,
    http::{Request, Response},
    wait,
};
use serde_json::{Value, json};

use super::policy::{HOSTS, banned, fail, is_banned, list, server};

pub(super) fn delete(server: &Bulkhead, path: &str, body: &Value) -> Response {
    let request = Request::new("DELETE", path).header("Content-Type", "application/json");
    server.send(&request.body(body.to_string()))
}

fn ban(server: &Bulkhead, client: &str) {
    fail(server, client, 5);
    assert!(is_banned(server, client));
}

#[test]
fn a_flushed_address_begins_anew() {
    let server = server(HOSTS);
    ban(&server, "192.0.2.1");
    ban(&server, "192.0.2.2");
    let wish = json!({"ip_address": "192.0.2.1", "rule_name": "*"});
    let response = delete(&server, "/api/v1/bruteforce/flush", &wish);
    assert_eq!(response.status, 200);
    let answer = response.json();
    assert_eq!(answer["object"], "bruteforce");
    assert_eq!(answer["operation"], "flush");
    let result = &answer["result"];
    assert_eq!(result["ip_address"], "192.0.2.1");
    assert_eq!(result["rule_name"], "*");
    let removed = result["removed_keys"].as_array().unwrap();
    assert_eq!(result["status"], format!("{} keys flushed", removed.len()));
    let ban = "bulkhead.brute-force:bucket|hosts|192.0.2.1/32||";
    assert!(removed.contains(&json!(ban)), "{removed:?}");

    // At once, though this node knew the ban.
    assert!(!is_banned(&server, "192.0.2.1"));
    assert!(is_banned(&server, "192.0.2.2"));
    assert_eq!(banned(&server).len(), 1);
    assert_eq!(
        list(&server)[1]["accounts"],
        json!({"alice": ["192.0.2.2"]})
    );
    fail(&server, "192.0.2.1", 4);
    assert!(!is_banned(&server, "192.0.2.1"));
    fail(&server, "192.0.2.1", 1);
    assert!(is_banned(&server, "192.0.2.1"));
}

#[test]
fn a_flush_that_finds_nothing_says_so_and_one_that_makes_no_sense_is_refused() {
    let server = server(HOSTS);
    let flush = |body: Value| {
        let response = delete(&server, "/api/v1/bruteforce/flush", &body);
        (response.status, response.json())
    };
    let (status, answer) = flush(json!({"ip_address": "2001:db8::1", "rule_name": "hosts"}));
    assert_eq!(
        (status, &answer["result"]["status"]),
        (200, &json!("not flushed"))
    );
    let (status, answer) = flush(json!({"ip_address": "192.0.2.1", "rule_name": "other"}));
    assert_eq!(status, 400);
    assert_eq!(answer, json!({"error": "there is no rule `other`"}));
    let (status, answer) = flush(json!({"rule_name": "*"}));
    assert_eq!(status, 400);
    assert_eq!(
        answer,
        json!({"errors": [{"field": "IPAddress", "message": "This field is required"}]})
    );
    let (status, _) = flush(json!({"ip_address": "example.org", "rule_name": "*"}));
    assert_eq!(status, 400);
}

#[test]
fn a_flush_in_the_background_is_a_job() {
    let server = server(HOSTS);
    ban(&server, "192.0.2.1");
    let wish = json!({"ip_address": "192.0.2.1", "rule_name": "hosts"});
    let response = delete(&server, "/api/v1/bruteforce/flush/async", &wish);
    assert_eq!(response.status, 202);
    let answer = response.json();
    assert_eq!(answer["operation"], "flush_async");
    assert_eq!(answer["result"]["status"], "QUEUED");
    let id = answer["result"]["jobId"].as_str().unwrap();
    let job = || {
        let request = Request::new("GET", &format!("/api/v1/async/jobs/{id}"));
        server.send(&request).json()["result"].clone()
    };
    let done = wait::until(Duration::from_secs(20), || job()["status"] == "DONE");
    assert!(done, "{}", job());
    assert_eq!(job()["type"], "BF_FLUSH");
    assert_eq!(job()["resultCount"], "1");
    assert!(!is_banned(&server, "192.0.2.1"));
    assert_eq!(banned(&server), []);
}

#[test]
fn one_of_several_protocols_can_be_flushed() {
    let server = server(
        "  buckets: [{name: hosts, ipv4: true, cidr: 32, period: 1h, failed_requests: 5, filter_by_protocol: [imap, pop3]}]
",
    );
    ban(&server, "192.0.2.1");
    let wish = |protocol: &str| json!({"ip_address": "192.0.2.1", "rule_name": "hosts", "protocol": protocol});
    delete(&server, "/api/v1/bruteforce/flush", &wish("pop3"));
    assert!(is_banned(&server, "192.0.2.1"));
    let answer = delete(&server, "/api/v1/bruteforce/flush", &wish("imap")).json();
    assert_eq!(answer["result"]["status"], "1 key flushed");
    assert_eq!(answer["result"]["protocol"], "imap");
    assert!(!is_banned(&server, "192.0.2.1"));
}
