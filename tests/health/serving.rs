//! What Bulkhead answers to nginx, says at `/healthz` and counts, as servers die and come back.

use std::collections::BTreeSet;

use bulkhead_harness::{
    Bulkhead,
    http::{Request, basic},
};
use serde_json::json;

use crate::{
    fake::{Switched, talks},
    policy::{self, PACE, await_state, health, login, port_of, question},
    targets::at,
};

fn two(one: &Switched, two: &Switched, rest: &str) -> String {
    let targets = [at("imap", one.address, rest), at("imap", two.address, rest)];
    format!("{PACE}, targets: [{}]", targets.join(", "))
}

fn ports(bulkhead: &Bulkhead, count: usize) -> BTreeSet<u16> {
    (0..count)
        .filter_map(|_| port_of(&login(bulkhead, "imap", "alice")))
        .collect()
}

fn metric(bulkhead: &Bulkhead, series: &str) -> f64 {
    let page = bulkhead.send(&Request::new("GET", "/metrics")).text();
    let line = page.lines().find_map(|line| line.strip_prefix(series));
    line.unwrap_or_else(|| panic!("{series} is not in\n{page}"))
        .trim()
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_goes_to_a_server_that_lives() {
    let (one, other) = (Switched::start().await, Switched::start().await);
    let bulkhead = policy::start(&two(&one, &other, ""), "");
    let both = BTreeSet::from([one.address.port(), other.address.port()]);
    assert_eq!(ports(&bulkhead, 4), both);
    await_state(&bulkhead, "imap", "alive", 2);
    one.refuse();
    await_state(&bulkhead, "imap", "dead", 1);
    assert_eq!(ports(&bulkhead, 4), BTreeSet::from([other.address.port()]));
    assert_eq!(health(&bulkhead)["status"], "degraded");
    let series = |port: u16| {
        format!("bulkhead_upstream_alive{{server=\"imap-127.0.0.1-{port}\",protocol=\"imap\"}}")
    };
    assert_eq!(metric(&bulkhead, &series(one.address.port())), 0.0);
    assert_eq!(metric(&bulkhead, &series(other.address.port())), 1.0);
    one.greet();
    await_state(&bulkhead, "imap", "alive", 2);
    assert_eq!(ports(&bulkhead, 4), both);
    assert_eq!(health(&bulkhead)["status"], "ok");
    let log = bulkhead.log();
    assert!(log.contains("closed today"), "{log}");
    assert!(log.contains("A server behind the proxies is dead"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_no_server_alive_nginx_hears_of_a_failure_and_everybody_else_of_the_login() {
    let server = Switched::start().await;
    server.refuse();
    let targets: Vec<_> = ["imap", "smtp"]
        .iter()
        .map(|protocol| at(protocol, server.address, ""))
        .collect();
    let checks = format!("{PACE}, targets: [{}]", targets.join(", "));
    let bulkhead = policy::start(&checks, "");
    await_state(&bulkhead, "imap", "dead", 1);
    await_state(&bulkhead, "smtp", "dead", 1);
    for (protocol, code) in [("imap", None), ("smtp", Some("451 4.3.0"))] {
        let response = login(&bulkhead, protocol, "alice");
        assert_eq!(response.header("Auth-Status"), Some("Internal failure"));
        assert_eq!(response.header("Auth-Error-Code"), code, "{response:?}");
        assert_eq!(port_of(&response), None);
    }
    // A wrong password is one all the same.
    let response = bulkhead.send(&question("imap", "alice", "wrong"));
    assert_eq!(
        response.header("Auth-Status"),
        Some("Invalid login or password")
    );
    // Nobody checks POP3: the fixed server.
    assert_eq!(port_of(&login(&bulkhead, "pop3", "alice")), Some(1110));
    // Others ask for the decision alone.
    let body = json!({ "username": "alice", "password": "alice-password", "protocol": "imap" });
    let response = bulkhead.send(&Request::post_json("/api/v1/auth/json", &body));
    assert_eq!(response.status, 200);
    assert_eq!(health(&bulkhead)["status"], "degraded");
    let series = "bulkhead_upstream_logins_total{server=\"none\",protocol=\"imap\"}";
    assert_eq!(metric(&bulkhead, series), 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_algorithm_is_the_configured_one() {
    let (one, other) = (Switched::start().await, Switched::start().await);
    let ports_of = |selection: &str, users: &[&str]| -> Vec<u16> {
        let checks = format!("selection: {selection}, {}", two(&one, &other, ""));
        let bulkhead = policy::start(&checks, "");
        let port = |user: &&str| port_of(&login(&bulkhead, "imap", user)).unwrap();
        users.iter().map(port).collect()
    };
    let (first, second) = (one.address.port(), other.address.port());
    let four = ["alice"; 4];
    assert_eq!(ports_of("priority", &four), [first; 4]);
    assert_eq!(
        ports_of("round-robin", &four),
        [first, second, first, second]
    );
    let users = [
        "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "u10", "u11", "u12",
    ];
    let hashed = ports_of("consistent-hash", &users);
    assert_eq!(
        ports_of("consistent-hash", &users),
        hashed,
        "after a restart"
    );
    let distinct: BTreeSet<_> = hashed.into_iter().collect();
    assert_eq!(distinct, BTreeSet::from([first, second]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_learns_numbers_and_callers_with_credentials_learn_why() {
    // Repeats what it hears, the password included.
    let address = talks("* OK hi\r\n", |line| match line {
        "c CAPABILITY" => "c OK\r\n".to_owned(),
        line => format!("l NO I heard {line}\r\n"),
    })
    .await;
    let login = ", deep_check: true, test_username: monitor, test_password: {file: monitor.secret}";
    let checks = format!("{PACE}, targets: [{}]", at("imap", address, login));
    let server = "  basic_auth: { username: nginx, password: { file: api.secret } }\n";
    let bulkhead = policy::start(&checks, server);
    await_state(&bulkhead, "imap", "dead", 1);
    let public = bulkhead.send(&Request::new("GET", "/healthz")).text();
    assert!(!public.contains(&address.port().to_string()), "{public}");
    assert!(!public.contains("heard"), "{public}");
    let request = Request::new("GET", "/healthz")
        .header("Authorization", &basic("nginx", "api-Secret-0123456789"));
    let told = bulkhead.send(&request).json();
    let server = &told["checks"]["upstreams"]["meta"]["servers"][0];
    assert_eq!(server["state"], "dead");
    assert_eq!(server["port"], address.port());
    let why = server["last_error"].as_str().unwrap();
    assert!(why.contains("I heard") && why.contains("(masked)"), "{why}");
    let everything = format!("{public}{told}{}", bulkhead.log());
    assert!(!everything.contains("monitor-password"), "{everything}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_changes_who_is_checked_and_a_broken_one_changes_nothing() {
    let (one, other) = (Switched::start().await, Switched::start().await);
    one.refuse();
    let only_one = format!("{PACE}, targets: [{}]", at("imap", one.address, ""));
    let bulkhead = policy::start(&only_one, "");
    await_state(&bulkhead, "imap", "dead", 1);
    let since = |index: usize| {
        let health = health(&bulkhead);
        health["checks"]["upstreams"]["meta"]["servers"][index]["since"].clone()
    };
    let before = since(0);
    let twice = [at("imap", one.address, ""), at("imap", one.address, "")];
    let broken = policy::reload(&bulkhead, &format!("targets: [{}]", twice.join(", ")));
    assert_ne!(broken.status, 200, "{broken:?}");
    assert_eq!(port_of(&login(&bulkhead, "imap", "alice")), None);
    let response = policy::reload(&bulkhead, &two(&one, &other, ""));
    assert_eq!(response.status, 200, "{}", response.text());
    // The first is still known to be dead, and the second is used at once.
    assert_eq!(since(0), before);
    assert_eq!(ports(&bulkhead, 3), BTreeSet::from([other.address.port()]));
    let response = policy::reload(&bulkhead, "");
    assert_eq!(response.status, 200, "{}", response.text());
    // Nobody is checked any more: the fixed server.
    assert_eq!(ports(&bulkhead, 1), BTreeSet::from([1143]));
    assert!(health(&bulkhead)["checks"]["upstreams"].is_null());
}
