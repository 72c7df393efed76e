//! Logins that answer a challenge: the backend supplies the password, the host compares.

use super::*;
use crate::auth::{Challenge, Mechanism};

const SALT: &str = "<1896.697170952@postoffice.reston.mci.net>";
/// What a client that knows `tanstaaftanstaaf` answers with CRAM-MD5 (RFC 2195).
const ANSWER: &str = "b913a602c7eda7a495b4e6e7334d3890";

/// What a client that takes the password for empty answers.
const OF_EMPTY: &str = "a00b54b824afa19ec2de0f73cb2a04c2";

/// A login that answers the challenge.
fn answering(mode: Mode, response: &str) -> Arc<Request> {
    Arc::new(Request {
        session: "session".to_owned(),
        protocol: "imap".to_owned(),
        username: "alice".to_owned(),
        mode,
        challenge: Some(Challenge {
            mechanism: Mechanism::CramMd5,
            salt: SALT.as_bytes().to_vec(),
            response: Arc::new(Password::new(response.as_bytes().to_vec())),
        }),
        ..Request::default()
    })
}

/// A backend that knows alice, with these values of the attribute `secret`.
fn supplying(name: &str, values: Vec<Value>) -> FakePlugin {
    let secret = Attribute {
        name: "secret".to_owned(),
        values,
    };
    let known = BackendUser {
        found: true,
        account_field: "uid".to_owned(),
        attributes: vec![secret, attribute("uid", "alice@example.org")],
        ..BackendUser::default()
    };
    FakePlugin::says(name, Answer::Backend(BackendAnswer::User(Box::new(known))))
}

fn text(value: &str) -> Vec<Value> {
    vec![Value::Text(value.to_owned())]
}

fn stages(backends: Vec<FakePlugin>) -> Stages {
    Stages {
        password_attribute: Some("secret".to_owned()),
        backends: backends.into_iter().map(FakePlugin::member).collect(),
        ..Stages::default()
    }
}

fn recovered(outcome: &Outcome) -> Option<String> {
    let password = outcome.decision.recovered_password.as_ref()?;
    Some(String::from_utf8(password.0.expose().to_vec()).unwrap())
}

#[tokio::test]
async fn the_answer_is_compared_with_the_password_that_the_backend_supplies() {
    let accept = Verdict::Accept;
    let reject = Verdict::Reject;
    let later = Verdict::TemporaryFailure;
    let rows = [
        (
            text("tanstaaftanstaaf"),
            ANSWER,
            accept,
            "users=authenticated",
        ),
        (
            text("{PLAIN}tanstaaftanstaaf"),
            ANSWER,
            accept,
            "users=authenticated",
        ),
        (
            text("{CLEARTEXT}tanstaaftanstaaf"),
            ANSWER,
            accept,
            "users=authenticated",
        ),
        (
            vec![Value::Bytes(b"tanstaaftanstaaf".to_vec())],
            ANSWER,
            accept,
            "users=authenticated",
        ),
        (
            text("tanstaaftanstaaf"),
            "b913",
            reject,
            "users=wrong-password",
        ),
        (text("other"), ANSWER, reject, "users=wrong-password"),
        // What cannot be compared is never a wrong password.
        (
            text("{SHA}6Zn1xrYnCkGXkTfRF9Yl2qxr0t4="),
            ANSWER,
            later,
            "users=temporary-failure",
        ),
        (text(""), ANSWER, later, "users=temporary-failure"),
        (text("{PLAIN}"), OF_EMPTY, later, "users=temporary-failure"),
        (text(""), OF_EMPTY, later, "users=temporary-failure"),
        (vec![], ANSWER, later, "users=temporary-failure"),
        (
            vec![Value::Boolean(true)],
            ANSWER,
            later,
            "users=temporary-failure",
        ),
    ];
    for (values, response, verdict, traced) in rows {
        let shown = format!("{values:?} {response}");
        let stages = stages(vec![supplying("users", values)]);
        let outcome = decide(stages, answering(Mode::Verify, response)).await;
        assert_eq!(outcome.decision.verdict, verdict, "{shown}");
        assert_eq!(verdicts(&outcome, Stage::Backends), [traced], "{shown}");
        let progress = &outcome.decision.progress;
        assert_eq!(progress.authenticated, verdict == accept, "{shown}");
        let password = (verdict == accept).then(|| "tanstaaftanstaaf".to_owned());
        assert_eq!(recovered(&outcome), password, "{shown}");
    }
}

