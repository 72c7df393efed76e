//! From failures to a ban, and what is to be seen of it.

use bulkhead_harness::{
    http::Request,
    web::{Answer, WebServer},
};
use serde_json::Value;

use super::policy::{
    HOSTS, banned, fail, is_banned, list, log_in, log_in_over, server, with_files,
};

#[test]
fn after_so_many_failures_the_right_password_is_refused_with_the_usual_words() {
    let server = server(HOSTS);
    fail(&server, "192.0.2.1", 5);
    let refused = log_in(&server, "alice", "right", "192.0.2.1");
    assert_eq!((refused.status, refused.text().as_str()), (403, "null"));
    assert_eq!(
        refused.header("auth-status"),
        Some("Invalid login or password")
    );
    // 10 * tanh(0.03 * 5)
    assert_eq!(refused.header("auth-wait"), Some("1"));
    // Somebody else's address.
    assert!(!is_banned(&server, "192.0.2.2"));
    // The same address, in another spelling.
    assert!(is_banned(&server, "::ffff:192.0.2.1"));
    let log = server.log();
    assert!(log.contains("A network is banned"), "{log}");
    assert!(log.contains("brute_force_bucket=hosts"), "{log}");
}

#[test]
fn one_failure_less_is_no_ban() {
    let server = server(HOSTS);
    fail(&server, "192.0.2.1", 4);
    assert!(!is_banned(&server, "192.0.2.1"));
    assert_eq!(banned(&server), []);
}

#[test]
fn a_ban_and_its_failures_survive_the_process() {
    let mut server = server(HOSTS);
    fail(&server, "192.0.2.1", 5);
    assert!(is_banned(&server, "192.0.2.1"));
    fail(&server, "192.0.2.2", 4);
    server.kill();
    server.restart();
    assert!(is_banned(&server, "192.0.2.1"));
    assert!(!is_banned(&server, "192.0.2.2"));
    fail(&server, "192.0.2.2", 1);
    assert!(is_banned(&server, "192.0.2.2"));
    let mut networks = banned(&server);
    networks.sort();
    let hosts = |network: &str| (network.to_owned(), "hosts".to_owned());
    assert_eq!(networks, [hosts("192.0.2.1/32"), hosts("192.0.2.2/32")]);
}

#[test]
fn the_list_says_since_when_and_how_long() {
    let server = server(HOSTS);
    fail(&server, "192.0.2.1", 5);
    assert!(is_banned(&server, "192.0.2.1"));
    let list = list(&server);
    let entry = &list[0]["entries"][0];
    let hours = |number: u64| number * 3600 * 1_000_000_000;
    assert_eq!(entry["ban_time"], hours(8));
    let left = entry["ttl"].as_u64().unwrap();
    assert!(left <= hours(8) && left > hours(7), "{left}");
    assert!(entry["banned_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(list[0]["error"], Value::Null);
    assert_eq!(list[0]["page"]["total"], 1);
    assert_eq!(list[1]["accounts"]["alice"][0], "192.0.2.1");
}

#[test]
fn the_list_can_be_had_in_pages_in_parts_and_in_the_old_shape() {
    let server = server(&format!("{HOSTS}  list_format: v3\n"));
    for host in 1..=3 {
        let client = format!("192.0.2.{host}");
        fail(&server, &client, 5);
        assert!(is_banned(&server, &client));
    }
    let page = server.send(&Request::new(
        "GET",
        "/api/v1/bruteforce/list?limit=2&offset=2",
    ));
    let page = &page.json()["result"][0];
    assert_eq!(page["entries"].as_array().unwrap().len(), 1);
    assert_eq!(page["page"]["total"], 3);
    let filter = serde_json::json!({"ip_addresses": ["::ffff:192.0.2.2"], "accounts": ["bob"]});
    let part = server.send(&Request::post_json("/api/v1/bruteforce/list", &filter));
    let part = &part.json()["result"];
    assert_eq!(part[0]["entries"].as_array().unwrap().len(), 1);
    assert_eq!(part[0]["entries"][0]["network"], "192.0.2.2/32");
    assert_eq!(part[1]["accounts"], serde_json::json!({}));
    let refused = server.send(&Request::new("GET", "/api/v1/bruteforce/list?limit=many"));
    assert_eq!(refused.status, 400);

    let old = super::policy::server(&format!("{HOSTS}  list_format: v1\n"));
    fail(&old, "192.0.2.1", 5);
    assert!(is_banned(&old, "192.0.2.1"));
    assert_eq!(
        list(&old),
        serde_json::json!([
            {"ip_addresses": {"192.0.2.1/32": "hosts"}, "error": null},
            {"accounts": {"alice": ["192.0.2.1"]}, "error": null},
        ])
    );
}

#[test]
fn the_actions_of_the_event_run_once_for_a_ban() {
    let service = WebServer::start(|exchange| {
        exchange.read_body()?;
        exchange.reply(&Answer::new(200))
    });
    let address = service.address();
    let server = with_files(
        HOSTS,
        "  actions: [{name: report, on: brute_force, component: \"builtin:webhook\"}]",
        &format!(
            "  report: {{configuration: {{url: \"http://{address}/\"}}, grants: {{http: {{hosts: [\"{address}\"]}}, secret: [key]}}}}\nsecrets: {{key: {{file: key.secret}}}}"
        ),
        &[("key.secret", "0123456789abcdef")],
    );
    fail(&server, "192.0.2.1", 5);
    assert_eq!(service.seen().len(), 0);
    for _ in 0..10 {
        assert!(is_banned(&server, "192.0.2.1"));
    }
    let seen = service.seen();
    assert_eq!(seen.len(), 1, "{}", server.log());
    let report = seen[0].json();
    assert_eq!(report["event"], "brute_force", "{report}");
}

#[test]
fn networks_families_and_protocols_count_for_themselves() {
    let server = server(
        "  buckets:
    - {name: nets, ipv4: true, cidr: 24, period: 1h, failed_requests: 5, filter_by_protocol: [imap, pop3]}
    - {name: sites, ipv6: true, cidr: 64, period: 1h, failed_requests: 5}
",
    );
    for host in 1..=5 {
        fail(&server, &format!("192.0.2.{host}"), 1);
        fail(&server, &format!("2001:db8::{host}"), 1);
    }
    assert!(is_banned(&server, "192.0.2.77"));
    assert!(!is_banned(&server, "192.0.3.1"));
    assert!(is_banned(&server, "2001:db8::ffff:1"));
    assert!(!is_banned(&server, "2001:db8:0:1::1"));
    for (protocol, status) in [("imap", 403), ("pop3", 200), ("smtp", 200)] {
        let response = log_in_over(&server, protocol, "alice", "right", "192.0.2.78");
        assert_eq!(response.status, status, "{protocol}");
    }
}

#[test]
fn the_numbers_are_on_the_metrics_page() {
    let server = server(HOSTS);
    fail(&server, "192.0.2.1", 5);
    for _ in 0..3 {
        assert!(is_banned(&server, "192.0.2.1"));
    }
    let page = server.send(&Request::new("GET", "/metrics")).text();
    for line in [
        "bruteforce_rejected_total{bucket=\"hosts\"} 3",
        "bulkhead_bruteforce_bans_total{bucket=\"hosts\"} 1",
        "bruteforce_eval_seconds_count 8",
    ] {
        assert!(page.contains(line), "{line} is not in:\n{page}");
    }
}
