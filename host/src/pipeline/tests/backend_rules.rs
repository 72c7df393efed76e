//! Backends: who is asked, and what their answers and failures come to.

use super::*;

fn backend(name: &str, say: Say) -> FakePlugin {
    match say {
        Say::Yes => FakePlugin::says(name, user(true, true)),
        Say::Wrong => FakePlugin::says(name, user(true, false)),
        Say::Unknown => FakePlugin::says(name, user(false, false)),
        Say::Unsupported => FakePlugin::says(name, Answer::Backend(BackendAnswer::Unsupported)),
        Say::NoAccount => FakePlugin::says(
            name,
            Answer::Backend(BackendAnswer::User(Box::new(BackendUser {
                found: true,
                authenticated: true,
                account_field: "uid".to_owned(),
                ..BackendUser::default()
            }))),
        ),
        Say::Fail => FakePlugin::fails(name, OnError::TemporaryFailure),
        Say::FailSkip => FakePlugin::fails(name, OnError::Skip),
        Say::FailReject => FakePlugin::fails(name, OnError::Reject),
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Say {
    Yes,
    Wrong,
    Unknown,
    Unsupported,
    NoAccount,
    Fail,
    FailSkip,
    FailReject,
}

fn backends(says: &[Say]) -> Stages {
    Stages {
        backends: says
            .iter()
            .enumerate()
            .map(|(index, say)| backend(&format!("b{index}"), *say).member())
            .collect(),
        ..Stages::default()
    }
}

#[tokio::test]
async fn backends_are_asked_in_order_until_one_settles_it() {
    use Say::*;
    let accept = Verdict::Accept;
    let reject = Verdict::Reject;
    let later = Verdict::TemporaryFailure;
    let rows: [(&[Say], Verdict, &str); 19] = [
        (&[Yes], accept, "b0"),
        (&[Wrong], reject, "b0"),
        (&[Unknown], reject, ""),
        (&[Unknown, Yes], accept, "b1"),
        (&[Wrong, Yes], reject, "b0"),
        (&[NoAccount], reject, ""),
        (&[NoAccount, Yes], accept, "b1"),
        (&[Unsupported, Yes], accept, "b1"),
        (&[Unsupported], later, ""),
        (&[], later, ""),
        // An outage is never a wrong password, whatever stands beside it.
        (&[Fail], later, ""),
        (&[Fail, Yes], accept, "b1"),
        (&[Fail, Wrong], reject, "b1"),
        (&[Fail, Unknown], later, ""),
        (&[Unknown, Fail], later, ""),
        (&[FailReject, Fail], later, ""),
        (&[FailReject, Unknown], reject, ""),
        (&[FailSkip, Unknown], reject, ""),
        (&[FailSkip], later, ""),
    ];
    for (says, expected, decider) in rows {
        let outcome = log_in(backends(says)).await;
        assert_eq!(outcome.decision.verdict, expected, "{says:?}");
        assert_eq!(outcome.decision.progress.backend, decider, "{says:?}");
    }
}

#[tokio::test]
async fn backends_after_the_one_that_settled_it_are_not_asked() {
    let outcome = log_in(backends(&[Say::Unknown, Say::Yes, Say::Fail])).await;
    assert_eq!(
        verdicts(&outcome, Stage::Backends),
        ["b0=unknown-user", "b1=authenticated", "b2=skipped"]
    );
    let outcome = log_in(backends(&[Say::NoAccount, Say::Wrong])).await;
    assert_eq!(
        verdicts(&outcome, Stage::Backends),
        ["b0=no-account", "b1=wrong-password"]
    );
}

#[tokio::test]
async fn what_the_backend_knows_is_taken_over() {
    let known = BackendUser {
        found: true,
        authenticated: true,
        account_field: "id".to_owned(),
        totp_secret_field: "totp".to_owned(),
        unique_user_id_field: "uuid".to_owned(),
        display_name_field: "name".to_owned(),
        attributes: vec![
            Attribute {
                name: "id".to_owned(),
                values: vec![Value::Integer(17)],
            },
            attribute("uuid", "u-1"),
            attribute("name", "Alice"),
            attribute("totp", "SECRET"),
        ],
        ..BackendUser::default()
    };
    let answer = Answer::Backend(BackendAnswer::User(Box::new(known)));
    let stages = Stages {
        backends: vec![FakePlugin::says("users", answer).member()],
        ..Stages::default()
    };
    let decision = log_in(stages).await.decision;
    let progress = &decision.progress;
    assert!(progress.authenticated && progress.user_found);
    assert_eq!(progress.account, "17");
    assert_eq!(progress.account_field, "id");
    assert_eq!(progress.unique_user_id, "u-1");
    assert_eq!(progress.display_name, "Alice");
    let shown: Vec<_> = decision
        .public_attributes()
        .map(|attribute| attribute.name.as_str())
        .collect();
    assert_eq!(shown, ["id", "uuid", "name"]);
}

#[tokio::test]
async fn a_name_and_a_password_are_needed_where_a_password_is_checked() {
    let rows = [
        (
            Mode::Verify,
            "",
            Some("x"),
            Verdict::TemporaryFailure,
            "No username given",
        ),
        (
            Mode::LookUp,
            "",
            None,
            Verdict::TemporaryFailure,
            "No username given",
        ),
        (
            Mode::Verify,
            "alice",
            Some(""),
            Verdict::Reject,
            "Invalid login or password",
        ),
        (
            Mode::Verify,
            "alice",
            None,
            Verdict::Reject,
            "Invalid login or password",
        ),
    ];
    for (mode, username, password, verdict, message) in rows {
        let backend = Arc::new(FakePlugin::says("users", user(true, true)));
        let stages = Stages {
            backends: vec![Member::new(Arc::clone(&backend) as Arc<dyn Plugin>)],
            ..Stages::default()
        };
        let outcome = decide(stages, request(mode, username, password)).await;
        assert_eq!(outcome.decision.verdict, verdict, "{mode:?} {username:?}");
        assert_eq!(outcome.decision.status_message, message);
        assert!(backend.calls.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_look_up_finds_users_without_authenticating_them() {
    let rows = [
        (Say::Yes, Verdict::Accept, "b0=found"),
        (Say::Wrong, Verdict::Accept, "b0=found"),
        (Say::Unknown, Verdict::Reject, "b0=unknown-user"),
        (Say::Fail, Verdict::TemporaryFailure, "b0=temporary-failure"),
    ];
    for (say, expected, traced) in rows {
        let outcome = decide(backends(&[say]), request(Mode::LookUp, "alice", None)).await;
        assert_eq!(outcome.decision.verdict, expected);
        assert!(!outcome.decision.progress.authenticated);
        assert_eq!(verdicts(&outcome, Stage::Backends), [traced]);
    }
}

#[tokio::test]
async fn accounts_are_listed_by_all_backends_or_not_at_all() {
    let lister = |name: &str, accounts: &[&str]| {
        let accounts = accounts.iter().map(|name| (*name).to_owned()).collect();
        FakePlugin::says(name, Answer::Backend(BackendAnswer::Accounts(accounts)))
    };
    let list = async |members: Vec<FakePlugin>| {
        let stages = Stages {
            features: vec![FakePlugin::fails("never", OnError::Reject).member()],
            backends: members.into_iter().map(FakePlugin::member).collect(),
            filters: vec![FakePlugin::fails("never", OnError::Reject).member()],
            ..Stages::default()
        };
        decide(stages, request(Mode::ListAccounts, "", None))
            .await
            .decision
    };
    let decision = list(vec![
        lister("b0", &["alice", "bob"]),
        backend("b1", Say::Unsupported),
        lister("b2", &["bob", "carol"]),
    ])
    .await;
    assert_eq!(decision.verdict, Verdict::Accept);
    assert_eq!(decision.accounts, ["alice", "bob", "bob", "carol"]);

    let decision = list(vec![
        lister("b0", &["alice"]),
        backend("b1", Say::Fail),
        lister("b2", &["bob"]),
    ])
    .await;
    assert_eq!(decision.verdict, Verdict::TemporaryFailure);
    assert!(decision.accounts.is_empty());
}
