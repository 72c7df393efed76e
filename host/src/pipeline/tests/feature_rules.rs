//! Features: which verdict wins, whose actions run, what becomes of context and messages.

use super::*;
use FeatureVerdict::{Abort, Pass, Reject, TemporaryFailure};

fn features(members: Vec<FakePlugin>) -> Stages {
    Stages {
        features: members.into_iter().map(FakePlugin::member).collect(),
        ..accepting()
    }
}

#[tokio::test]
async fn in_parallel_the_strongest_verdict_wins_wherever_it_stands() {
    let rows = [
        (vec![Pass, Pass], Verdict::Accept, ""),
        (vec![Abort, Pass], Verdict::Accept, ""),
        (vec![Pass, Reject], Verdict::Reject, "f1"),
        (vec![Reject, Reject], Verdict::Reject, "f0"),
        (vec![Abort, Reject], Verdict::Reject, "f1"),
        (vec![TemporaryFailure, Reject], Verdict::Reject, "f1"),
        (
            vec![Abort, TemporaryFailure],
            Verdict::TemporaryFailure,
            "f1",
        ),
    ];
    for (said, expected, decider) in rows {
        let members = said
            .iter()
            .enumerate()
            .map(|(index, verdict)| FakePlugin::says(&format!("f{index}"), feature(*verdict, None)))
            .collect();
        let outcome = log_in(features(members)).await;
        assert_eq!(outcome.decision.verdict, expected, "{said:?}");
        assert_eq!(outcome.decision.progress.feature, decider, "{said:?}");
    }
}

