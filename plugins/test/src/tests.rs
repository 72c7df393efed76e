//! The backend against a server that is not there.
#![allow(clippy::unwrap_used, clippy::panic)]

use bulkhead_sdk::testing::{TestHost, configure, request, run_backend};

use super::*;

const USERS: &str = r#"{"users": [
    {"name": "alice", "password": "secret", "account": "alice@example.org", "attributes": {"quota": 5}},
    {"name": "accept", "answer": "accept"},
    {"name": "reject", "answer": "reject"},
    {"name": "unknown", "answer": "unknown"},
    {"name": "failure", "answer": "failure"}]}"#;
const FIRST_USE: &str = r#"{"others": "first-use", "remember_s": 60}"#;

fn ask(
    configuration: &str,
    host: &TestHost,
    name: &str,
    password: Option<&str>,
    operation: Operation,
) -> Result<Answer, Failure> {
    let plugin = configure::<Test>(configuration).unwrap();
    let login = request().username(name);
    let login = match password {
        Some(password) => login.password(password),
        None => login.without_password(),
    };
    run_backend(&plugin, host, login.build(), operation)
}

/// Found and authenticated.
fn outcome(answer: Result<Answer, Failure>) -> Result<(bool, bool), String> {
    match answer {
        Ok(Answer::User(user)) => Ok((user.found, user.authenticated)),
        Err(failure) => Err(failure.message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn everybody_is_answered_as_told() {
    for (name, password, wanted) in [
        ("alice", "secret", Ok((true, true))),
        ("alice", "guess", Ok((true, false))),
        ("accept", "anything", Ok((true, true))),
        ("reject", "anything", Ok((true, false))),
        ("unknown", "anything", Ok((false, false))),
        ("stranger", "anything", Ok((false, false))),
        (
            "failure",
            "anything",
            Err("this failure is configured".to_owned()),
        ),
    ] {
        let host = TestHost::new();
        let answer = ask(USERS, &host, name, Some(password), Operation::Verify);
        assert_eq!(outcome(answer), wanted, "{name} {password}");
        let warned = host
            .log()
            .iter()
            .any(|line| line.level == log::Level::Warning);
        assert_eq!(warned, wanted == Ok((true, true)), "{name}");
    }
}

#[test]
fn a_look_up_authenticates_nobody() {
    for (name, wanted) in [
        ("alice", Ok((true, false))),
        ("accept", Ok((true, false))),
        ("stranger", Ok((false, false))),
        ("failure", Err("this failure is configured".to_owned())),
    ] {
        let answer = ask(USERS, &TestHost::new(), name, None, Operation::LookUp);
        assert_eq!(outcome(answer), wanted, "{name}");
    }
}

#[test]
fn the_account_is_the_attribute_uid() {
    let answer = ask(
        USERS,
        &TestHost::new(),
        "alice",
        Some("secret"),
        Operation::Verify,
    );
    let Ok(Answer::User(user)) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(user.account_field, "uid");
    let wanted = [
        Attribute::new("uid", "alice@example.org"),
        Attribute::new("quota", 5),
    ];
    assert_eq!(user.attributes, wanted);
}

#[test]
fn the_first_password_is_right_from_then_on() {
    let host = TestHost::new();
    let login = |name: &str, password| {
        outcome(ask(
            FIRST_USE,
            &host,
            name,
            Some(password),
            Operation::Verify,
        ))
    };
    let look_up = |name: &str| outcome(ask(FIRST_USE, &host, name, None, Operation::LookUp));
    assert_eq!(look_up("alice"), Ok((false, false)));
    assert_eq!(login("alice", "first"), Ok((true, true)));
    assert_eq!(login("alice", "second"), Ok((true, false)));
    assert_eq!(login("alice", "first"), Ok((true, true)));
    assert_eq!(login("bob", "second"), Ok((true, true)));
    assert_eq!(look_up("alice"), Ok((true, false)));
    host.advance(std::time::Duration::from_secs(61));
    assert_eq!(login("alice", "second"), Ok((true, true)));
}

#[test]
fn a_store_that_is_away_is_a_failure() {
    let host = TestHost::new();
    host.set_store_outage(Some("away"));
    for (password, operation) in [
        (Some("first"), Operation::Verify),
        (None, Operation::LookUp),
    ] {
        let answer = ask(FIRST_USE, &host, "alice", password, operation);
        assert!(outcome(answer).unwrap_err().contains("away"));
    }
}

#[test]
fn a_verification_without_the_grant_is_a_failure() {
    let answer = ask(USERS, &TestHost::new(), "accept", None, Operation::Verify);
    assert!(outcome(answer).unwrap_err().contains("password: true"));
}

#[test]
fn those_that_there_are_are_listed() {
    let answer = ask(USERS, &TestHost::new(), "", None, Operation::ListAccounts);
    let wanted = ["accept", "alice@example.org", "failure", "reject"];
    let wanted = wanted.map(str::to_owned).to_vec();
    assert_eq!(answer, Ok(Answer::Accounts(wanted)));
    let answer = ask(
        r#"{"others": "failure"}"#,
        &TestHost::new(),
        "",
        None,
        Operation::ListAccounts,
    );
    assert!(answer.is_err());
}

#[test]
fn every_mistake_is_a_problem_at_its_place() {
    for (configuration, path) in [
        (r#"{"users": [{"name": "a"}]}"#, "users[0]"),
        (
            r#"{"users": [{"name": "a", "password": "x", "answer": "accept"}]}"#,
            "users[0]",
        ),
        (
            r#"{"users": [{"name": "a", "answer": "yes"}]}"#,
            "users[0].answer",
        ),
        (
            r#"{"users": [{"name": "a", "answer": "accept"}, {"name": "a", "answer": "reject"}]}"#,
            "users[1].name",
        ),
        (
            r#"{"users": [{"name": "a", "password": "x", "attributes": {"uid": "b"}}]}"#,
            "users[0].attributes.uid",
        ),
        (
            r#"{"users": [{"name": "a", "password": "x", "attributes": {"q": null}}]}"#,
            "users[0].attributes.q",
        ),
        (r#"{"remember_s": 0}"#, "remember_s"),
        (r#"{"others": "first_use"}"#, "others"),
    ] {
        let problems = configure::<Test>(configuration).unwrap_err();
        assert_eq!(problems.first().unwrap().path, path, "{configuration}");
    }
}
