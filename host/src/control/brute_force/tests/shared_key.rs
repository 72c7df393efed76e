//! The key of the digests, while one store stands in for another.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;

use super::{super::digest::Kind, *};
use crate::store::{Command, Key, Procedure, Reply, StoreError, Subscription};

/// A store that many share, and one that stands in for it.
struct TwoStores {
    shared: Arc<dyn Store>,
    stand_in: MemoryStore,
    /// Odd while the other one stands in.
    reign: AtomicU64,
    asked: AtomicU64,
}

impl TwoStores {
    fn new(shared: &Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::clone(shared),
            stand_in: MemoryStore::new(),
            reign: AtomicU64::new(0),
            asked: AtomicU64::new(0),
        })
    }

    fn change(&self) {
        self.reign.fetch_add(1, Ordering::SeqCst);
    }

    fn asked(&self) -> u64 {
        self.asked.swap(0, Ordering::SeqCst)
    }

    fn current(&self) -> &dyn Store {
        match self.reign.load(Ordering::SeqCst) % 2 {
            0 => &*self.shared,
            _ => &self.stand_in,
        }
    }
}

impl Store for TwoStores {
    fn run(&self, commands: Vec<Command>) -> BoxFuture<'_, Result<Vec<Reply>, StoreError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            // Others come in between.
            tokio::task::yield_now().await;
            self.current().run(commands).await
        })
    }
    fn call(
        &self,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Reply, StoreError>> {
        self.current().call(procedure, keys, arguments)
    }
    fn publish(&self, channel: &str, message: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.shared.publish(channel, message)
    }
    fn subscribe(&self, channel: &str) -> Subscription {
        self.shared.subscribe(channel)
    }
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.current().check()
    }
    fn reign(&self) -> u64 {
        self.reign.load(Ordering::SeqCst)
    }
}

/// What the node calls a user.
async fn name(node: &Node) -> Vec<u8> {
    let key = node.digest_key(&BruteForce::default(), soon()).await;
    key.unwrap().digest(Kind::User, &[b"alice"])
}

#[tokio::test]
async fn a_key_that_a_stand_in_told_is_used_no_longer_than_it_stands_in() {
    let shared = in_memory();
    let (store, other) = (TwoStores::new(&shared), Node::new(Arc::clone(&shared)));
    store.change();
    let node = Node::new(Arc::clone(&store) as _);
    let local = name(&node).await;
    let all = name(&other).await;
    assert_ne!(local, all);
    assert_eq!(name(&node).await, local);
    store.change();
    assert_eq!(name(&node).await, all);
}

#[tokio::test]
async fn however_many_want_the_key_one_asks_for_it() {
    let shared = in_memory();
    let store = TwoStores::new(&shared);
    let node = Node::new(Arc::clone(&store) as _);
    for _ in 0..3 {
        let names = futures_util::future::join_all((0..100).map(|_| name(&node))).await;
        assert_eq!(store.asked(), 1);
        assert!(names.iter().all(|one| *one == names[0]));
        store.change();
    }
}

#[tokio::test]
async fn a_store_that_lost_the_key_gets_it_back() {
    let shared = in_memory();
    let store = TwoStores::new(&shared);
    let node = Node::new(Arc::clone(&store) as _);
    let before = name(&node).await;
    // The stand-in knows no key yet.
    store.change();
    assert_eq!(name(&node).await, before);
    assert_eq!(store.asked(), 2);
}
