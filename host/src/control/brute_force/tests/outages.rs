//! What happens while the store is away.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::BoxFuture;
use tokio::sync::broadcast;

use super::*;
use crate::{
    config::OnStoreFailure,
    store::{Command, Key, Procedure, Reply, StoreError},
};

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
    fn subscribe(&self, channel: &str) -> broadcast::Receiver<Vec<u8>> {
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
    for behaviour in [DOWN, SILENT] {
        store.be(behaviour);
        for _ in 0..10 {
            let came = log_in(&control, "nobody", Given::Unknown("x"), "192.0.2.1").await;
            assert!(matches!(came, Came::Nowhere(_)), "{came:?}");
        }
        // It was asked once, and left in peace after that.
        assert!(store.asked() <= 10);
        store.be(WELL);
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert!(!is_banned(&control, "192.0.2.1").await);
    }
    fail(&control, "192.0.2.1", 1).await;
    assert!(is_banned(&control, "192.0.2.1").await);
}

#[tokio::test]
async fn a_store_that_has_failed_is_left_in_peace_for_a_second() {
    let (control, store) = flaky(&rules(vec![hosts()]));
    store.be(DOWN);
    for _ in 0..100 {
        log_in(&control, "nobody", Given::Unknown("x"), "192.0.2.1").await;
    }
    assert_eq!(store.asked(), 1);
}

#[tokio::test]
async fn a_store_that_says_nothing_costs_no_more_than_its_time() {
    let config = BruteForce {
        store_timeout: Duration::from_millis(50),
        ..rules(vec![hosts()])
    };
    let (control, store) = flaky(&config);
    store.be(SILENT);
    let began = Instant::now();
    let came = log_in(&control, "nobody", Given::Unknown("x"), "192.0.2.1").await;
    assert_eq!(
        came,
        Came::Nowhere("the store did not answer within 50 ms".to_owned())
    );
    assert!(began.elapsed() < 10 * SECOND);
}

#[tokio::test]
async fn a_login_without_time_does_not_say_that_the_store_is_away() {
    let (control, store) = flaky(&rules(vec![hosts()]));
    store.be(SILENT);
    let late = Instant::now() + Duration::from_millis(5);
    let standing = control.check(&request("a", "b", "192.0.2.1"), late).await;
    let over = Uncertain("the login's time is over".to_owned());
    assert_eq!(standing, Standing::Uncertain(over));
    store.be(WELL);
    fail(&control, "192.0.2.1", 1).await;
}

#[tokio::test]
async fn where_that_is_wanted_the_process_counts_alone() {
    let config = BruteForce {
        on_store_failure: OnStoreFailure::Local,
        ..rules(vec![hosts()])
    };
    let (control, store) = flaky(&config);
    store.be(DOWN);
    fail(&control, "192.0.2.1", 5).await;
    assert!(is_banned(&control, "192.0.2.1").await);
    assert!(!is_banned(&control, "192.0.2.2").await);
    store.be(WELL);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    // The store knows nothing of it.
    assert!(!is_banned(&control, "192.0.2.1").await);
}
