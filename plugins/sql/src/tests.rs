//! The backend against a database that is not there.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use bulkhead_sdk::{
    Attribute,
    sql::{Piece, Reply},
    testing::{TestHost, configure, request, run_backend},
};

use super::*;

const BY_COLUMN: &str = r#"{"database": "mail", "list_accounts": "SELECT account FROM users",
    "search": [{"user": "SELECT * FROM users WHERE name = :username"}]}"#;
const BY_STATEMENT: &str = r#"{"database": "mail", "search": [{
    "user": "SELECT account FROM users WHERE name = :username",
    "verify": "SELECT right(:username, :password)"}]}"#;

fn text(text: &str) -> Value {
    Value::from(text)
}

fn ask(configuration: &str, host: &TestHost, operation: Operation) -> Result<Answer, Failure> {
    let login = request().username("alice").password("secret").build();
    ask_for(configuration, host, login, operation)
}

fn ask_for(
    configuration: &str,
    host: &TestHost,
    login: Request,
    operation: Operation,
) -> Result<Answer, Failure> {
    let plugin = configure::<Sql>(configuration).unwrap();
    run_backend(&plugin, host, login, operation)
}

fn user(answer: Result<Answer, Failure>) -> User {
    match answer.unwrap() {
        Answer::User(user) => user,
        other => panic!("{other:?}"),
    }
}

fn alice(password: Value) -> TestHost {
    let row = vec![text("alice@example.org"), password, Value::Integer(5)];
    TestHost::new().with_rows(&["account", "password", "quota"], vec![row])
}

#[test]
fn a_stored_password_is_compared() {
    for (stored, authenticated) in [
        (text("{PLAIN}secret"), true),
        (Value::Bytes(b"{PLAIN}secret".to_vec()), true),
        (text("{PLAIN}other"), false),
        (text(""), false),
        (Value::Null, false),
    ] {
        let found = user(ask(BY_COLUMN, &alice(stored.clone()), Operation::Verify));
        assert!(found.found);
        assert_eq!(found.authenticated, authenticated, "{stored:?}");
        assert_eq!(found.account_field, "account");
    }
}

#[test]
fn every_column_but_the_password_is_an_attribute() {
    let found = user(ask(BY_COLUMN, &alice(text("x")), Operation::Verify));
    let wanted = [
        Attribute::new("account", "alice@example.org"),
        Attribute::new("quota", 5),
    ];
    assert_eq!(found.attributes, wanted);
}

#[test]
fn the_name_is_bound_and_never_text() {
    let host = alice(text("x"));
    let login = request().username("' OR 1=1 --").build();
    ask_for(BY_COLUMN, &host, login, Operation::LookUp).unwrap();
    let sent = host.statements();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].database, "mail");
    let wanted = [
        Piece::Text("SELECT * FROM users WHERE name = ".to_owned()),
        Piece::Parameter(text("' OR 1=1 --")),
    ];
    assert_eq!(sent[0].pieces, wanted);
}

#[test]
fn a_look_up_compares_nothing() {
    let host = alice(text("{PLAIN}secret"));
    let found = user(ask(BY_COLUMN, &host, Operation::LookUp));
    assert!(found.found && !found.authenticated);
    assert_eq!(host.verifications(), 0);
}

#[test]
fn a_statement_that_compares_decides() {
    let cases = [
        (vec![vec![Value::Boolean(true)]], Ok(true)),
        (vec![vec![Value::Integer(1)]], Ok(true)),
        (vec![vec![Value::Boolean(false)]], Ok(false)),
        (vec![vec![Value::Integer(0)]], Ok(false)),
        (vec![vec![Value::Null]], Ok(false)),
        (vec![], Ok(false)),
        (vec![vec![text("alice")]], Err("truth value")),
        (vec![vec![Value::Integer(2)]], Err("truth value")),
        (vec![vec![Value::Boolean(true); 2]], Err("one column")),
        (
            vec![vec![Value::Boolean(true)]; 2],
            Err("more than one row"),
        ),
    ];
    for (rows, wanted) in cases {
        let host = TestHost::new()
            .with_rows(&["account"], vec![vec![text("alice")]])
            .with_rows(&["right"], rows.clone());
        let outcome = ask(BY_STATEMENT, &host, Operation::Verify);
        match wanted {
            Ok(wanted) => assert_eq!(user(outcome).authenticated, wanted, "{rows:?}"),
            Err(word) => {
                let failure = outcome.unwrap_err();
                assert!(failure.message.contains(word), "{failure}");
            }
        }
    }
}

