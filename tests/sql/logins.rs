//! Users in a database: who gets in, what is known of them, and that no name means more than a name.

use serde_json::json;

use crate::{
    databases::{self, Database},
    support::{
        self, ACCEPTED, REFUSED, REJECTED, TEMPORARY, accounts, expect, login, look_up, metric,
    },
};

/// Names that would change a statement if they became part of it.
const INJECTIONS: [&str; 10] = [
    "'OR'1'='1",
    "'/**/OR/**/1=1--",
    "alice'--",
    "alice'#",
    "alice\\'/**/OR/**/1=1#",
    "alice';DROP/**/TABLE/**/users;--",
    "\"/**/OR/**/\"\"=\"",
    "'||(SELECT/**/password/**/FROM/**/users)||'",
    "%",
    "$1:username?",
];

fn logins(database: &Database) {
    let kind = database.kind();
    let server = support::start(&support::policy(&database.section(), &support::usual()));
    for (name, password, status) in [
        ("alice", "secret", ACCEPTED),
        ("alice", "guess", REJECTED),
        ("alice", "Secret", REJECTED),
        ("o'hara", "it's \"quoted\"", ACCEPTED),
        ("jörg@例え.jp", "pässwörd", ACCEPTED),
        ("mallory", "secret", REJECTED),
        ("locked", "x", REJECTED),
        ("empty", "x", REJECTED),
        ("broken", "secret", TEMPORARY),
        ("homeless", "secret", REJECTED),
    ] {
        expect(&server, name, password, status);
    }

    let answer = expect(&server, "alice", "secret", ACCEPTED).json();
    assert_eq!(answer["account_field"], "account", "{kind}");
    let attributes = &answer["attributes"];
    assert_eq!(
        attributes["account"],
        json!(["alice@example.org"]),
        "{kind}"
    );
    assert_eq!(
        attributes["quota"],
        json!([1_099_511_627_776_i64]),
        "{kind}"
    );
    assert_eq!(attributes["ratio"], json!([0.5]), "{kind}");
    assert_eq!(attributes["active"], json!([true]), "{kind}");
    assert!(attributes.get("password").is_none(), "{kind}: {attributes}");
    let answer = expect(&server, "o'hara", "it's \"quoted\"", ACCEPTED).json();
    assert!(
        answer["attributes"].get("ratio").is_none(),
        "NULL is no value"
    );

    assert_eq!(look_up(&server, "alice"), ACCEPTED, "{kind}");
    assert_eq!(look_up(&server, "locked"), ACCEPTED, "{kind}");
    assert_eq!(look_up(&server, "mallory"), REJECTED, "{kind}");
    let mut names: Vec<String> = serde_json::from_value(accounts(&server).unwrap()).unwrap();
    names.sort();
    let wanted = [
        "alice@example.org",
        "broken@example.org",
        "empty@example.org",
        "jörg",
        "locked@example.org",
        "ohara@example.org",
    ];
    assert_eq!(names, wanted, "{kind}");

    let mut asked = 0;
    for name in INJECTIONS {
        for password in ["secret", "'OR'1'='1", name] {
            let status = login(&server, name, password).status;
            // The API itself refuses some of them.
            assert!([REJECTED, REFUSED].contains(&status), "{kind}: {name}");
            asked += usize::from(status == REJECTED);
        }
        let status = look_up(&server, name);
        assert!([REJECTED, REFUSED].contains(&status), "{kind}: {name}");
    }
    assert!(asked >= 18, "{asked} reached the database");
    assert_eq!(database.users(), 7, "{kind}");
    names_were_bound(database);

    let ok = metric(
        &server,
        r#"bulkhead_sql_statements_total{database="mail",outcome="ok"}"#,
    );
    assert!(ok >= 20.0, "{kind}: {ok}");
    let (status, check) = support::health(&server);
    assert_eq!(status, "ok", "{kind}: {check}");
    assert!(
        !server.log().contains(databases::DATABASE_PASSWORD),
        "{kind}"
    );
}

