//! Post actions: what they see, how many there may be, and how they end.

use super::*;
use crate::{
    auth::{StageTrace, TraceContext},
    pipeline::{DropReason, PostActions, PostLimits, PostListener},
};

fn post(plugins: Vec<Arc<FakePlugin>>) -> Stages {
    Stages {
        actions: plugins
            .into_iter()
            .map(|plugin| (Event::Post, Member::new(plugin as Arc<dyn Plugin>)))
            .collect(),
        ..rejecting()
    }
}

fn action(name: &str) -> FakePlugin {
    FakePlugin::says(name, Answer::Action)
}

fn runner(limit: u32) -> PostActions {
    runner_of(limit, 100)
}

fn runner_of(actions: u32, logins: u32) -> PostActions {
    let limits = PostLimits {
        actions,
        logins,
        timeout: Duration::from_secs(5),
    };
    PostActions::new(limits, tokio::runtime::Handle::current())
}

/// Remembers what was reported.
#[derive(Default)]
struct Heard {
    ended: Mutex<Vec<usize>>,
    dropped: Mutex<Vec<(usize, DropReason)>>,
}

impl PostListener for Heard {
    fn ended(&self, _: Option<&TraceContext>, actions: &StageTrace) {
        self.ended.lock().unwrap().push(actions.plugins.len());
    }

    fn dropped(&self, actions: usize, why: DropReason) {
        self.dropped.lock().unwrap().push((actions, why));
    }
}

#[tokio::test]
async fn they_run_in_order_with_the_outcome_and_one_context() {
    let first = Arc::new(FakePlugin::new("p0", |_, _| Ran {
        context: vec![set("k", b"v")],
        ..ran(Answer::Action)
    }));
    let second = Arc::new(action("p1"));
    let outcome = log_in(post(vec![Arc::clone(&first), Arc::clone(&second)])).await;
    let mut work = outcome.post;
    work.set_http_status(403);
    let stage = work.run(Duration::from_secs(5)).await;
    let words: Vec<_> = stage
        .plugins
        .iter()
        .map(|plugin| plugin.verdict.as_str())
        .collect();
    assert_eq!(words, ["done", "done"]);
    let calls = second.calls.lock().unwrap();
    assert!(calls[0].context.get("k").is_some());
    let progress = &calls[0].progress;
    assert_eq!(progress.http_status, 403);
    assert_eq!(progress.status_message, "Invalid login or password");
    assert!(progress.user_found && !progress.authenticated);
}

#[tokio::test]
async fn one_that_fails_does_not_stop_the_next() {
    let next = Arc::new(action("next"));
    let broken = Arc::new(FakePlugin::fails("broken", OnError::TemporaryFailure));
    let outcome = log_in(post(vec![broken, Arc::clone(&next)])).await;
    let stage = outcome.post.run(Duration::from_secs(5)).await;
    let words: Vec<_> = stage
        .plugins
        .iter()
        .map(|plugin| plugin.verdict.as_str())
        .collect();
    assert_eq!(words, ["failed", "done"]);
}

#[tokio::test]
async fn the_password_is_wiped_when_the_last_action_that_was_granted_it_has_ended() {
    let alive = Arc::new(Mutex::new(Vec::new()));
    let watch: Arc<Mutex<std::sync::Weak<Password>>> = Arc::default();
    let plugin = |name: &str, sees_password| {
        let alive = Arc::clone(&alive);
        let watch = Arc::clone(&watch);
        Arc::new(FakePlugin {
            sees_password,
            keeps_calls: false,
            ..FakePlugin::new(name, move |_, _| {
                let count = watch.lock().unwrap().strong_count();
                alive.lock().unwrap().push(count > 0);
                ran(Answer::Action)
            })
        })
    };
    let mut stages = post(vec![
        plugin("p0", false),
        plugin("p1", true),
        plugin("p2", false),
        plugin("p3", false),
    ]);
    stages.backends.clear();
    let request = request(Mode::Verify, "alice", Some("open sesame"));
    *watch.lock().unwrap() = Arc::downgrade(request.password.as_ref().unwrap());
    let outcome = decide(stages, request).await;
    outcome.post.run(Duration::from_secs(5)).await;
    assert_eq!(*alive.lock().unwrap(), [true, true, false, false]);
}

