//! A database that is away, slow, half-open or not itself: a temporary failure in bounded time, never a
//! verdict; and the circuit opens and closes.

use std::time::Duration;

use bulkhead_harness::{Line, Relay};

use crate::{
    databases::{self, Database},
    support::{self, ACCEPTED, REJECTED, SHORT, TEMPORARY, await_status, expect, metric},
};

/// Longer than any timeout of [`SHORT`] and one more try.
const BOUND: Duration = Duration::from_secs(4);

const OPENED: &str = r#"bulkhead_sql_circuits_opened_total{database="mail"}"#;
const LEFT_ALONE: &str = r#"bulkhead_sql_hosts_left_alone{database="mail"}"#;

fn faults(database: &Database) {
    let relay = Relay::start(database.host().parse().unwrap());
    let section = database.section_at(&relay.address().to_string());
    let policy = support::policy(&format!("{section}, {SHORT}"), &support::usual());
    let server = support::start(&policy);
    expect(&server, "alice", "secret", ACCEPTED);
    for line in [Line::Silent, Line::Cut, Line::Garbage] {
        let opened = metric(&server, OPENED);
        relay.set(line);
        for (name, password) in [
            ("alice", "secret"),
            ("alice", "guess"),
            ("mallory", "guess"),
            ("alice", "secret"),
            ("alice", "guess"),
        ] {
            let (status, took) = support::timed(&server, name, password);
            assert_eq!(status, TEMPORARY, "{line:?}\n{}", server.log());
            assert!(took < BOUND, "{line:?}: {took:?}");
        }
        assert_eq!(support::accounts(&server), Err(TEMPORARY), "{line:?}");
        support::await_health(&server, "degraded");
        assert!(
            metric(&server, OPENED) > opened,
            "{line:?}: the circuit stays closed"
        );

        relay.set(Line::Works);
        await_status(&server, "alice", "secret", ACCEPTED);
        expect(&server, "alice", "guess", REJECTED);
        support::await_health(&server, "ok");
        assert!(
            metric(&server, LEFT_ALONE) < 0.5,
            "{line:?}: the circuit stays open"
        );
    }
}

#[test]
fn a_postgresql_behind_a_bad_line_is_a_temporary_failure() {
    faults(&databases::postgres(&[]));
}

#[test]
fn a_mariadb_behind_a_bad_line_is_a_temporary_failure() {
    faults(&databases::mariadb(&[]));
}

/// With an open circuit nobody waits, and nobody knocks but one at a time.
#[test]
fn a_host_that_is_left_alone_costs_no_time() {
    let database = databases::postgres(&[]);
    let relay = Relay::start(database.host().parse().unwrap());
    let section = database.section_at(&relay.address().to_string());
    let limits = SHORT
        .replace("cool_down: 500ms", "cool_down: 1h")
        .replace("probe_interval: 200ms", "probe_interval: 1h");
    let policy = support::policy(&format!("{section}, {limits}"), &support::usual());
    let server = support::start(&policy);
    expect(&server, "alice", "secret", ACCEPTED);
    relay.set(Line::Silent);
    for _ in 0..3 {
        expect(&server, "alice", "secret", TEMPORARY);
    }
    let connections = relay.connections();
    let tried: Vec<_> = (0..5)
        .map(|_| support::timed(&server, "alice", "secret"))
        .collect();
    assert!(tried.iter().all(|(status, _)| *status == TEMPORARY));
    // The machine may hold up some of them.
    let took = tried.iter().map(|(_, took)| took).min().unwrap();
    assert!(*took < Duration::from_millis(400), "{tried:?}");
    assert_eq!(relay.connections(), connections);
    let (status, check) = support::health(&server);
    assert_eq!(status, "degraded");
    let reason = check["meta"]["failing"]["mail"].as_str().unwrap();
    assert!(reason.contains("left alone"), "{check}");
}

/// A statement that takes too long is given up, and says nothing about the next one.
#[test]
fn a_slow_statement_is_a_temporary_failure_and_opens_no_circuit() {
    for database in databases::all() {
        let wait = match &database {
            Database::Postgres(_) => "CASE WHEN :protocol = 'smtp' THEN pg_sleep(20)::text END",
            Database::Mariadb(_) => "IF(:protocol = 'smtp', SLEEP(20), NULL)",
            Database::Sqlite(_) => {
                "CASE WHEN :protocol = 'smtp' THEN (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL \
                 SELECT x + 1 FROM c LIMIT 2000000000) SELECT max(x) FROM c) END"
            }
        };
        let user =
            format!("SELECT account, password, {wait} AS waited FROM users WHERE name = :username");
        let configuration = serde_json::json!({"search": [{"user": user}]});
        let policy = format!("{}, {SHORT}", database.section());
        let server = support::start(&support::policy(&policy, &configuration));
        let kind = database.kind();
        let body =
            serde_json::json!({"username": "alice", "password": "secret", "protocol": "smtp"});
        let slow = bulkhead_harness::http::Request::post_json("/api/v1/auth/json", &body);
        for _ in 0..5 {
            let start = std::time::Instant::now();
            assert_eq!(server.send(&slow).status, TEMPORARY, "{kind}");
            assert!(start.elapsed() < BOUND, "{kind}: {:?}", start.elapsed());
        }
        expect(&server, "alice", "secret", ACCEPTED);
        expect(&server, "alice", "guess", REJECTED);
        assert!(metric(&server, OPENED) < 0.5, "{kind}\n{}", server.log());
    }
}
