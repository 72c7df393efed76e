//! Post actions: what they see, how many there may be, and how they end.

use super::*;
use crate::pipeline::PostActions;

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
    PostActions::new(
        limit,
        Duration::from_secs(5),
        tokio::runtime::Handle::current(),
    )
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
