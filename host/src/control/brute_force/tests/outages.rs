//! What happens while the store is away.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::BoxFuture;

use super::*;
use crate::pipeline::{Forget as _, Subject};
use crate::store::{Call, Command, Key, Procedure, Reply, StoreError, Subscription};

/// How a store behaves.
const WELL: u32 = 0;
const DOWN: u32 = 1;
const SILENT: u32 = 2;
/// Of several procedures it does the first alone.
const ONE_TRACKED: u32 = 3;

/// A store that can be taken away, and counts what it is asked.
struct Flaky {
    store: MemoryStore,
    behaviour: AtomicU32,
    asked: AtomicU32,
}

impl Flaky {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            store: MemoryStore::new(),
            behaviour: AtomicU32::new(WELL),
            asked: AtomicU32::new(0),
        })
    }

    fn be(&self, behaviour: u32) {
        self.behaviour.store(behaviour, Ordering::SeqCst);
    }

    fn asked(&self) -> u32 {
        self.asked.swap(0, Ordering::SeqCst)
    }

    fn answer<'a, T: Send + 'a>(
        &self,
        answer: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.behaviour.load(Ordering::SeqCst) {
            WELL | ONE_TRACKED => answer,
            DOWN => Box::pin(async { Err(StoreError::Unavailable("no route".to_owned())) }),
            _ => Box::pin(std::future::pending()),
        }
    }
}

impl Store for Flaky {
    fn run(&self, commands: Vec<Command>) -> BoxFuture<'_, Result<Vec<Reply>, StoreError>> {
        self.answer(self.store.run(commands))
    }
    fn call(
        &self,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Reply, StoreError>> {
        self.answer(self.store.call(procedure, keys, arguments))
    }
    /// One question.
    fn call_all(&self, calls: Vec<Call>) -> BoxFuture<'_, Vec<Result<Reply, StoreError>>> {
        Box::pin(async move {
            let asked = calls.len();
            let done = async { Ok(self.store.call_all(calls).await) };
            let done = self.answer(Box::pin(done)).await;
            let mut done = done.unwrap_or_else(|error| vec![Err(error); asked]);
            if self.behaviour.load(Ordering::SeqCst) == ONE_TRACKED {
                let lost = Err(StoreError::Unavailable("no route".to_owned()));
                done.iter_mut()
                    .skip(1)
                    .for_each(|done| *done = lost.clone());
            }
            done
        })
    }
    fn publish(&self, channel: &str, message: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.publish(channel, message)
    }
    fn subscribe(&self, channel: &str) -> Subscription {
        self.store.subscribe(channel)
    }
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.check()
    }
}

fn flaky(config: &BruteForce) -> (Control, Arc<Flaky>) {
    let store = Flaky::new();
    let shared: Arc<dyn Store> = Arc::clone(&store) as _;
    (control(config, &shared), store)
}

#[tokio::test]
async fn a_login_asks_the_store_once_before_the_password_and_once_after_it() {
    let config = BruteForce {
        tolerate_ttl: HOUR,
        repeated_allowed: 3,
        ..rules(vec![
            hosts(),
            Bucket {
                name: "nets".to_owned(),
                prefix: 24,
                ..hosts()
            },
        ])
    };
    let (control, store) = flaky(&config);
    // The first failure of a process fetches the key of the digests too.
    fail(&control, "192.0.2.1", 1).await;
    store.asked();
    fail(&control, "192.0.2.1", 1).await;
    assert_eq!(store.asked(), 2);
    log_in(&control, "alice", Given::Right, "192.0.2.1").await;
    assert_eq!(store.asked(), 2);
}

#[tokio::test]
async fn a_login_that_cannot_be_counted_is_not_decided() {
    let (control, store) = flaky(&rules(vec![hosts()]));
    fail(&control, "192.0.2.1", 4).await;
    store.be(DOWN);
    for _ in 0..10 {
        let came = log_in(&control, "nobody", Given::Unknown("x"), "192.0.2.1").await;
        let away = Came::Nowhere("the store is unavailable: no route".to_owned());
        assert_eq!(came, away);
    }
    store.be(WELL);
    // Neither forgotten nor counted.
    assert!(!is_banned(&control, "192.0.2.1").await);
    fail(&control, "192.0.2.1", 1).await;
    assert!(is_banned(&control, "192.0.2.1").await);
}

#[tokio::test]
async fn a_store_that_fails_after_the_check_leaves_the_login_undecided() {
    let (control, store) = flaky(&rules(vec![hosts()]));
    let request = request("nobody", "guess", "192.0.2.1");
    let clear = Standing::Clear(crate::pipeline::Clearance::default());
    assert_eq!(control.check(&request, soon()).await, clear);
    store.be(DOWN);
    let failed = FailedLogin {
        request: &request,
        account: None,
        clearance: crate::pipeline::Clearance::default(),
    };
    let away = Uncertain("the store is unavailable: no route".to_owned());
    assert_eq!(control.failed(failed, soon()).await, Err(away));
}

#[tokio::test]
async fn a_store_that_says_nothing_costs_no_more_than_the_time_of_the_login() {
    let (control, store) = flaky(&rules(vec![hosts()]));
    store.be(SILENT);
    let late = Instant::now() + Duration::from_millis(5);
    let standing = control.check(&request("a", "b", "192.0.2.1"), late).await;
    let over = Uncertain("the store did not answer in time".to_owned());
    assert_eq!(standing, Standing::Uncertain(over));
    store.be(WELL);
    fail(&control, "192.0.2.1", 1).await;
}

#[tokio::test]
async fn where_an_account_was_seen_costs_no_further_question() {
    let config = BruteForce {
        tolerate_ttl: HOUR,
        ..rules(vec![hosts()])
    };
    let (control, store) = flaky(&config);
    fail(&control, "192.0.2.1", 1).await;
    store.asked();
    // The user's name is not the account's.
    let request = request("alice@example.org", "wrong", "192.0.2.1");
    let failed = FailedLogin {
        request: &request,
        account: Some("alice"),
        clearance: crate::pipeline::Clearance::default(),
    };
    assert!(control.failed(failed, soon()).await.is_ok());
    assert_eq!(store.asked(), 1);
    control.succeeded(&request, Some("alice"), soon()).await;
    assert_eq!(store.asked(), 1);
}

#[tokio::test]
async fn a_login_counts_though_nobody_can_write_down_where_it_came_from() {
    let (control, store) = flaky(&rules(vec![hosts()]));
    store.be(ONE_TRACKED);
    fail(&control, "192.0.2.1", 5).await;
    assert!(is_banned(&control, "192.0.2.1").await);
}

#[tokio::test]
async fn a_user_who_cannot_be_forgotten_now_can_be_later() {
    let (control, store) = flaky(&rules(vec![hosts()]));
    for _ in 0..5 {
        log_in(&control, "alice", Given::Wrong("guess"), "192.0.2.1").await;
    }
    assert!(is_banned(&control, "192.0.2.1").await);
    let alice = Subject {
        user: "alice".to_owned(),
        ..Subject::default()
    };
    store.be(DOWN);
    let away = "brute_force: the store is unavailable: no route".to_owned();
    assert_eq!(control.forget(&alice).await, Err(away));
    store.be(WELL);
    assert!(is_banned(&control, "192.0.2.1").await);
    assert!(!control.forget(&alice).await.unwrap().keys.is_empty());
    assert!(!is_banned(&control, "192.0.2.1").await);
}
