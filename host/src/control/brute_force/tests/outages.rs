//! What happens while the store is away.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::BoxFuture;

use super::*;
use crate::store::{Command, Key, Procedure, Reply, StoreError, Subscription};

/// How a store behaves.
const WELL: u32 = 0;
const DOWN: u32 = 1;
const SILENT: u32 = 2;

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
            WELL => answer,
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
