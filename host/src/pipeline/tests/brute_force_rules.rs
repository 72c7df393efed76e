//! The brute-force control: when it is asked and told, and what its answers come to.

use super::*;
use crate::pipeline::{Ban, BruteForce, Clearance, Counted, FailedLogin, Standing, Uncertain};

/// Says what it is made to say, and writes down what it hears.
struct FakeControl {
    standing: Standing,
    counts: Result<Counted, Uncertain>,
    heard: Mutex<Vec<String>>,
}

fn control(standing: Standing) -> Arc<FakeControl> {
    counting(standing, Ok(Counted::default()))
}

fn counting(standing: Standing, counts: Result<Counted, Uncertain>) -> Arc<FakeControl> {
    Arc::new(FakeControl {
        standing,
        counts,
        heard: Mutex::default(),
    })
}

impl FakeControl {
    fn hear(&self, text: impl Into<String>) {
        self.heard.lock().unwrap().push(text.into());
    }

    fn heard(&self) -> String {
        self.heard.lock().unwrap().join(" ")
    }
}

impl BruteForce for FakeControl {
    fn check<'a>(&'a self, _: &'a Request, _: Instant) -> BoxFuture<'a, Standing> {
        self.hear("check");
        Box::pin(async { self.standing.clone() })
    }
    fn failed<'a>(
        &'a self,
        login: FailedLogin<'a>,
        _: Instant,
    ) -> BoxFuture<'a, Result<Counted, Uncertain>> {
        self.hear(format!("failed:{}", login.account.unwrap_or("nobody")));
        Box::pin(async { self.counts.clone() })
    }
    fn succeeded<'a>(
        &'a self,
        _: &'a Request,
        _: Option<&'a str>,
        _: Instant,
    ) -> BoxFuture<'a, ()> {
        self.hear("succeeded");
        Box::pin(async {})
    }
    fn learns_from(&self, feature: &str, _: Event) -> bool {
        feature == "taught"
    }
}

fn clear() -> Standing {
    Standing::Clear(Clearance::default())
}

fn with(control: &Arc<FakeControl>, stages: Stages) -> Stages {
    Stages {
        brute_force: Some(Arc::clone(control) as _),
        ..stages
    }
}