#[tokio::test]
async fn an_action_without_the_grant_after_the_last_with_it_gets_no_password() {
    let granted = Arc::new(action("granted"));
    let plain = Arc::new(FakePlugin {
        sees_password: false,
        ..action("plain")
    });
    let outcome = log_in(post(vec![Arc::clone(&granted), Arc::clone(&plain)])).await;
    outcome.post.run(Duration::from_secs(5)).await;
    let had_password =
        |plugin: &FakePlugin| plugin.calls.lock().unwrap()[0].request.password.is_some();
    assert!(had_password(&granted));
    assert!(!had_password(&plain));
}

#[tokio::test]
async fn as_many_as_allowed_run_and_one_more_is_dropped_and_counted() {
    let slow = Arc::new(action("slow").taking(Duration::from_millis(100)));
    let pipeline = Pipeline::new(post(vec![slow]));
    let work = async || {
        let request = request(Mode::Verify, "alice", Some("x"));
        pipeline.decide(request, soon()).await.post
    };
    let runner = runner(2);
    assert!(runner.start(work().await));
    assert!(runner.start(work().await));
    assert_eq!(runner.pending(), 2);
    assert!(!runner.start(work().await));
    assert_eq!(runner.dropped(), 1);
    assert_eq!(runner.drain(Duration::from_secs(5)).await, 0);
    assert_eq!(runner.pending(), 0);
}

#[tokio::test]
async fn at_shutdown_there_is_a_grace_and_then_an_end() {
    let runner = runner(10);
    let quick = Arc::new(action("quick").taking(Duration::from_millis(20)));
    let stuck = Arc::new(action("stuck").taking(Duration::from_secs(4)));
    for plugin in [Arc::clone(&quick), stuck] {
        runner.start(log_in(post(vec![plugin])).await.post);
    }
    let started = Instant::now();
    assert_eq!(runner.drain(Duration::from_secs(1)).await, 1);
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(quick.calls.lock().unwrap().len(), 1);
    assert_eq!(runner.dropped(), 1);
    // Too late for more.
    assert!(!runner.start(log_in(post(vec![quick])).await.post));
}

#[tokio::test]
async fn their_time_is_bounded() {
    let stuck = Arc::new(action("stuck").taking(Duration::from_secs(600)));
    let never = Arc::new(action("never"));
    let outcome = log_in(post(vec![stuck, never])).await;
    let stage = outcome.post.run(Duration::from_millis(50)).await;
    let words: Vec<_> = stage
        .plugins
        .iter()
        .map(|plugin| plugin.verdict.as_str())
        .collect();
    assert_eq!(words, ["failed", "skipped"]);
}

#[tokio::test]
async fn a_list_of_accounts_has_none() {
    let outcome = decide(
        post(vec![Arc::new(action("p"))]),
        request(Mode::ListAccounts, "", None),
    )
    .await;
    assert!(outcome.post.is_empty());
}

#[tokio::test]
async fn a_login_with_more_actions_than_places_still_runs_them() {
    let plugins: Vec<_> = (0..3)
        .map(|index| Arc::new(action(&format!("p{index}"))))
        .collect();
    let runner = runner(2);
    assert!(runner.start(log_in(post(plugins.clone())).await.post));
    runner.drain(Duration::from_secs(5)).await;
    assert!(
        plugins
            .iter()
            .all(|plugin| plugin.calls.lock().unwrap().len() == 1)
    );
}

