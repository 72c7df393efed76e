//! Time: nothing runs past the request's deadline, and what ran into it is a temporary failure.

use super::*;

const SHORT: Duration = Duration::from_millis(60);
const FOREVER: Duration = Duration::from_secs(600);

async fn decide_shortly(stages: Stages) -> (Outcome, Duration) {
    let started = Instant::now();
    let outcome = Pipeline::new(stages)
        .decide(request(Mode::Verify, "alice", Some("x")), started + SHORT)
        .await;
    (outcome, started.elapsed())
}

#[tokio::test]
async fn a_plugin_that_never_answers_is_cut_off_in_every_stage() {
    let stuck = |answer| vec![FakePlugin::says("stuck", answer).taking(FOREVER).member()];
    let rows = [
        (
            Stage::Features,
            Stages {
                features: stuck(feature(FeatureVerdict::Pass, None)),
                ..accepting()
            },
        ),
        (
            Stage::Backends,
            Stages {
                backends: stuck(user(true, true)),
                ..Stages::default()
            },
        ),
        (
            Stage::Filters,
            Stages {
                filters: stuck(filter(FilterVerdict::Keep, None)),
                ..accepting()
            },
        ),
    ];
    for (stage, stages) in rows {
        let (outcome, took) = decide_shortly(stages).await;
        assert_eq!(
            outcome.decision.verdict,
            Verdict::TemporaryFailure,
            "{stage:?}"
        );
        assert_eq!(
            outcome.decision.status_message,
            "Temporary server problem, try again later"
        );
        assert!(took < Duration::from_secs(10), "{stage:?} took {took:?}");
        assert_eq!(verdicts(&outcome, stage), ["stuck=temporary-failure"]);
    }
}

#[tokio::test]
async fn a_filter_that_fails_open_does_not_open_by_running_out_the_clock() {
    let stuck = FakePlugin {
        on_error: OnError::Skip,
        ..FakePlugin::says("stuck", filter(FilterVerdict::Reject, None)).taking(FOREVER)
    };
    let stages = Stages {
        filters: vec![stuck.member()],
        ..accepting()
    };
    let (outcome, _) = decide_shortly(stages).await;
    assert_eq!(outcome.decision.verdict, Verdict::TemporaryFailure);
}

#[tokio::test]
async fn after_the_deadline_nobody_else_is_asked() {
    let stuck = FakePlugin {
        on_error: OnError::Skip,
        ..FakePlugin::says("stuck", user(true, true)).taking(FOREVER)
    };
    let next = Arc::new(FakePlugin::says("next", user(true, true)));
    let stages = Stages {
        backends: vec![
            stuck.member(),
            Member::new(Arc::clone(&next) as Arc<dyn Plugin>),
        ],
        ..Stages::default()
    };
    let (outcome, _) = decide_shortly(stages).await;
    assert_eq!(outcome.decision.verdict, Verdict::TemporaryFailure);
    assert!(next.calls.lock().unwrap().is_empty());
    assert_eq!(
        verdicts(&outcome, Stage::Backends),
        ["stuck=skipped", "next=skipped"]
    );
}

#[tokio::test]
async fn features_wait_side_by_side() {
    let slow = |name: &str| {
        FakePlugin::says(name, feature(FeatureVerdict::Pass, None))
            .taking(Duration::from_millis(400))
            .member()
    };
    let stages = Stages {
        features: vec![slow("a"), slow("b"), slow("c"), slow("d")],
        ..accepting()
    };
    let started = Instant::now();
    let outcome = log_in(stages).await;
    assert_eq!(outcome.decision.verdict, Verdict::Accept);
    assert!(started.elapsed() < Duration::from_millis(1500));
}

#[tokio::test]
async fn every_call_carries_the_deadline_of_the_request() {
    let backend = Arc::new(FakePlugin::says("users", user(true, true)));
    let stages = Stages {
        backends: vec![Member::new(Arc::clone(&backend) as Arc<dyn Plugin>)],
        ..Stages::default()
    };
    let deadline = soon();
    Pipeline::new(stages)
        .decide(request(Mode::Verify, "alice", Some("x")), deadline)
        .await;
    assert_eq!(backend.calls.lock().unwrap()[0].deadline, deadline);
}