#[test]
fn nobody_is_asked_for_the_password_of_an_unknown_user() {
    let host = TestHost::new().with_rows(&["account"], vec![]);
    assert!(!user(ask(BY_STATEMENT, &host, Operation::Verify)).found);
    assert_eq!(host.statements().len(), 1);
}

#[test]
fn an_unknown_user_takes_as_long_as_a_known_one_if_there_is_a_decoy() {
    for (decoy, verifications) in [("", 0), (r#""decoy": "{PLAIN}secret","#, 1)] {
        let configuration = BY_COLUMN.replacen('{', &format!("{{{decoy}"), 1);
        let host = TestHost::new().with_rows(&["account", "password"], vec![]);
        let found = user(ask(&configuration, &host, Operation::Verify));
        assert!(!found.found && !found.authenticated);
        assert_eq!(host.verifications(), verifications);
    }
}

#[test]
fn a_name_that_no_database_holds_is_unknown_and_not_asked_for() {
    let host = TestHost::new();
    let login = request().username("al\0ice").password("x").build();
    assert!(!user(ask_for(BY_COLUMN, &host, login, Operation::Verify)).found);
    assert!(host.statements().is_empty());
}

#[test]
fn every_failure_of_the_database_is_a_failure() {
    for error in [
        sql::Error::Denied("x".to_owned()),
        sql::Error::Invalid("x".to_owned()),
        sql::Error::Unavailable("x".to_owned()),
        sql::Error::TimedOut,
        sql::Error::Failed("x".to_owned()),
        sql::Error::Unsupported("x".to_owned()),
    ] {
        for operation in [
            Operation::Verify,
            Operation::LookUp,
            Operation::ListAccounts,
        ] {
            let host = TestHost::new().with_sql(Err(error.clone()));
            let failure = ask(BY_COLUMN, &host, operation).unwrap_err();
            assert_eq!(failure.message, error.to_string());
        }
        let host = TestHost::new()
            .with_rows(&["account"], vec![vec![text("alice")]])
            .with_sql(Err(error.clone()));
        assert!(ask(BY_STATEMENT, &host, Operation::Verify).is_err());
    }
}

#[test]
fn an_answer_that_was_cut_off_is_a_failure() {
    for operation in [Operation::Verify, Operation::ListAccounts] {
        let host = TestHost::new().with_sql(Ok(Reply::Rows(Table {
            columns: vec!["account".to_owned(), "password".to_owned()],
            rows: vec![vec![text("alice"), text("secret")]],
            truncated: true,
        })));
        let failure = ask(BY_COLUMN, &host, operation).unwrap_err();
        assert!(failure.message.contains("longer"), "{failure}");
    }
}

#[test]
fn several_rows_are_one_user_with_several_values() {
    let row = |network: Value| vec![text("alice"), text("{PLAIN}secret"), network];
    let host = TestHost::new().with_rows(
        &["account", "password", "allow_nets"],
        vec![
            row(text("192.0.2.0/24")),
            row(Value::Null),
            row(text("local")),
            row(text("local")),
        ],
    );
    let found = user(ask(BY_COLUMN, &host, Operation::Verify));
    assert!(found.authenticated);
    let wanted = Attribute::list("allow_nets", ["192.0.2.0/24", "local"]);
    assert_eq!(found.attributes[1], wanted);
}

#[test]
fn rows_that_disagree_on_who_or_with_which_password_are_a_failure() {
    for (account, password, word) in [
        ("bob", "{PLAIN}secret", "several accounts"),
        ("alice", "{PLAIN}other", "several passwords"),
    ] {
        let host = TestHost::new().with_rows(
            &["account", "password"],
            vec![
                vec![text("alice"), text("{PLAIN}secret")],
                vec![text(account), text(password)],
            ],
        );
        let failure = ask(BY_COLUMN, &host, Operation::Verify).unwrap_err();
        assert!(failure.message.contains(word), "{failure}");
    }
}

#[test]
fn columns_are_mapped_to_attributes_groups_and_fields() {
    let configuration = r#"{"database": "mail", "search": [{
        "user": "SELECT 1", "password_column": "pw", "groups_column": "grp",
        "account_field": "uid", "unique_user_id_field": "id", "display_name_field": "cn",
        "totp_secret_field": "totp", "totp_recovery_field": "codes",
        "attributes": {"quota_bytes": "quota", "uid": "login"}}]}"#;
    let row = |group: &str| {
        [
            "Alice",
            "{PLAIN}secret",
            group,
            "7",
            "Alice A.",
            "S",
            "R",
            "9",
            "x",
        ]
        .map(text)
        .to_vec()
    };
    let columns = [
        "LOGIN", "pw", "grp", "ID", "cn", "totp", "codes", "quota", "spare",
    ];
    let host = TestHost::new().with_rows(&columns, vec![row("staff"), row("admins")]);
    let found = user(ask(configuration, &host, Operation::Verify));
    assert!(found.authenticated);
    assert_eq!(found.groups, ["staff", "admins"]);
    let mut attributes: Vec<_> = found
        .attributes
        .iter()
        .map(|one| (one.name.as_str(), one.values[0].to_string()))
        .collect();
    attributes.sort();
    let wanted = [
        ("cn", "Alice A."),
        ("codes", "R"),
        ("id", "7"),
        ("quota_bytes", "9"),
        ("totp", "S"),
        ("uid", "Alice"),
    ];
    assert_eq!(
        attributes,
        wanted.map(|(name, value)| (name, value.to_owned()))
    );
    let fields = [
        found.account_field,
        found.unique_user_id_field,
        found.display_name_field,
        found.totp_secret_field,
        found.totp_recovery_field,
    ];
    assert_eq!(fields, ["uid", "id", "cn", "totp", "codes"]);
}

