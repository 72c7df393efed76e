//! The conformance suite: what every store must do, run against each implementation.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{sync::Arc, time::Duration};

use super::{Key, Remaining, Store, StoreError, clock::ManualClock};

const SECOND: Duration = Duration::from_secs(1);

/// A key in the suite's namespace.
pub(crate) fn key(name: &str) -> Key {
    Key::new("conformance", name)
}

/// Runs every check on a new, empty store with a clock of its own.
pub(crate) async fn run_all(mut make: impl FnMut(Arc<ManualClock>) -> Arc<dyn Store>) {
    let mut fresh = || {
        let clock = Arc::new(ManualClock::default());
        (make(clock.clone()), clock)
    };
    values(fresh().0).await;
    binary_names_and_namespaces(fresh().0).await;
    counters(fresh().0).await;
    parallel_increments(fresh().0).await;
    let (store, clock) = fresh();
    expiry(store, clock).await;
    let (store, clock) = fresh();
    counter_expiry(store, clock).await;
    let (store, clock) = fresh();
    expire_edges(store, clock).await;
}

async fn values(store: Arc<dyn Store>) {
    assert_eq!(store.get(key("a")).await.unwrap(), None);
    assert!(!store.delete(key("a")).await.unwrap());
    store.set(key("a"), b"1".to_vec(), None).await.unwrap();
    store.set(key("a"), b"2".to_vec(), None).await.unwrap();
    assert_eq!(store.get(key("a")).await.unwrap(), Some(b"2".to_vec()));
    assert_eq!(
        store.time_to_live(key("a")).await.unwrap(),
        Remaining::Unlimited
    );
    assert!(store.delete(key("a")).await.unwrap());
    assert_eq!(store.get(key("a")).await.unwrap(), None);
    assert_eq!(
        store.time_to_live(key("a")).await.unwrap(),
        Remaining::Missing
    );

    store.set(key("empty"), vec![], None).await.unwrap();
    assert_eq!(store.get(key("empty")).await.unwrap(), Some(vec![]));
    let large = vec![0xa5; 1 << 20];
    store.set(key("large"), large.clone(), None).await.unwrap();
    assert_eq!(store.get(key("large")).await.unwrap(), Some(large));
}

async fn binary_names_and_namespaces(store: Arc<dyn Store>) {
    let pairs: [(&str, &[u8]); 9] = [
        ("", b""),
        ("", b"a"),
        ("a", b""),
        ("a", b"b:c"),
        ("a:b", b"c"),
        ("a", b"b\0c"),
        ("a\0b", b"c"),
        ("a", &[0xff, 0xfe, 0]),
        ("a", &[0xff, 0xfe]),
    ];
    let key = |(namespace, name): (&str, &[u8])| Key::new(namespace, name);
    for (index, pair) in pairs.into_iter().enumerate() {
        store.set(key(pair), vec![index as u8], None).await.unwrap();
    }
    for (index, pair) in pairs.into_iter().enumerate() {
        let value = store.get(key(pair)).await.unwrap();
        assert_eq!(value, Some(vec![index as u8]), "{pair:?}");
    }
}

async fn counters(store: Arc<dyn Store>) {
    assert_eq!(store.increment(key("n"), 5, None).await.unwrap(), 5);
    assert_eq!(store.increment(key("n"), -7, None).await.unwrap(), -2);
    assert_eq!(store.get(key("n")).await.unwrap(), Some(b"-2".to_vec()));
    assert_eq!(store.increment(key("zero"), 0, None).await.unwrap(), 0);
    assert_eq!(store.get(key("zero")).await.unwrap(), Some(b"0".to_vec()));
    store.set(key("n"), b"40".to_vec(), None).await.unwrap();
    assert_eq!(store.increment(key("n"), 2, None).await.unwrap(), 42);

    for wrong in ["", "x", "1.5", " 1"] {
        store.set(key("w"), wrong.into(), None).await.unwrap();
        let error = store.increment(key("w"), 1, None).await.unwrap_err();
        assert_eq!(error, StoreError::NotANumber, "{wrong:?}");
        assert_eq!(store.get(key("w")).await.unwrap(), Some(wrong.into()));
    }
    assert_eq!(
        store.increment(key("max"), i64::MAX, None).await.unwrap(),
        i64::MAX
    );
    assert_eq!(
        store.increment(key("max"), 1, None).await,
        Err(StoreError::NotANumber)
    );
    assert_eq!(
        store.increment(key("max"), 0, None).await.unwrap(),
        i64::MAX
    );
    assert_eq!(
        store.increment(key("min"), i64::MIN, None).await.unwrap(),
        i64::MIN
    );
    assert_eq!(
        store.increment(key("min"), -1, None).await,
        Err(StoreError::NotANumber)
    );
}

