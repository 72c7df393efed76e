//! Mistakes of operators: temporary failures whose reason is in the log, and no secret with it.

use serde_json::{Value, json};

use crate::{
    databases::{self, Database},
    support::{self, ACCEPTED, REJECTED, SHORT, TEMPORARY, expect},
};

#[test]
fn a_wrong_password_for_the_database_is_a_temporary_failure() {
    for database in [databases::postgres(&[]), databases::mariadb(&[])] {
        let section = database.section();
        let (before, _) = section.split_once("password:").unwrap();
        let section = format!("{before} password: wrong-canary, {SHORT}");
        let server = support::start(&support::policy(&section, &support::usual()));
        expect(&server, "alice", "secret", TEMPORARY);
        expect(&server, "alice", "guess", TEMPORARY);
        let log = server.log();
        let reason = match database {
            Database::Postgres(_) => "password authentication failed",
            _ => "Access denied",
        };
        assert!(log.contains(reason), "{log}");
        assert!(!log.contains("wrong-canary"), "{log}");
        support::await_health(&server, "degraded");
    }
}

#[test]
fn statements_that_the_database_refuses_are_temporary_failures() {
    for database in databases::all() {
        let kind = database.kind();
        let search = |user: &str| json!({"search": [{"user": user}]});
        let rows: [(Value, &str); 4] = [
            (
                search("SELECT account FROM nowhere WHERE name = :username"),
                "nowhere",
            ),
            (search("SELEKT"), ""),
            (
                search("SELECT name AS account FROM users WHERE name = :username"),
                "no column `password`",
            ),
            (
                search("SELECT 'x' AS account, password FROM users WHERE name <> :protocol"),
                "several passwords",
            ),
        ];
        for (configuration, word) in rows {
            let server = support::start(&support::policy(&database.section(), &configuration));
            expect(&server, "alice", "secret", TEMPORARY);
            expect(&server, "alice", "guess", TEMPORARY);
            let log = server.log();
            assert!(log.contains(word), "{kind}: {log}");
        }
    }
}

/// The grant reads only, whatever the account may do.
#[test]
fn a_statement_that_changes_something_changes_nothing() {
    for database in databases::all() {
        let kind = database.kind();
        let mut statements = vec!["DELETE FROM users WHERE name <> :username"];
        match &database {
            Database::Postgres(_) => statements.push(
                "WITH gone AS (DELETE FROM users RETURNING *) SELECT account, password FROM gone \
                 WHERE name = :username",
            ),
            Database::Mariadb(_) => {}
            Database::Sqlite(_) => statements
                .push("WITH x AS (SELECT 1) DELETE FROM users WHERE name <> :username RETURNING *"),
        }
        for user in statements {
            let configuration = json!({"search": [{"user": user}]});
            let server = support::start(&support::policy(&database.section(), &configuration));
            expect(&server, "alice", "secret", TEMPORARY);
            assert_eq!(database.users(), 7, "{kind}: {user}");
        }
    }
}

/// The database's complaint repeats what was typed; our log does not.
#[test]
fn a_complaint_that_holds_the_password_is_not_logged_with_it() {
    let database = databases::postgres(&[]);
    let configuration = json!({"search": [{
        "user": support::USER,
        "verify": "SELECT CAST(CAST(:password AS text) AS integer) = 1",
    }]});
    let server = support::start(&support::policy(&database.section(), &configuration));
    expect(&server, "alice", "1", ACCEPTED);
    expect(&server, "alice", "2", REJECTED);
    expect(&server, "alice", "typed-canary", TEMPORARY);
    assert!(
        database.log().contains("invalid input syntax"),
        "{}",
        database.log()
    );
    let log = server.log();
    assert!(!log.contains("typed-canary"), "{log}");
}

/// A list is whole or not at all.
#[test]
fn a_list_longer_than_its_limit_is_a_temporary_failure() {
    for database in databases::all() {
        for (rows, whole) in [(7, true), (6, false)] {
            let section = format!("{}, rows: {rows}", database.section());
            let server = support::start(&support::policy(&section, &support::usual()));
            let listed = support::accounts(&server);
            assert_eq!(listed.is_ok(), whole, "{}: {listed:?}", database.kind());
            expect(&server, "alice", "secret", ACCEPTED);
        }
    }
}
