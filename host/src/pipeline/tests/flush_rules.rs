//! What a flush asks of plugins and of those who remember.

use std::collections::BTreeSet;

use super::{super::*, *};

/// Remembers keys and accounts, or nothing but why it cannot forget; notes what it was told.
struct Memory {
    answer: Result<Forgot, String>,
    told: Mutex<Vec<Subject>>,
}

impl Memory {
    fn new(answer: Result<(&str, &str), &str>) -> Arc<Self> {
        let forgot = |(key, account): (&str, &str)| Forgot {
            keys: vec![key.to_owned()],
            accounts: BTreeSet::from([account.to_owned()]),
        };
        Arc::new(Self {
            answer: answer.map(forgot).map_err(str::to_owned),
            told: Mutex::default(),
        })
    }
}

impl Forget for Memory {
    fn forget<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Forgot, String>> {
        self.told.lock().unwrap().push(subject.clone());
        Box::pin(async { self.answer.clone() })
    }
}

/// Never has done.
struct Endless;

impl Forget for Endless {
    fn forget<'a>(&'a self, _: &'a Subject) -> BoxFuture<'a, Result<Forgot, String>> {
        Box::pin(std::future::pending())
    }
}

fn knows(name: &str, account: &str) -> FakePlugin {
    let answer = CacheFlushAnswer {
        keys: vec!["k".to_owned()],
        account: Some(account.to_owned()),
    };
    FakePlugin::says(name, Answer::CacheFlush(answer))
}

async fn flush(plugins: Vec<FakePlugin>, memories: Vec<Arc<dyn Forget>>) -> Flushed {
    let stages = Stages {
        cache_flush: plugins
            .into_iter()
            .map(|plugin| Arc::new(plugin) as Arc<dyn Plugin>)
            .collect(),
        memories,
        ..Stages::default()
    };
    let deadline = Instant::now() + Duration::from_millis(100);
    Pipeline::new(stages).flush("s", "alice", deadline).await
}

#[tokio::test]
async fn each_hears_of_what_those_before_found_out() {
    let first = Memory::new(Ok(("one", "second-account")));
    let second = Memory::new(Ok(("two", "")));
    let flushed = flush(
        vec![knows("flusher", "first-account")],
        vec![first.clone(), second.clone()],
    )
    .await;
    assert_eq!(flushed.removed_keys, ["one", "two"]);
    assert_eq!(flushed.problems, Vec::<String>::new());
    let told = first.told.lock().unwrap()[0].clone();
    assert_eq!(told.user, "alice");
    assert_eq!(told.plugin_keys, [("flusher".to_owned(), "k".to_owned())]);
    assert!(told.accounts.iter().eq(["first-account"]));
    let told = second.told.lock().unwrap()[0].clone();
    assert!(told.accounts.iter().eq(["first-account", "second-account"]));
}

#[tokio::test]
async fn a_failure_is_said_and_keeps_nobody_from_forgetting() {
    let memory = Memory::new(Ok(("one", "")));
    let flushed = flush(
        vec![
            FakePlugin::fails("broken", OnError::TemporaryFailure),
            FakePlugin::fails("skipped", OnError::Skip),
            knows("flusher", "account"),
        ],
        vec![Memory::new(Err("the store is away")), memory.clone()],
    )
    .await;
    assert_eq!(flushed.removed_keys, ["one"]);
    assert_eq!(flushed.problems, ["broken: boom", "the store is away"]);
    assert!(memory.told.lock().unwrap()[0].accounts.contains("account"));
}

#[tokio::test]
async fn it_ends_when_its_time_is_over() {
    let flushed = flush(Vec::new(), vec![Arc::new(Endless)]).await;
    assert_eq!(flushed.removed_keys, Vec::<String>::new());
    let [problem] = &flushed.problems[..] else {
        panic!("{flushed:?}");
    };
    assert!(problem.starts_with("it was not done within"), "{problem}");
}