async fn parallel_increments(store: Arc<dyn Store>) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let store = store.clone();
        tasks.spawn(async move { store.increment(key("hits"), 1, None).await.unwrap() });
    }
    let mut sums = tasks.join_all().await;
    sums.sort_unstable();
    assert_eq!(sums, (1..=1000).collect::<Vec<i64>>());
    assert_eq!(
        store.get(key("hits")).await.unwrap(),
        Some(b"1000".to_vec())
    );
}

async fn expiry(store: Arc<dyn Store>, clock: Arc<ManualClock>) {
    store
        .set(key("t"), b"v".to_vec(), Some(2 * SECOND))
        .await
        .unwrap();
    assert_eq!(
        store.time_to_live(key("t")).await.unwrap(),
        Remaining::For(2 * SECOND)
    );
    clock.advance(2 * SECOND - Duration::from_millis(1));
    assert!(store.get(key("t")).await.unwrap().is_some());
    let last = Remaining::For(Duration::from_millis(1));
    assert_eq!(store.time_to_live(key("t")).await.unwrap(), last);
    clock.advance(Duration::from_millis(1));
    assert_eq!(store.get(key("t")).await.unwrap(), None);
    assert_eq!(
        store.time_to_live(key("t")).await.unwrap(),
        Remaining::Missing
    );
    assert!(!store.delete(key("t")).await.unwrap());
    assert!(!store.expire(key("t"), SECOND).await.unwrap());

    // A new value without TTL is not hit by the old one's expiry.
    store
        .set(key("t"), b"w".to_vec(), Some(SECOND))
        .await
        .unwrap();
    store.set(key("t"), b"x".to_vec(), None).await.unwrap();
    clock.advance(10 * SECOND);
    store.set(key("other"), vec![], None).await.unwrap();
    assert_eq!(store.get(key("t")).await.unwrap(), Some(b"x".to_vec()));

    store.set(key("gone"), b"v".to_vec(), None).await.unwrap();
    store
        .set(key("gone"), b"v".to_vec(), Some(Duration::ZERO))
        .await
        .unwrap();
    assert_eq!(store.get(key("gone")).await.unwrap(), None);
    store
        .set(key("long"), b"v".to_vec(), Some(Duration::MAX))
        .await
        .unwrap();
    assert_ne!(
        store.time_to_live(key("long")).await.unwrap(),
        Remaining::Missing
    );
}

async fn counter_expiry(store: Arc<dyn Store>, clock: Arc<ManualClock>) {
    store
        .increment(key("c"), 1, Some(10 * SECOND))
        .await
        .unwrap();
    clock.advance(4 * SECOND);
    assert_eq!(
        store
            .increment(key("c"), 1, Some(100 * SECOND))
            .await
            .unwrap(),
        2
    );
    let left = Remaining::For(6 * SECOND);
    assert_eq!(
        store.time_to_live(key("c")).await.unwrap(),
        left,
        "only a new key gets the TTL"
    );
    clock.advance(6 * SECOND);
    assert_eq!(store.increment(key("c"), 1, Some(SECOND)).await.unwrap(), 1);
    assert_eq!(
        store.time_to_live(key("c")).await.unwrap(),
        Remaining::For(SECOND)
    );
}

async fn expire_edges(store: Arc<dyn Store>, clock: Arc<ManualClock>) {
    assert!(!store.expire(key("e"), SECOND).await.unwrap());
    store.set(key("e"), b"v".to_vec(), None).await.unwrap();
    assert!(store.expire(key("e"), SECOND).await.unwrap());
    assert!(store.expire(key("e"), 5 * SECOND).await.unwrap());
    clock.advance(2 * SECOND);
    assert_eq!(store.get(key("e")).await.unwrap(), Some(b"v".to_vec()));
    assert!(store.expire(key("e"), Duration::ZERO).await.unwrap());
    assert_eq!(store.get(key("e")).await.unwrap(), None);
}
