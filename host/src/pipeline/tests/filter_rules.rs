//! Filters: what they may change.

use super::*;
use FilterVerdict::{Accept, Keep, Reject, TemporaryFailure};

fn with(mut stages: Stages, filters: Vec<FakePlugin>) -> Stages {
    stages.filters = filters.into_iter().map(FakePlugin::member).collect();
    stages
}

fn says(verdicts: &[FilterVerdict]) -> Vec<FakePlugin> {
    verdicts
        .iter()
        .enumerate()
        .map(|(index, verdict)| FakePlugin::says(&format!("f{index}"), filter(*verdict, None)))
        .collect()
}

#[tokio::test]
async fn a_reject_is_the_last_word_then_a_temporary_failure_then_the_backends() {
    let rows: [(&[FilterVerdict], Verdict); 6] = [
        (&[Keep], Verdict::Accept),
        (&[Keep, Reject], Verdict::Reject),
        (&[Accept, Reject], Verdict::Reject),
        (&[TemporaryFailure, Keep], Verdict::TemporaryFailure),
        (&[TemporaryFailure, Reject], Verdict::Reject),
        (&[], Verdict::Accept),
    ];
    for (verdicts, expected) in rows {
        let outcome = log_in(with(accepting(), says(verdicts))).await;
        assert_eq!(outcome.decision.verdict, expected, "{verdicts:?}");
    }
}

#[tokio::test]
async fn only_with_may_accept_a_reject_becomes_an_accept() {
    let rows = [(false, Verdict::Reject), (true, Verdict::Accept)];
    for (may_accept, expected) in rows {
        let acceptor = FakePlugin {
            may_accept,
            ..FakePlugin::says("f", filter(Accept, None))
        };
        let outcome = log_in(with(rejecting(), vec![acceptor])).await;
        assert_eq!(outcome.decision.verdict, expected);
        let authenticated = outcome.decision.progress.authenticated;
        assert_eq!(authenticated, expected == Verdict::Accept);
    }
}

#[tokio::test]
async fn not_even_may_accept_overrules_a_temporary_failure_of_the_backends() {
    let acceptor = FakePlugin {
        may_accept: true,
        ..FakePlugin::says("f", filter(Accept, None))
    };
    let stages = Stages {
        backends: vec![FakePlugin::fails("users", OnError::TemporaryFailure).member()],
        ..Stages::default()
    };
    let outcome = log_in(with(stages, vec![acceptor])).await;
    assert_eq!(outcome.decision.verdict, Verdict::TemporaryFailure);
    assert!(verdicts(&outcome, Stage::Filters).is_empty());
}

#[tokio::test]
async fn a_failure_means_what_on_error_says() {
    let rows = [
        (OnError::TemporaryFailure, Verdict::TemporaryFailure),
        (OnError::Reject, Verdict::Reject),
        (OnError::Skip, Verdict::Accept),
    ];
    for (on_error, expected) in rows {
        let filters = vec![FakePlugin::fails("f", on_error)];
        let outcome = log_in(with(accepting(), filters)).await;
        assert_eq!(outcome.decision.verdict, expected);
    }
}