#[tokio::test]
async fn passwords_that_were_compared_are_told_and_nothing_else() {
    use OnError::{Reject, Skip, TemporaryFailure};
    let says = |found, right| FakePlugin::says("users", user(found, right));
    let fails = |on_error| FakePlugin::fails("other", on_error);
    let rows: [(&str, Vec<FakePlugin>, &str); 8] = [
        ("right", vec![says(true, true)], "succeeded"),
        ("wrong", vec![says(true, false)], "failed:alice@example.org"),
        ("unknown", vec![says(false, false)], "failed:nobody"),
        ("away", vec![fails(TemporaryFailure)], ""),
        ("away, a reject", vec![fails(Reject)], ""),
        (
            "one away",
            vec![fails(TemporaryFailure), says(false, false)],
            "",
        ),
        (
            "one left out, unknown to others",
            vec![fails(Skip), says(false, false)],
            "",
        ),
        (
            "one left out, wrong for another",
            vec![fails(Skip), says(true, false)],
            "failed:alice@example.org",
        ),
    ];
    for (name, backends, expected) in rows {
        let control = control(clear());
        let backends = backends.into_iter().map(FakePlugin::member).collect();
        let stages = Stages {
            backends,
            ..Stages::default()
        };
        log_in(with(&control, stages)).await;
        assert_eq!(
            control.heard(),
            format!("check {expected}").trim(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_banned_client_is_rejected_before_anybody_else_is_asked() {
    for repeating in [false, true] {
        let control = control(Standing::Banned(Ban {
            bucket: "hosts".to_owned(),
            network: "192.0.2.0/24".to_owned(),
            failures: 7,
            repeating,
        }));
        let action = FakePlugin::new("report", |_, call| {
            assert_eq!(call.request.client.network, "192.0.2.0/24");
            ran(Answer::Action)
        });
        let action = action.member();
        let stages = Stages {
            features: vec![FakePlugin::says("f", feature(FeatureVerdict::Pass, None)).member()],
            filters: vec![FakePlugin::says("g", filter(FilterVerdict::Accept, None)).member()],
            actions: vec![(Event::BruteForce, action)],
            ..accepting()
        };
        let outcome = log_in(with(&control, stages)).await;
        assert_eq!(outcome.decision.verdict, Verdict::Reject);
        assert_eq!(outcome.decision.status_message, Decision::DEFAULT_REJECT);
        assert_eq!(control.heard(), "check");
        for stage in [Stage::Features, Stage::Backends, Stage::Filters] {
            assert_eq!(verdicts(&outcome, stage), [""; 0], "{stage:?}");
        }
        assert_eq!(
            verdicts(&outcome, Stage::BruteForce),
            ["brute_force=banned"]
        );
        // Its actions are for news.
        assert_eq!(
            verdicts(&outcome, Stage::Actions).len(),
            usize::from(!repeating)
        );
        let progress = &outcome.decision.progress;
        assert_eq!(progress.brute_force_bucket, "hosts");
        assert_eq!(progress.brute_force_counter, 7);
        assert_eq!(progress.repeating, repeating);
        assert_eq!(progress.feature, "brute_force");
    }
}

#[tokio::test]
async fn what_cannot_be_checked_or_counted_is_a_temporary_failure() {
    let away = || Uncertain("no route".to_owned());
    let unchecked = control(Standing::Uncertain(away()));
    let outcome = log_in(with(&unchecked, accepting())).await;
    assert_eq!(outcome.decision.verdict, Verdict::TemporaryFailure);
    assert_eq!(unchecked.heard(), "check");
    let uncounted = counting(clear(), Err(away()));
    let outcome = log_in(with(&uncounted, rejecting())).await;
    assert_eq!(outcome.decision.verdict, Verdict::TemporaryFailure);
    // The right password does not hang on a count.
    let outcome = log_in(with(&uncounted, accepting())).await;
    assert_eq!(outcome.decision.verdict, Verdict::Accept);
}

#[tokio::test]
async fn look_ups_lists_and_logins_without_a_password_are_not_counted() {
    let rows = [
        (Mode::LookUp, "alice", None, ""),
        (Mode::ListAccounts, "", None, ""),
        (Mode::Verify, "alice", Some(""), "check"),
        (Mode::Verify, "", Some("open sesame"), "check"),
    ];
    for (mode, name, password, expected) in rows {
        let control = control(clear());
        decide(with(&control, rejecting()), request(mode, name, password)).await;
        assert_eq!(control.heard(), expected, "{mode:?} {name:?}");
    }
}

#[tokio::test]
async fn a_login_that_is_exempt_is_not_heard_of_again() {
    let control = control(Standing::Exempt);
    let outcome = log_in(with(&control, rejecting())).await;
    assert_eq!(control.heard(), "check");
    assert_eq!(verdicts(&outcome, Stage::BruteForce), [""; 0]);
}

#[tokio::test]
async fn rejects_of_features_count_where_the_control_learns_from_them() {
    for (name, verdict, expected) in [
        ("taught", FeatureVerdict::Reject, "check failed:nobody"),
        ("other", FeatureVerdict::Reject, "check"),
        ("taught", FeatureVerdict::TemporaryFailure, "check"),
    ] {
        let control = control(clear());
        let stages = Stages {
            features: vec![FakePlugin::says(name, feature(verdict, None)).member()],
            ..accepting()
        };
        log_in(with(&control, stages)).await;
        assert_eq!(control.heard(), expected, "{name} {verdict:?}");
    }
}

#[tokio::test]
async fn trying_out_neither_asks_nor_counts() {
    let control = control(clear());
    let pipeline = Pipeline::new(with(&control, rejecting()));
    let login = request(Mode::Verify, "alice", Some("open sesame"));
    pipeline.try_out(login, soon()).await;
    assert_eq!(control.heard(), "");
}