#[test]
fn a_column_that_is_needed_and_not_there_is_named() {
    for (columns, word) in [
        (&["account"][..], "no column `password`"),
        (&["password"], "no column `account`"),
        (&["password", "account", "ACCOUNT"], "two columns `account`"),
    ] {
        let row = columns.iter().map(|_| text("x")).collect();
        let host = TestHost::new().with_rows(columns, vec![row]);
        let failure = ask(BY_COLUMN, &host, Operation::Verify).unwrap_err();
        assert!(failure.message.contains(word), "{failure}");
    }
}

#[test]
fn a_password_that_is_a_number_is_a_failure() {
    let failure = ask(BY_COLUMN, &alice(Value::Integer(7)), Operation::Verify).unwrap_err();
    assert!(failure.message.contains("holds no text"), "{failure}");
}

#[test]
fn protocols_have_entries_of_their_own() {
    let configuration = r#"{"database": "mail", "search": [
        {"protocols": ["imap", "POP3"], "user": "mailboxes"},
        {"protocols": ["smtp"], "user": "senders"}, {"user": "others"}]}"#;
    for (protocol, wanted) in [
        ("imap", "mailboxes"),
        ("pop3", "mailboxes"),
        ("smtp", "senders"),
        ("sieve", "others"),
    ] {
        let host = TestHost::new().with_rows(&[], vec![]);
        let mut login = request().build();
        login.protocol = protocol.to_owned();
        ask_for(configuration, &host, login, Operation::LookUp).unwrap();
        assert_eq!(
            host.statements()[0].pieces,
            [Piece::Text(wanted.to_owned())],
            "{protocol}"
        );
    }
}