#[tokio::test]
async fn flags_limit_who_is_asked() {
    let flagged = |no_auth, authenticated, unauthenticated| Member {
        when_no_auth: no_auth,
        when_authenticated: authenticated,
        when_unauthenticated: unauthenticated,
        ..FakePlugin::says("f", filter(Keep, None)).member()
    };
    let rows = [
        (flagged(false, true, true), [true, true, false]),
        (flagged(false, true, false), [true, false, false]),
        (flagged(false, false, true), [false, true, false]),
        (flagged(true, false, false), [false, false, true]),
    ];
    for (member, expected) in rows {
        let asked = async |stages: Stages, mode| {
            let stages = Stages {
                filters: vec![member.clone()],
                ..stages
            };
            let outcome = decide(stages, request(mode, "alice", Some("x"))).await;
            verdicts(&outcome, Stage::Filters) == ["f=keep"]
        };
        let seen = [
            asked(accepting(), Mode::Verify).await,
            asked(rejecting(), Mode::Verify).await,
            asked(accepting(), Mode::LookUp).await,
        ];
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn filters_see_what_the_backends_found() {
    for (stages, authenticated) in [(accepting(), true), (rejecting(), false)] {
        let plugin = Arc::new(FakePlugin::says("f", filter(Keep, None)));
        let stages = Stages {
            filters: vec![Member::new(Arc::clone(&plugin) as Arc<dyn Plugin>)],
            ..stages
        };
        log_in(stages).await;
        let calls = plugin.calls.lock().unwrap();
        let progress = &calls[0].progress;
        assert_eq!(progress.authenticated, authenticated);
        assert!(progress.user_found);
        assert_eq!(progress.account, "alice@example.org");
        assert_eq!(progress.backend, "users");
    }
}

#[tokio::test]
async fn the_first_message_in_configuration_order_wins_and_replaces_a_feature_s() {
    let mut stages = with(
        rejecting(),
        vec![
            FakePlugin::says("f0", filter(Keep, None)),
            FakePlugin::says("f1", filter(Reject, Some("one"))).taking(Duration::from_millis(20)),
            FakePlugin::says("f2", filter(Reject, Some("two"))),
        ],
    );
    stages.features =
        vec![FakePlugin::says("x", feature(FeatureVerdict::Pass, Some("zero"))).member()];
    assert_eq!(log_in(stages.clone()).await.decision.status_message, "one");
    stages.filters.clear();
    assert_eq!(log_in(stages).await.decision.status_message, "zero");
}

#[tokio::test]
async fn attributes_are_removed_first_and_never_overwritten() {
    let changer = |name: &str, add: &[(&str, &str)], remove: &[&str]| {
        let answer = FilterAnswer {
            add_attributes: add.iter().map(|(k, v)| attribute(k, v)).collect(),
            remove_attributes: remove.iter().map(|name| (*name).to_owned()).collect(),
            ..filter_answer(Keep, None)
        };
        FakePlugin::says(name, Answer::Filter(answer))
    };
    let rows = [
        // Added where absent.
        (
            vec![changer("a", &[("quota", "1")], &[])],
            vec![("uid", "alice@example.org"), ("quota", "1")],
        ),
        // The backend's stays.
        (
            vec![changer("a", &[("uid", "mallory")], &[])],
            vec![("uid", "alice@example.org")],
        ),
        // Unless it was removed, by whomever.
        (
            vec![changer("a", &[("uid", "bob")], &["uid"])],
            vec![("uid", "bob")],
        ),
        (
            vec![
                changer("a", &[("uid", "bob")], &[]),
                changer("b", &[], &["uid"]),
            ],
            vec![("uid", "bob")],
        ),
        // Among filters the later wins, and removals do not take away additions.
        (
            vec![
                changer("a", &[("q", "1")], &[]),
                changer("b", &[("q", "2")], &["q"]),
            ],
            vec![("uid", "alice@example.org"), ("q", "2")],
        ),
    ];
    for (filters, expected) in rows {
        let outcome = log_in(with(accepting(), filters)).await;
        let expected: Vec<_> = expected.iter().map(|(k, v)| attribute(k, v)).collect();
        assert_eq!(outcome.decision.progress.attributes, expected);
    }
}

#[tokio::test]
async fn headers_of_features_and_filters_reach_the_response_in_order() {
    let header = |name: &str| crate::auth::Header {
        name: name.to_owned(),
        value: b"1".to_vec(),
    };
    let mut stages = with(
        accepting(),
        vec![FakePlugin::says(
            "f",
            Answer::Filter(FilterAnswer {
                response_headers: vec![header("x-b")],
                ..filter_answer(Keep, None)
            }),
        )],
    );
    stages.features = vec![
        FakePlugin::says(
            "x",
            Answer::Feature(FeatureAnswer {
                verdict: FeatureVerdict::Pass,
                event: Event::Lua,
                status_message: None,
                response_headers: vec![header("x-a")],
            }),
        )
        .member(),
    ];
    let outcome = log_in(stages).await;
    assert_eq!(
        outcome.decision.response_headers,
        [header("x-a"), header("x-b")]
    );
}

#[tokio::test]
async fn a_password_reaches_neither_message_nor_header() {
    let header = |value: &str| crate::auth::Header {
        name: "x-debug".to_owned(),
        value: value.as_bytes().to_vec(),
    };
    let answer = FilterAnswer {
        response_headers: vec![header("got open sesame"), header("fine")],
        ..filter_answer(Reject, Some("open sesame is wrong"))
    };
    let filters = vec![FakePlugin::says("f", Answer::Filter(answer))];
    let decision = log_in(with(accepting(), filters)).await.decision;
    assert_eq!(decision.status_message, "[password] is wrong");
    assert_eq!(decision.response_headers, [header("fine")]);
}
