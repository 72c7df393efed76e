//! Connections are few: who finds none waits for a while, and then it is a temporary failure.

use std::thread;

use bulkhead_harness::Bulkhead;
use serde_json::json;

use crate::{
    databases,
    support::{self, ACCEPTED, SHORT, TEMPORARY, expect, login, metric},
};

/// Statuses of so many logins at the same time, sorted.
fn together(server: &Bulkhead, count: usize) -> Vec<u16> {
    let mut statuses: Vec<_> = thread::scope(|scope| {
        let one = || login(server, "alice", "secret").status;
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    statuses
}

fn slow(seconds: &str) -> serde_json::Value {
    let user = format!(
        "SELECT account, password, pg_sleep({seconds})::text FROM users WHERE name = :username"
    );
    json!({"search": [{"user": user}]})
}

#[test]
fn who_finds_no_free_connection_in_time_fails_for_now() {
    let database = databases::postgres(&[]);
    let limits = SHORT.replace("wait_timeout: 300ms", "wait_timeout: 100ms");
    let section = format!("{}, connections: 2, {limits}", database.section());
    let server = support::start(&support::policy(&section, &slow("0.5")));
    expect(&server, "alice", "secret", ACCEPTED);
    let statuses = together(&server, 6);
    assert_eq!(statuses.first(), Some(&ACCEPTED), "{}", server.log());
    assert_eq!(statuses.last(), Some(&TEMPORARY));
    // A crowd is no defect of the database.
    let opened = metric(
        &server,
        r#"bulkhead_sql_circuits_opened_total{database="mail"}"#,
    );
    assert!(opened < 0.5, "{}", server.log());
    expect(&server, "alice", "secret", ACCEPTED);
}

#[test]
fn so_many_logins_as_there_are_connections_and_many_more_in_turn_succeed() {
    let database = databases::postgres(&[]);
    let section = format!("{}, connections: 3, wait_timeout: 10s", database.section());
    let server = support::start(&support::policy(&section, &slow("0.05")));
    assert_eq!(together(&server, 24), [ACCEPTED; 24], "{}", server.log());
    let backends = database.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'bulkhead'");
    let backends: u32 = backends.trim().parse().unwrap();
    assert!(backends <= 3, "{backends}");
    let used = metric(
        &server,
        r#"bulkhead_sql_connections{database="mail",state="used"}"#,
    );
    let idle = metric(
        &server,
        r#"bulkhead_sql_connections{database="mail",state="idle"}"#,
    );
    assert!(used < 0.5 && idle > 0.5, "{used} {idle}");
}

/// The database grants fewer connections than are configured: those that there are serve on.
#[test]
fn a_database_that_is_full_is_not_left_alone() {
    let database = databases::postgres(&[]);
    database.sql("ALTER ROLE bulkhead CONNECTION LIMIT 1");
    let limits = SHORT
        .replace("failures: 3", "failures: 1")
        .replace("probe_interval: 200ms", "probe_interval: 1h");
    let section = format!("{}, connections: 5, {limits}", database.section());
    let server = support::start(&support::policy(&section, &slow("0.3")));
    expect(&server, "alice", "secret", ACCEPTED);
    for _ in 0..3 {
        let statuses = together(&server, 4);
        assert_eq!(statuses.first(), Some(&ACCEPTED), "{}", server.log());
    }
    let opened = metric(
        &server,
        r#"bulkhead_sql_circuits_opened_total{database="mail"}"#,
    );
    assert!(opened < 0.5, "{}", server.log());
    expect(&server, "alice", "secret", ACCEPTED);
}