#[tokio::test]
async fn so_many_logins_have_their_turn_at_a_time_and_the_others_wait() {
    for (workers, most) in [(1, 1), (3, 3), (100, 6)] {
        let running = Arc::new(Mutex::new((0_usize, 0_usize)));
        let counted = Arc::clone(&running);
        let plugin = Arc::new(FakePlugin::new("p", move |_, _| {
            let mut count = counted.lock().unwrap();
            count.0 += 1;
            count.1 = count.1.max(count.0);
            ran(Answer::Action)
        }));
        let leaves = Arc::clone(&running);
        let last = Arc::new(
            FakePlugin::new("last", move |_, _| {
                leaves.lock().unwrap().0 -= 1;
                ran(Answer::Action)
            })
            .taking(Duration::from_millis(50)),
        );
        let runner = runner_of(100, workers);
        for _ in 0..6 {
            let work = log_in(post(vec![Arc::clone(&plugin), Arc::clone(&last)])).await;
            assert!(runner.start(work.post));
        }
        assert_eq!(runner.drain(Duration::from_secs(5)).await, 0);
        assert_eq!(running.lock().unwrap().1, most, "{workers} workers");
        assert_eq!(plugin.calls.lock().unwrap().len(), 6);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn turns_come_in_the_order_of_the_logins() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut works = Vec::new();
    for number in 0..200 {
        let order = Arc::clone(&order);
        let plugin = FakePlugin::new("p", move |_, _| {
            order.lock().unwrap().push(number);
            ran(Answer::Action)
        });
        works.push(log_in(post(vec![Arc::new(plugin)])).await.post);
    }
    let runner = runner_of(200, 1);
    for work in works {
        assert!(runner.start(work));
    }
    assert_eq!(runner.drain(Duration::from_secs(20)).await, 0);
    assert_eq!(*order.lock().unwrap(), (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_dropped_is_reported_with_its_reason() {
    let heard = Arc::new(Heard::default());
    let runner = runner_of(3, 1).reporting_to(Arc::clone(&heard) as Arc<dyn PostListener>);
    let stuck = Arc::new(action("stuck").taking(Duration::from_secs(600)));
    let next = Arc::new(action("next"));
    let work = async || log_in(post(vec![Arc::clone(&stuck), Arc::clone(&next)])).await;
    // The first takes all of its time, the second is never run.
    runner.set_timeout(Duration::from_millis(200));
    assert!(runner.start(work().await.post));
    // One place is left, and two are needed.
    assert!(!runner.start(work().await.post));
    assert_eq!(*heard.dropped.lock().unwrap(), [(2, DropReason::Full)]);
    assert_eq!(runner.drain(Duration::from_secs(5)).await, 0);
    assert!(!runner.start(work().await.post));
    assert_eq!(
        *heard.dropped.lock().unwrap(),
        [
            (2, DropReason::Full),
            (1, DropReason::Late),
            (2, DropReason::Shutdown)
        ]
    );
    assert_eq!(*heard.ended.lock().unwrap(), [2]);
    assert_eq!(runner.dropped(), 5);
}

#[tokio::test]
async fn at_the_end_only_actions_count_as_cancelled_that_had_not_ended() {
    let heard = Arc::new(Heard::default());
    let runner = runner_of(10, 1).reporting_to(Arc::clone(&heard) as Arc<dyn PostListener>);
    let quick = Arc::new(action("quick"));
    let stuck = Arc::new(action("stuck").taking(Duration::from_secs(600)));
    let works = [vec![Arc::clone(&quick), Arc::clone(&stuck)], vec![quick]];
    for plugins in works {
        assert!(runner.start(log_in(post(plugins)).await.post));
    }
    // Of the first login one is over; the second waits behind it.
    assert_eq!(runner.drain(Duration::from_millis(500)).await, 2);
    assert_eq!(runner.pending(), 0);
    let dropped: usize = heard.dropped.lock().unwrap().iter().map(|one| one.0).sum();
    assert_eq!(dropped, 2);
}

#[tokio::test]
async fn work_that_waits_holds_no_password_that_no_action_may_see() {
    for sees_password in [true, false] {
        let runner = runner_of(10, 1);
        let stuck = Arc::new(action("stuck").taking(Duration::from_secs(600)));
        runner.start(log_in(post(vec![stuck])).await.post);
        let plugin = FakePlugin {
            sees_password,
            ..action("waits")
        };
        let mut stages = post(vec![Arc::new(plugin)]);
        stages.backends.clear();
        let request = request(Mode::Verify, "alice", Some("open sesame"));
        let password = Arc::downgrade(request.password.as_ref().unwrap());
        runner.start(decide(stages, request).await.post);
        assert_eq!(password.strong_count() > 0, sees_password);
    }
}