#[tokio::test]
async fn without_a_configured_attribute_nobody_can_say_and_the_trace_tells_why() {
    let stages = Stages {
        password_attribute: None,
        ..stages(vec![supplying("users", text("tanstaaftanstaaf"))])
    };
    let outcome = decide(stages, answering(Mode::Verify, ANSWER)).await;
    assert_eq!(outcome.decision.verdict, Verdict::TemporaryFailure);
    let error = outcome.trace.stages[0].plugins[0].error.clone().unwrap();
    assert!(error.contains("server.password_attribute"), "{error}");
}

#[tokio::test]
async fn a_backend_that_supplies_no_password_hands_over_to_the_next() {
    let stages = stages(vec![
        supplying("hashes", text("{SHA}6Zn1xrYnCkGXkTfRF9Yl2qxr0t4=")),
        supplying("plain", text("tanstaaftanstaaf")),
    ]);
    let outcome = decide(stages, answering(Mode::Verify, ANSWER)).await;
    assert_eq!(outcome.decision.verdict, Verdict::Accept);
    assert_eq!(outcome.decision.progress.backend, "plain");
}

#[tokio::test]
async fn backends_are_asked_who_the_user_is_and_never_see_the_answer() {
    let backend = Arc::new(supplying("users", text("tanstaaftanstaaf")));
    let stages = Stages {
        backends: vec![Member::new(Arc::clone(&backend) as Arc<dyn Plugin>)],
        ..stages(vec![])
    };
    decide(stages, answering(Mode::Verify, ANSWER)).await;
    let calls = backend.calls.lock().unwrap();
    let request = &calls[0].request;
    assert_eq!(request.mode, Mode::LookUp);
    assert!(request.password.is_none() && request.challenge.is_none());
}

#[tokio::test]
async fn an_empty_answer_is_an_empty_password_and_a_look_up_needs_none() {
    let backends = || vec![supplying("users", text("tanstaaftanstaaf"))];
    let outcome = decide(stages(backends()), answering(Mode::Verify, "")).await;
    assert_eq!(outcome.decision.verdict, Verdict::Reject);
    assert!(outcome.trace.stages.is_empty());

    let outcome = decide(stages(backends()), answering(Mode::LookUp, "")).await;
    assert_eq!(outcome.decision.verdict, Verdict::Accept);
    assert_eq!(recovered(&outcome), None);
}

#[tokio::test]
async fn the_supplied_password_reaches_no_plugin_and_no_client() {
    for request in [
        answering(Mode::Verify, ANSWER),
        answering(Mode::LookUp, ""),
        request(Mode::Verify, "alice", Some("open sesame")),
    ] {
        let returns_it = FilterAnswer {
            add_attributes: vec![attribute("secret", "tanstaaftanstaaf")],
            ..filter_answer(FilterVerdict::Keep, None)
        };
        let filter = Arc::new(FakePlugin::says("gate", Answer::Filter(returns_it)));
        let mut member = Member::new(Arc::clone(&filter) as Arc<dyn Plugin>);
        member.when_no_auth = true;
        let stages = Stages {
            filters: vec![member],
            ..stages(vec![supplying("users", text("tanstaaftanstaaf"))])
        };
        let outcome = decide(stages, request).await;
        let calls = filter.calls.lock().unwrap();
        for progress in [&*calls[0].progress, &outcome.decision.progress] {
            let names: Vec<_> = progress.attributes.iter().map(|one| &one.name).collect();
            assert_eq!(names, ["uid"]);
        }
        assert!(!format!("{:?}", outcome.decision).contains("tanstaaf"));
    }
}

#[tokio::test]
async fn filters_have_the_last_word_and_a_rejected_login_recovers_nothing() {
    let with_filter = |filter: FakePlugin, password: &str| Stages {
        filters: vec![filter.member()],
        ..stages(vec![supplying("users", text(password))])
    };
    let closed = FakePlugin::says("gate", filter(FilterVerdict::Reject, None));
    let stages = with_filter(closed, "tanstaaftanstaaf");
    let outcome = decide(stages, answering(Mode::Verify, ANSWER)).await;
    assert_eq!(outcome.decision.verdict, Verdict::Reject);
    assert_eq!(recovered(&outcome), None);

    let generous = FakePlugin {
        may_accept: true,
        ..FakePlugin::says("gate", filter(FilterVerdict::Accept, None))
    };
    let stages = with_filter(generous, "other");
    let outcome = decide(stages, answering(Mode::Verify, ANSWER)).await;
    assert_eq!(outcome.decision.verdict, Verdict::Accept);
    assert_eq!(recovered(&outcome), None);
}
