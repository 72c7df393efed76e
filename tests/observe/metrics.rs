//! `/metrics`: exact numbers after known requests, and who may see them.

use bulkhead_harness::http::{Connection, Request};

use crate::policy::{self, Site};

/// Three accepts, two rejects, one temporary failure, a look-up, a list, and what never became a login.
fn known_requests(site: &Site) {
    let rows = [
        (policy::login("alice", "alice-password", "imap"), 200),
        (policy::login("alice", "alice-password", "imap"), 200),
        (policy::login("alice", "alice-password", "pop3"), 200),
        (policy::login("alice", "wrong", "imap"), 403),
        (policy::login("dora", "dora-password", "smtp"), 403),
        (policy::login("broken", "x", "imap"), 500),
        (
            Request {
                target: "/api/v1/auth/json?mode=no-auth".to_owned(),
                ..policy::login("alice", "", "imap")
            },
            200,
        ),
        (
            Request::new("GET", "/api/v1/auth/json?mode=list-accounts"),
            200,
        ),
        (
            Request::new("POST", "/api/v1/auth/json")
                .header("Content-Type", "application/json")
                .body("{"),
            400,
        ),
        (Request::new("GET", "/nowhere/alice"), 404),
        (Request::new("GET", "/api/v1/custom/status"), 200),
        (Request::new("GET", "/ping"), 200),
    ];
    for (request, status) in rows {
        assert_eq!(site.send(&request).status, status, "{request:?}");
    }
}

#[test]
fn the_numbers_are_those_of_what_happened() {
    let site = policy::start("", "");
    // The harness asked `/ping` until it answered; how often is chance.
    known_requests(&site);
    let page = site.page_with(
        r#"bulkhead_calls_total{stage="post-actions",plugin="report",verdict="done"} 7"#,
    );
    let chance = [
        "_bucket{",
        "_sum{",
        "_seconds_total{",
        "_timestamp ",
        "bulkhead_version_info",
        "bulkhead_connections_open",
        "path=\"/ping\"",
        "path=\"/metrics\"",
    ];
    let mut exact: Vec<&str> = page
        .lines()
        .filter(|line| !line.starts_with('#') && !chance.iter().any(|part| line.contains(part)))
        .collect();
    exact.sort_unstable();
    insta::assert_snapshot!(exact.join("\n"));
}

#[test]
fn open_connections_count_until_they_are_closed() {
    let site = policy::start("", "");
    let mut open: Vec<Connection> = Vec::new();
    for _ in 0..3 {
        let mut connection = Connection::open(site.bulkhead.address()).unwrap();
        connection.send(&Request::new("GET", "/ping")).unwrap();
        open.push(connection);
    }
    // And the one that asks.
    site.page_with("bulkhead_connections_open 4");
    drop(open);
    site.page_with("bulkhead_connections_open 1");
}

#[test]
fn the_page_comes_in_the_format_that_is_asked_for() {
    let site = policy::start("", "");
    let plain = site.get("/metrics");
    let content_type = plain.header("Content-Type");
    assert_eq!(
        content_type,
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    assert!(plain.text().contains("# TYPE logins_total counter\n"));
    assert!(!plain.text().contains("# EOF"));

    let accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3";
    let request = Request::new("GET", "/metrics").header("Accept", accept);
    let open = site.send(&request);
    assert_eq!(
        open.header("Content-Type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    assert!(open.text().contains("# TYPE logins counter\n"));
    assert!(open.text().ends_with("# EOF\n"));
}

#[test]
fn credentials_of_its_own_guard_the_page() {
    let site = policy::start(
        "basic_auth: { username: dovecot, password: { file: api.secret } }\n\
         metrics_auth: { username: scraper, password: { file: metrics.secret } }",
        "",
    );
    let page = || Request::new("GET", "/metrics");
    for (request, status) in [
        (page(), 401),
        (page().basic_auth("dovecot", "between the servers"), 401),
        (page().basic_auth("scraper", "only for scrapers"), 200),
    ] {
        let response = site.send(&request);
        assert_eq!(response.status, status);
        let challenge = response.header("WWW-Authenticate");
        let expected = r#"Basic realm="metrics", charset="UTF-8""#;
        assert_eq!(challenge, (status == 401).then_some(expected));
        assert_eq!(response.text().contains("logins_total"), status == 200);
    }
}

#[test]
fn on_loopback_the_api_s_credentials_do_not_guard_it() {
    let site = policy::start(
        "basic_auth: { username: dovecot, password: { file: api.secret } }",
        "",
    );
    assert_eq!(site.get("/metrics").status, 200);
}

#[test]
fn a_page_that_is_switched_off_does_not_exist() {
    let site = policy::start("disabled_endpoints: [metrics]", "");
    let response = site.get("/metrics");
    assert_eq!(response.status, 404);
    assert_eq!(response.text(), site.get("/nowhere").text());
}
