//! The backend against a server that is not there.
#![allow(clippy::unwrap_used, clippy::panic)]

use bulkhead_sdk::{
    Value,
    password::Error,
    testing::{TestHost, configure, request, run_backend},
};

use super::*;

const USERS: &str = r#"{"users": [
    {"name": "alice", "password": "{PLAIN}secret", "account": "alice@example.org",
     "attributes": {"quota": 1024, "allow_nets": ["192.0.2.0/24", "local"], "admin": true, "ratio": 0.5}},
    {"name": "bob", "password": "{PLAIN}builder"}
]}"#;

fn ask(host: &TestHost, request: Request, operation: Operation) -> Result<Answer, Failure> {
    run_backend(
        &configure::<UsersFile>(USERS).unwrap(),
        host,
        request,
        operation,
    )
}

fn user(answer: Result<Answer, Failure>) -> User {
    match answer.unwrap() {
        Answer::User(user) => user,
        other => panic!("{other:?}"),
    }
}

fn verified(name: &str, password: &str) -> User {
    let request = request().username(name).password(password).build();
    user(ask(&TestHost::new(), request, Operation::Verify))
}

#[test]
fn the_right_password_authenticates() {
    let alice = verified("alice", "secret");
    assert!(alice.found && alice.authenticated);
    assert_eq!(alice.account_field, "account");
    let account = alice.attributes.first().unwrap();
    assert_eq!(account, &Attribute::new("account", "alice@example.org"));
}

#[test]
fn attributes_keep_their_types() {
    let alice = verified("alice", "secret");
    let value = |name: &str| {
        let mut attributes = alice.attributes.iter();
        attributes
            .find(|each| each.name == name)
            .unwrap()
            .values
            .clone()
    };
    assert_eq!(value("quota"), [Value::Integer(1024)]);
    assert_eq!(value("admin"), [Value::Boolean(true)]);
    assert_eq!(value("ratio"), [Value::Decimal(0.5)]);
    assert_eq!(
        value("allow_nets"),
        [Value::from("192.0.2.0/24"), Value::from("local")]
    );
}

#[test]
fn the_wrong_password_leaves_the_user_known() {
    let alice = verified("alice", "guess");
    assert!(alice.found && !alice.authenticated);
}

#[test]
fn an_unknown_user_costs_one_verification_too() {
    for name in ["alice", "mallory"] {
        let host = TestHost::new();
        let request = request().username(name).password("guess").build();
        let user = user(ask(&host, request, Operation::Verify));
        assert_eq!(user.found, name == "alice");
        assert_eq!(host.verifications(), 1, "{name}");
    }
}

#[test]
fn an_unknown_user_with_the_decoys_password_stays_unknown() {
    let mallory = verified("mallory", "secret");
    assert!(!mallory.found && !mallory.authenticated);
}

#[test]
fn the_account_is_the_name_unless_given() {
    let bob = verified("bob", "builder");
    assert_eq!(
        bob.attributes.first().unwrap(),
        &Attribute::new("account", "bob")
    );
}

#[test]
fn names_are_compared_without_case_unless_told_otherwise() {
    assert!(verified("ALICE", "secret").authenticated);
    let configuration = r#"{"case_insensitive": false, "users": [{"name": "a", "password": "x"}]}"#;
    let strict = configure::<UsersFile>(configuration).unwrap();
    let request = request().username("A").password("x").build();
    let answer = run_backend(&strict, &TestHost::new(), request, Operation::Verify);
    assert!(!user(answer).found);
}

#[test]
fn a_look_up_needs_no_password() {
    let host = TestHost::new();
    let request = request().username("bob").without_password().build();
    let bob = user(ask(&host, request, Operation::LookUp));
    assert!(bob.found && !bob.authenticated);
    assert_eq!(host.verifications(), 0);
}

#[test]
fn a_look_up_of_an_unknown_user_finds_nobody() {
    let request = request().username("mallory").without_password().build();
    assert!(!user(ask(&TestHost::new(), request, Operation::LookUp)).found);
}

#[test]
fn all_accounts_are_listed() {
    let answer = ask(&TestHost::new(), request().build(), Operation::ListAccounts);
    let wanted = ["alice@example.org", "bob"].map(str::to_owned).to_vec();
    assert_eq!(answer, Ok(Answer::Accounts(wanted)));
}

#[test]
fn second_factors_are_not_this_backends_business() {
    let answer = ask(&TestHost::new(), request().build(), Operation::DeleteTotp);
    assert_eq!(answer, Ok(Answer::Unsupported));
}

#[test]
fn a_verification_without_the_grant_is_a_failure_not_a_wrong_password() {
    let request = request().without_password().build();
    let failure = ask(&TestHost::new(), request, Operation::Verify).unwrap_err();
    assert!(failure.message.contains("password: true"), "{failure}");
}

#[test]
fn an_unusable_stored_password_is_a_failure_not_a_wrong_password() {
    let host = TestHost::new().with_passwords(|_| Err(Error::UnknownScheme("ROT13".to_owned())));
    let failure = ask(&host, request().build(), Operation::Verify).unwrap_err();
    assert!(failure.message.contains("ROT13"), "{failure}");
}

#[test]
fn every_mistake_is_a_problem_at_its_place() {
    let cases = [
        (
            r#"{"users": [{"name": "a", "password": "x"}, {"name": "A", "password": "y"}]}"#,
            "users[1].name",
        ),
        (
            r#"{"users": [{"name": "", "password": "x"}]}"#,
            "users[0].name",
        ),
        (
            r#"{"users": [{"name": "a", "password": ""}]}"#,
            "users[0].password",
        ),
        (
            r#"{"users": [{"name": "a", "password": "{plain}"}]}"#,
            "users[0].password",
        ),
        (r#"{"users": [{"name": "a"}]}"#, "users[0]"),
        (
            r#"{"users": [{"name": "a", "password": "x", "account": ""}]}"#,
            "users[0].account",
        ),
        (
            r#"{"users": [{"name": "a", "password": "x", "attributes": {"q": {}}}]}"#,
            "users[0].attributes.q",
        ),
        (
            r#"{"users": [{"name": "a", "password": "x", "attributes": {"account": "b"}}]}"#,
            "users[0].attributes.account",
        ),
        (r#"{"user": []}"#, "user"),
    ];
    for (configuration, path) in cases {
        let problems = configure::<UsersFile>(configuration).unwrap_err();
        let paths: Vec<_> = problems
            .iter()
            .map(|problem| problem.path.as_str())
            .collect();
        assert_eq!(paths, [path], "{configuration}");
    }
}

#[test]
fn names_that_differ_in_case_may_stand_side_by_side_when_case_matters() {
    let configuration = r#"{"case_insensitive": false, "users": [
        {"name": "a", "password": "x"}, {"name": "A", "password": "y"}]}"#;
    assert!(configure::<UsersFile>(configuration).is_ok());
}