/// In the server's own log a name stands where values stand, never in the text of a statement.
fn names_were_bound(database: &Database) {
    let log = database.log();
    let (marks, text, value) = match database {
        Database::Postgres(_) => (
            "LOG:  execute",
            "WHERE name = $1",
            "parameters: $1 = '''OR''1''=''1'",
        ),
        Database::Mariadb(_) => ("Prepare", "WHERE name = ?", r"WHERE name = '\'OR\'1\'=\'1'"),
        Database::Sqlite(_) => return,
    };
    let of_users = |line: &&str| line.contains(marks) && line.contains("WHERE name");
    let statements: Vec<_> = log.lines().filter(of_users).collect();
    assert!(!statements.is_empty(), "{log}");
    for statement in statements {
        assert!(statement.contains(text), "{statement}");
        for name in INJECTIONS {
            assert!(name == "%" || !statement.contains(name), "{statement}");
        }
    }
    assert!(log.contains(value), "{log}");
}

#[test]
fn users_in_postgresql_log_in() {
    logins(&databases::postgres(&[]));
}

#[test]
fn users_in_mariadb_log_in() {
    logins(&databases::mariadb(&[]));
}

#[test]
fn users_in_sqlite_log_in() {
    logins(&databases::sqlite());
}

/// A statement that compares, in each dialect; protocols of their own; several rows for one user.
#[test]
fn the_database_compares_and_protocols_differ() {
    for database in databases::all() {
        let (setup, verify) = match &database {
            Database::Postgres(_) => (
                "CREATE EXTENSION pgcrypto; ALTER TABLE users ADD hash TEXT; \
                 UPDATE users SET hash = crypt('s3cret', gen_salt('bf', 4))",
                "SELECT hash = crypt(:password, hash) FROM users WHERE name = :username",
            ),
            Database::Mariadb(_) => (
                "ALTER TABLE users ADD hash TEXT; UPDATE users SET hash = SHA2('s3cret', 256)",
                "SELECT hash = SHA2(:password, 256) FROM users WHERE name = :username",
            ),
            Database::Sqlite(_) => (
                "ALTER TABLE users ADD hash TEXT; UPDATE users SET hash = 's3cret'",
                "SELECT hash = :password FROM users WHERE name = :username",
            ),
        };
        database.sql(setup);
        database.sql(
            "CREATE TABLE members (name VARCHAR(190), team VARCHAR(190)); \
             INSERT INTO members VALUES ('alice', 'staff'), ('alice', 'admins');",
        );
        if let Database::Postgres(_) = &database {
            database.sql("GRANT ALL ON members TO bulkhead");
        }
        let configuration = json!({"search": [
            {
                "protocols": ["imap"],
                "user": "SELECT account AS uid, quota, team FROM users LEFT JOIN members \
                         ON members.name = users.name WHERE users.name = :username",
                "verify": verify,
                "account_field": "uid",
                "attributes": {"quota_bytes": "quota", "teams": "team"},
            },
            {"protocols": ["smtp"], "user": support::USER},
        ]});
        let server = support::start(&support::policy(&database.section(), &configuration));
        let kind = database.kind();
        let answer = expect(&server, "alice", "s3cret", ACCEPTED).json();
        assert_eq!(answer["account_field"], "uid", "{kind}");
        assert_eq!(answer["attributes"]["uid"], json!(["alice@example.org"]));
        let mut teams = answer["attributes"]["teams"].as_array().unwrap().clone();
        teams.sort_by_key(ToString::to_string);
        assert_eq!(teams, [json!("admins"), json!("staff")], "{kind}");
        expect(&server, "alice", "secret", REJECTED);
        expect(&server, "alice", "'OR'1'='1", REJECTED);
        expect(&server, "mallory", "s3cret", REJECTED);
        for (protocol, password, status) in [
            ("smtp", "secret", ACCEPTED),
            ("smtp", "s3cret", REJECTED),
            // Nobody says who these users are.
            ("pop3", "secret", TEMPORARY),
        ] {
            let body = json!({"username": "alice", "password": password, "protocol": protocol});
            let request = bulkhead_harness::http::Request::post_json("/api/v1/auth/json", &body);
            assert_eq!(server.send(&request).status, status, "{kind} {protocol}");
        }
    }
}
