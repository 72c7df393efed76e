//! Several backends in order: the first that knows decides, and one that cannot tell is not forgotten.

use serde_json::json;

use crate::{
    databases,
    support::{self, ACCEPTED, REJECTED, SHORT, TEMPORARY, accounts, await_status, expect},
};

/// A database, then a list of users, then the `test` backend.
fn policy(section: &str) -> String {
    let user = support::USER;
    format!(
        r#"
server: {{listen: "{{listen}}"}}
store: {{kind: memory}}
sql:
  mail: {{{section}}}
pipeline:
  backends:
    - {{name: mailboxes, component: "builtin:sql"}}
    - {{name: staff, component: "builtin:users-file"}}
    - {{name: guests, component: "builtin:test"}}
plugins:
  mailboxes:
    grants: {{password: true, sql: {{databases: [mail]}}}}
    configuration:
      database: mail
      search: [{{user: "{user}"}}]
      list_accounts: SELECT account FROM users WHERE name = 'alice'
  staff:
    grants: {{password: true}}
    configuration:
      users: [{{name: alice, password: of-staff}}, {{name: bob, password: builder}}]
  guests:
    grants: {{password: true, store: true}}
    configuration:
      users: [{{name: carol, password: song}}, {{name: dave, answer: failure}}]
reload: {{watch: false}}
"#
    )
}

#[test]
fn the_first_backend_that_knows_the_user_decides() {
    let database = databases::sqlite();
    let server = support::start(&policy(&database.section()));
    for (name, password, status) in [
        ("alice", "secret", ACCEPTED),
        // The database knows her: nobody else is asked.
        ("alice", "of-staff", REJECTED),
        ("bob", "builder", ACCEPTED),
        ("bob", "guess", REJECTED),
        ("carol", "song", ACCEPTED),
        ("carol", "guess", REJECTED),
        ("dave", "x", TEMPORARY),
        ("mallory", "x", REJECTED),
    ] {
        expect(&server, name, password, status);
    }
    let answer = expect(&server, "carol", "song", ACCEPTED).json();
    assert_eq!(answer["account_field"], "uid");
    let wanted = json!(["alice@example.org", "alice", "bob", "carol", "dave"]);
    assert_eq!(accounts(&server), Ok(wanted));
}

/// The users of a database that is away are not unknown, and those of the others still log in.
#[test]
fn without_its_database_the_others_serve_on_and_nobody_is_unknown() {
    let mut database = databases::postgres(&[]);
    let server = support::start(&policy(&format!("{}, {SHORT}", database.section())));
    expect(&server, "mallory", "x", REJECTED);
    database.stop();
    for (name, password, status) in [
        ("bob", "builder", ACCEPTED),
        ("bob", "guess", REJECTED),
        ("carol", "song", ACCEPTED),
        ("mallory", "x", TEMPORARY),
    ] {
        expect(&server, name, password, status);
    }
    assert_eq!(accounts(&server), Err(TEMPORARY), "never a partial list");
    database.restart();
    await_status(&server, "mallory", "x", REJECTED);
    assert!(accounts(&server).is_ok());
}

/// As in Nauthilus: whoever comes first.
#[test]
fn the_test_backend_trusts_on_first_use() {
    let server = support::start(
        r#"
server: {listen: "{listen}"}
store: {kind: memory}
pipeline:
  backends: [{name: test, component: "builtin:test"}]
plugins:
  test:
    grants: {password: true, store: true}
    configuration: {others: first-use}
reload: {watch: false}
"#,
    );
    assert_eq!(support::look_up(&server, "alice"), REJECTED);
    expect(&server, "alice", "first", ACCEPTED);
    expect(&server, "alice", "second", REJECTED);
    expect(&server, "alice", "first", ACCEPTED);
    assert_eq!(support::look_up(&server, "alice"), ACCEPTED);
    assert!(server.log().contains("it is not for production"));
}