#[test]
fn a_protocol_without_an_entry_is_not_this_backends_business() {
    let configuration = r#"{"database": "mail", "search": [
        {"protocols": ["imap"], "user": "SELECT 1"}]}"#;
    let host = TestHost::new();
    let mut login = request().build();
    login.protocol = "smtp".to_owned();
    let answer = ask_for(configuration, &host, login, Operation::Verify);
    assert_eq!(answer, Ok(Answer::Unsupported));
    assert!(host.statements().is_empty());
}

#[test]
fn accounts_are_listed_by_their_own_statement() {
    let rows = [text("alice"), Value::Null, text(""), Value::Integer(7)];
    let rows = rows.map(|value| vec![value, text("more")]).to_vec();
    let host = TestHost::new().with_rows(&["a", "b"], rows);
    let wanted = vec!["alice".to_owned(), "7".to_owned()];
    let answer = ask(BY_COLUMN, &host, Operation::ListAccounts);
    assert_eq!(answer, Ok(Answer::Accounts(wanted)));
    let answer = ask(BY_STATEMENT, &TestHost::new(), Operation::ListAccounts);
    assert_eq!(answer, Ok(Answer::Unsupported));
}

#[test]
fn second_factors_are_not_this_backends_business() {
    let answer = ask(BY_COLUMN, &TestHost::new(), Operation::DeleteTotp);
    assert_eq!(answer, Ok(Answer::Unsupported));
}

#[test]
fn a_verification_without_the_grant_is_a_failure_not_a_wrong_password() {
    let login = request().without_password().build();
    let failure = ask_for(BY_COLUMN, &TestHost::new(), login, Operation::Verify).unwrap_err();
    assert!(failure.message.contains("password: true"), "{failure}");
}

#[test]
fn an_unusable_stored_password_is_a_failure_not_a_wrong_password() {
    let host = alice(text("{ROT13}x"))
        .with_passwords(|_| Err(password::Error::UnknownScheme("ROT13".to_owned())));
    let failure = ask(BY_COLUMN, &host, Operation::Verify).unwrap_err();
    assert!(failure.message.contains("ROT13"), "{failure}");
}

#[test]
fn every_mistake_is_a_problem_at_its_place() {
    let cases = [
        (r#"{"search": [{"user": "SELECT 1"}]}"#, ""),
        (
            r#"{"database": "", "search": [{"user": "SELECT 1"}]}"#,
            "database",
        ),
        (r#"{"database": "m", "search": []}"#, "search"),
        (
            r#"{"database": "m", "search": [{"user": "a = :user"}]}"#,
            "search[0].user",
        ),
        (
            r#"{"database": "m", "search": [{"user": "a = :password"}]}"#,
            "search[0].user",
        ),
        (
            r#"{"database": "m", "search": [{"user": "a", "verify": "?"}]}"#,
            "search[0].verify",
        ),
        (
            r#"{"database": "m", "list_accounts": "", "search": [{"user": "a"}]}"#,
            "list_accounts",
        ),
        (
            r#"{"database": "m", "decoy": "", "search": [{"user": "a"}]}"#,
            "decoy",
        ),
        (
            r#"{"database": "m", "search": [{"user": "a"}, {"user": "b"}]}"#,
            "search[1].protocols",
        ),
        (
            r#"{"database": "m", "search": [{"user": "a", "protocols": ["imap", "IMAP"]}]}"#,
            "search[0].protocols",
        ),
        (
            r#"{"database": "m", "search": [{"user": "a", "account_field": ""}]}"#,
            "search[0].account_field",
        ),
        (
            r#"{"database": "m", "search": [{"user": "a", "attributes": {"q": ""}}]}"#,
            "search[0].attributes.q",
        ),
        (
            r#"{"database": "m", "search": [{"user": "a", "filter": "b"}]}"#,
            "search[0].filter",
        ),
    ];
    for (configuration, path) in cases {
        let problems = configure::<Sql>(configuration).unwrap_err();
        assert_eq!(problems[0].path, path, "{configuration}");
    }
}
