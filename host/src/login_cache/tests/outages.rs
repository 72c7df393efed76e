//! A store that fails, stalls or lies: logins are decided all the same, and the backend is asked once.

use std::sync::atomic::AtomicU8;

use super::*;
use crate::{
    pipeline::CacheSource::{Memory, Store as InTheStore},
    store::{Command, Key, Procedure, Reply, StoreError, Subscription},
};

const TIMEOUT: Duration = Duration::from_millis(50);

#[derive(Clone, Copy)]
enum Mode {
    Works,
    Fails,
    Stalls,
    Lies,
}

/// A store that does what it is told to.
struct Moody {
    store: MemoryStore,
    mode: AtomicU8,
    asked: AtomicUsize,
}

impl Moody {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            store: MemoryStore::new(),
            mode: AtomicU8::new(Mode::Works as u8),
            asked: AtomicUsize::new(0),
        })
    }

    fn set(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::SeqCst);
    }
}

fn away<T: Send + 'static>() -> BoxFuture<'static, Result<T, StoreError>> {
    Box::pin(async { Err(StoreError::Unavailable("away".to_owned())) })
}

impl Store for Moody {
    fn run(&self, commands: Vec<Command>) -> BoxFuture<'_, Result<Vec<Reply>, StoreError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.mode.load(Ordering::SeqCst) {
            mode if mode == Mode::Fails as u8 => away(),
            mode if mode == Mode::Stalls as u8 => Box::pin(std::future::pending()),
            mode if mode == Mode::Lies as u8 => {
                let lies = commands.iter().map(|_| Reply::Bytes(vec![1; 64])).collect();
                Box::pin(async { Ok(lies) })
            }
            _ => self.store.run(commands),
        }
    }

    fn call(
        &self,
        _: &'static Procedure,
        _: Vec<Key>,
        _: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Reply, StoreError>> {
        away()
    }

    fn publish(&self, channel: &str, message: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        match self.mode.load(Ordering::SeqCst) {
            mode if mode == Mode::Works as u8 => self.store.publish(channel, message),
            _ => away(),
        }
    }

    fn subscribe(&self, channel: &str) -> Subscription {
        self.store.subscribe(channel)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        away()
    }
}

fn node(store: &Arc<Moody>, backend: &Arc<Backend>) -> Node {
    let store: Arc<dyn Store> = store.clone();
    let config = config::Cache {
        store_timeout: TIMEOUT,
        ..settings()
    };
    Node::new(&config, &store, backend)
}

#[tokio::test]
async fn a_store_that_is_away_changes_no_decision() {
    for mode in [Mode::Fails, Mode::Stalls, Mode::Lies] {
        let backend = Backend::of(&[("alice", &["right"])]);
        let store = Moody::new();
        let node = node(&store, &backend);
        store.set(mode);
        assert_eq!(node.log_in("alice", "wrong").await, WRONG);
        assert_eq!(node.log_in("alice", "right").await, ACCEPTED);
        // The memory works on.
        assert_eq!(node.log_in("alice", "right").await, from(Memory, ACCEPTED));
        assert_eq!(node.log_in("nobody", "right").await, UNKNOWN);
    }
}

#[tokio::test]
async fn a_store_that_stalls_is_waited_for_once_and_then_left_alone() {
    let backend = Backend::of(&[("alice", &["right"])]);
    let store = Moody::new();
    let node = node(&store, &backend);
    store.set(Mode::Stalls);
    let began = Instant::now();
    node.log_in("alice", "right").await;
    assert!(began.elapsed() >= TIMEOUT);
    for number in 0..100 {
        node.log_in(&format!("user {number}"), "right").await;
    }
    let pauses = began.elapsed().as_secs() / super::outage::PAUSE.as_secs();
    let asked = store.asked.load(Ordering::SeqCst) as u64;
    assert!((1..=1 + pauses).contains(&asked), "{asked}");
}

#[tokio::test]
async fn without_the_store_a_thousand_equal_logins_still_ask_the_backend_once() {
    for mode in [Mode::Fails, Mode::Stalls, Mode::Lies] {
        let backend = Backend::of(&[("alice", &["right"])]);
        let store = Moody::new();
        store.set(mode);
        let node = Arc::new(node(&store, &backend));
        let tasks: Vec<_> = (0..1000)
            .map(|_| {
                let node = Arc::clone(&node);
                tokio::spawn(async move { node.log_in("alice", "right").await.1 })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), Conclusion::Accepted);
        }
        assert_eq!(backend.asked(), 1);
    }
}

#[tokio::test]
async fn a_store_that_comes_back_is_used_again() {
    let backend = Backend::of(&[("alice", &["right"]), ("bob", &["right"])]);
    let store = Moody::new();
    let one = node(&store, &backend);
    one.log_in("alice", "right").await;
    store.set(Mode::Fails);
    one.log_in("bob", "right").await;
    store.set(Mode::Works);
    let in_store = one.cache.shared.store.as_ref().unwrap();
    in_store.pause_is_over();
    let without_memory = Request {
        caching: Caching {
            memory: false,
            ..Caching::default()
        },
        ..login("alice", "right")
    };
    assert_eq!(one.decide(without_memory).await, from(InTheStore, ACCEPTED));
}

#[tokio::test]
async fn a_flush_without_the_store_says_so_and_forgets_what_it_can() {
    let backend = Backend::of(&[("alice", &["right"])]);
    let store = Moody::new();
    let node = node(&store, &backend);
    node.log_in("alice", "right").await;
    store.set(Mode::Fails);
    let subject = Subject {
        user: "alice".to_owned(),
        ..Subject::default()
    };
    let failed = node.cache.forget(&subject).await;
    assert_eq!(
        failed,
        Err("cache: the store is unavailable: away".to_owned())
    );
    assert_eq!(node.log_in("alice", "right").await, ACCEPTED);
}

#[tokio::test]
async fn without_a_secret_too_a_flush_that_nobody_else_hears_says_so() {
    let backend = Backend::of(&[("alice", &["right"])]);
    let store = Moody::new();
    let shared: Arc<dyn Store> = store.clone();
    let node = Node::new(&only_in_memory(), &shared, &backend);
    node.log_in("alice", "right").await;
    store.set(Mode::Fails);
    let subject = Subject {
        user: "alice".to_owned(),
        ..Subject::default()
    };
    assert_eq!(
        node.cache.forget(&subject).await,
        Err("cache: other nodes do not hear of it: the store is unavailable: away".to_owned())
    );
    assert_eq!(node.log_in("alice", "right").await, ACCEPTED);
}
