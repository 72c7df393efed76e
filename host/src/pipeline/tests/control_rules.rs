//! Controls: asked in order, after the features and before any backend.

use super::*;
use FeatureVerdict::{Abort, Pass, Reject, TemporaryFailure};

/// The verdicts of features, then those of controls; a backend accepts.
fn stages(features: &[FeatureVerdict], controls: &[FeatureVerdict]) -> Stages {
    let members = |prefix: &str, verdicts: &[FeatureVerdict]| {
        let verdicts = verdicts.iter().enumerate();
        verdicts
            .map(|(index, verdict)| {
                FakePlugin::says(&format!("{prefix}{index}"), feature(*verdict, None)).member()
            })
            .collect()
    };
    Stages {
        features: members("f", features),
        controls: members("c", controls),
        ..accepting()
    }
}

#[tokio::test]
async fn the_first_control_that_objects_decides_and_ends_the_stage() {
    type Row = (
        &'static [FeatureVerdict],
        &'static [FeatureVerdict],
        Verdict,
        &'static str,
        &'static [&'static str],
    );
    let rows: [Row; 7] = [
        (
            &[Pass],
            &[Pass, Pass],
            Verdict::Accept,
            "",
            &["c0=pass", "c1=pass"],
        ),
        (
            &[Pass],
            &[Pass, Reject, TemporaryFailure],
            Verdict::Reject,
            "c1",
            &["c0=pass", "c1=reject", "c2=skipped"],
        ),
        (
            &[],
            &[TemporaryFailure, Reject],
            Verdict::TemporaryFailure,
            "c0",
            &["c0=temporary-failure", "c1=skipped"],
        ),
        // An objection of a feature leaves nothing to ask.
        (&[Reject], &[Reject], Verdict::Reject, "f0", &[]),
        // A feature that aborts skips them all, a control those after it; the password is checked.
        (
            &[Abort],
            &[Reject, Reject],
            Verdict::Accept,
            "",
            &["c0=skipped", "c1=skipped"],
        ),
        (
            &[],
            &[Abort, Reject],
            Verdict::Accept,
            "",
            &["c0=abort", "c1=skipped"],
        ),
        (&[Abort], &[], Verdict::Accept, "", &[]),
    ];
    for (features, controls, verdict, decider, trace) in rows {
        let outcome = log_in(stages(features, controls)).await;
        let row = format!("{features:?} {controls:?}");
        assert_eq!(outcome.decision.verdict, verdict, "{row}");
        assert_eq!(outcome.decision.progress.feature, decider, "{row}");
        assert_eq!(verdicts(&outcome, Stage::Controls), trace, "{row}");
    }
}

#[tokio::test]
async fn controls_see_what_features_left_and_the_deciders_event_acts() {
    let finder = FakePlugin::new("finder", |_, _| Ran {
        context: vec![set("found", b"1")],
        ..ran(feature(Pass, None))
    });
    let control = FakePlugin::new("control", |_, call| {
        let verdict = match call.context.get("found") {
            Some(_) => Reject,
            None => Pass,
        };
        ran(Answer::Feature(FeatureAnswer {
            event: Event::Rbl,
            ..match feature(verdict, None) {
                Answer::Feature(answer) => answer,
                other => panic!("{other:?}"),
            }
        }))
    });
    let action = Arc::new(FakePlugin::says("action", Answer::Action));
    let other = Arc::new(FakePlugin::says("other", Answer::Action));
    let acting = |plugin: &Arc<FakePlugin>| Member::new(Arc::clone(plugin) as Arc<dyn Plugin>);
    let stages = Stages {
        features: vec![finder.member()],
        controls: vec![control.member()],
        actions: vec![(Event::Rbl, acting(&action)), (Event::Lua, acting(&other))],
        ..accepting()
    };
    let outcome = log_in(stages).await;
    assert_eq!(outcome.decision.verdict, Verdict::Reject);
    assert_eq!(action.calls.lock().unwrap().len(), 1);
    assert!(other.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_outage_of_a_control_is_a_temporary_failure() {
    let stages = Stages {
        controls: vec![FakePlugin::fails("c", OnError::TemporaryFailure).member()],
        ..accepting()
    };
    let outcome = log_in(stages).await;
    assert_eq!(outcome.decision.verdict, Verdict::TemporaryFailure);
}

#[tokio::test]
async fn without_a_password_only_flagged_controls_are_asked() {
    for (flag, expected) in [(false, Verdict::Accept), (true, Verdict::Reject)] {
        let member = Member {
            when_no_auth: flag,
            ..FakePlugin::says("c", feature(Reject, None)).member()
        };
        let stages = Stages {
            controls: vec![member],
            ..accepting()
        };
        let outcome = decide(stages, request(Mode::LookUp, "alice", None)).await;
        assert_eq!(outcome.decision.verdict, expected);
    }
}