#[tokio::test]
async fn in_sequence_the_first_verdict_that_is_not_pass_ends_the_stage() {
    let rows = [
        (vec![Pass, Reject, TemporaryFailure], Verdict::Reject, "f1"),
        (
            vec![TemporaryFailure, Reject],
            Verdict::TemporaryFailure,
            "f0",
        ),
        (vec![Abort, Reject], Verdict::Accept, ""),
    ];
    for (said, expected, decider) in rows {
        let members = said
            .iter()
            .enumerate()
            .map(|(index, verdict)| FakePlugin::says(&format!("f{index}"), feature(*verdict, None)))
            .collect();
        let mut stages = features(members);
        stages.sequential = true;
        let outcome = log_in(stages).await;
        assert_eq!(outcome.decision.verdict, expected, "{said:?}");
        assert_eq!(outcome.decision.progress.feature, decider, "{said:?}");
        assert!(
            verdicts(&outcome, Stage::Features)
                .last()
                .unwrap()
                .ends_with("=skipped"),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn a_failure_means_what_on_error_says() {
    let rows = [
        (
            OnError::TemporaryFailure,
            Verdict::TemporaryFailure,
            "f=temporary-failure",
        ),
        (OnError::Reject, Verdict::Reject, "f=reject"),
        (OnError::Skip, Verdict::Accept, "f=skipped"),
    ];
    for (on_error, expected, traced) in rows {
        let outcome = log_in(features(vec![FakePlugin::fails("f", on_error)])).await;
        assert_eq!(outcome.decision.verdict, expected);
        assert_eq!(verdicts(&outcome, Stage::Features), [traced]);
        let error = &outcome.trace.stages[0].plugins[0].error;
        assert_eq!(error.as_deref(), Some("boom"));
    }
}

#[tokio::test]
async fn an_answer_to_another_question_is_a_failure() {
    for wrong in [
        filter(FilterVerdict::Accept, None),
        user(true, true),
        Answer::Action,
    ] {
        let outcome = log_in(features(vec![FakePlugin::says("f", wrong)])).await;
        assert_eq!(outcome.decision.verdict, Verdict::TemporaryFailure);
        assert_eq!(verdicts(&outcome, Stage::Features), ["f=temporary-failure"]);
    }
}

#[tokio::test]
async fn the_first_message_in_configuration_order_is_told_on_a_reject() {
    let slow =
        FakePlugin::says("f0", feature(Pass, Some("first"))).taking(Duration::from_millis(20));
    let fast = FakePlugin::says("f1", feature(Reject, Some("second")));
    let outcome = log_in(features(vec![slow, fast])).await;
    assert_eq!(outcome.decision.status_message, "first");

    let outcome = log_in(features(vec![FakePlugin::says("f", feature(Reject, None))])).await;
    assert_eq!(outcome.decision.status_message, "Invalid login or password");
}

#[tokio::test]
async fn a_temporary_failure_tells_the_message_of_the_feature_that_caused_it() {
    let outcome = log_in(features(vec![
        FakePlugin::says("talker", feature(Pass, Some("unrelated"))),
        FakePlugin::says(
            "tls",
            feature(TemporaryFailure, Some("TLS transport encryption required")),
        ),
    ]))
    .await;
    assert_eq!(
        outcome.decision.status_message,
        "TLS transport encryption required"
    );

    let outcome = log_in(features(vec![
        FakePlugin::says("talker", feature(Pass, Some("unrelated"))),
        FakePlugin::fails("broken", OnError::TemporaryFailure),
    ]))
    .await;
    assert_eq!(
        outcome.decision.status_message,
        "Temporary server problem, try again later"
    );
}

#[tokio::test]
async fn a_rejected_login_reaches_neither_backends_nor_filters() {
    let mut stages = features(vec![FakePlugin::says("f", feature(Reject, None))]);
    stages.filters = vec![FakePlugin::says("late", filter(FilterVerdict::Keep, None)).member()];
    let outcome = log_in(stages).await;
    let ran: Vec<_> = outcome
        .trace
        .stages
        .iter()
        .map(|stage| stage.stage)
        .collect();
    assert_eq!(ran, [Stage::Features]);
}

#[tokio::test]
async fn the_actions_of_the_deciding_feature_s_event_run_in_order_and_see_why() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let action = |name: &str, event| {
        let seen = Arc::clone(&seen);
        let own = name.to_owned();
        let plugin = FakePlugin::new(name, move |_, call| {
            let earlier = call.context.get("from").map(|value| value.to_vec());
            seen.lock().unwrap().push((
                own.clone(),
                call.progress.feature.clone(),
                call.progress.status_message.clone(),
                earlier,
            ));
            Ran {
                context: vec![set("from", own.as_bytes())],
                ..ran(Answer::Action)
            }
        });
        (event, plugin.member())
    };
    let mut stages = features(vec![FakePlugin::says(
        "blocklist",
        Answer::Feature(FeatureAnswer {
            verdict: Reject,
            event: Event::Rbl,
            status_message: Some("listed".to_owned()),
            response_headers: Vec::new(),
        }),
    )]);
    stages.actions = vec![
        action("a0", Event::Rbl),
        action("a1", Event::Lua),
        action("a2", Event::Rbl),
    ];
    let outcome = log_in(stages).await;
    let row = |name: &str, earlier: Option<&[u8]>| {
        (
            name.to_owned(),
            "blocklist".to_owned(),
            "listed".to_owned(),
            earlier.map(<[u8]>::to_vec),
        )
    };
    assert_eq!(
        *seen.lock().unwrap(),
        [row("a0", None), row("a2", Some(b"a0"))]
    );
    assert_eq!(verdicts(&outcome, Stage::Actions), ["a0=done", "a2=done"]);
}

#[tokio::test]
async fn a_failing_feature_triggers_no_actions_and_a_failing_action_changes_nothing() {
    let mut stages = features(vec![FakePlugin::fails("f", OnError::Reject)]);
    stages.actions = vec![(Event::Lua, FakePlugin::says("a", Answer::Action).member())];
    let outcome = log_in(stages).await;
    assert!(verdicts(&outcome, Stage::Actions).is_empty());

    let mut stages = features(vec![FakePlugin::says("f", feature(Reject, None))]);
    stages.actions = vec![(
        Event::Lua,
        FakePlugin::fails("a", OnError::TemporaryFailure).member(),
    )];
    let outcome = log_in(stages).await;
    assert_eq!(outcome.decision.verdict, Verdict::Reject);
    assert_eq!(verdicts(&outcome, Stage::Actions), ["a=failed"]);
}

#[tokio::test]
async fn features_start_alike_and_their_changes_are_merged_in_configuration_order() {
    let writer = |name: &'static str, takes| {
        FakePlugin::new(name, move |_, call| {
            assert!(call.context.get("who").is_none());
            Ran {
                context: vec![set("who", name.as_bytes()), set(name, b"1")],
                log_fields: vec![(name.to_owned(), Value::Boolean(true))],
                ..ran(feature(Pass, None))
            }
        })
        .taking(Duration::from_millis(takes))
    };
    let mut stages = features(vec![writer("f0", 20), writer("f1", 0)]);
    let backend = Arc::new(FakePlugin::says("users", user(true, true)));
    stages.backends = vec![Member::new(Arc::clone(&backend) as Arc<dyn Plugin>)];
    let outcome = log_in(stages).await;
    let calls = backend.calls.lock().unwrap();
    let context = &calls[0].context;
    assert_eq!(context.get("who").unwrap().as_ref(), b"f1");
    assert!(context.get("f0").is_some() && context.get("f1").is_some());
    let keys: Vec<_> = outcome
        .log_fields
        .iter()
        .map(|(key, _)| key.as_str())
        .collect();
    assert_eq!(keys, ["f0", "f1"]);
}

#[tokio::test]
async fn the_context_changes_of_a_failed_call_are_dropped() {
    let half_done = FakePlugin {
        on_error: OnError::Skip,
        ..FakePlugin::new("f", |_, _| Ran {
            context: vec![set("half", b"done")],
            answer: Err(Failure {
                kind: FailureKind::Plugin,
                message: "no".to_owned(),
            }),
            ..ran(Answer::Action)
        })
    };
    let mut stages = features(vec![half_done]);
    let backend = Arc::new(FakePlugin::says("users", user(true, true)));
    stages.backends = vec![Member::new(Arc::clone(&backend) as Arc<dyn Plugin>)];
    log_in(stages).await;
    assert!(
        backend.calls.lock().unwrap()[0]
            .context
            .get("half")
            .is_none()
    );
}

#[tokio::test]
async fn without_a_password_only_flagged_features_are_asked() {
    for (flag, expected) in [(false, Verdict::Accept), (true, Verdict::Reject)] {
        let member = Member {
            when_no_auth: flag,
            ..FakePlugin::says("f", feature(Reject, None)).member()
        };
        let stages = Stages {
            features: vec![member],
            ..accepting()
        };
        let outcome = decide(stages, request(Mode::LookUp, "alice", None)).await;
        assert_eq!(outcome.decision.verdict, expected);
    }
}

#[tokio::test]
async fn a_password_in_an_error_or_a_log_field_is_marked() {
    let talkative = FakePlugin::new("f", |_, call| {
        let password = call.request.password.as_ref().unwrap().expose();
        let password = String::from_utf8(password.to_vec()).unwrap();
        Ran {
            log_fields: vec![("seen".to_owned(), Value::Text(password.clone()))],
            answer: Err(Failure {
                kind: FailureKind::Plugin,
                message: format!("bad value '{password}'"),
            }),
            ..ran(Answer::Action)
        }
    });
    let outcome = log_in(features(vec![talkative])).await;
    assert_eq!(
        outcome.trace.stages[0].plugins[0].error.as_deref(),
        Some("bad value '[password]'")
    );
    assert_eq!(
        outcome.log_fields,
        [("seen".to_owned(), Value::Text("[password]".to_owned()))]
    );
}
