//! What only the store in memory promises.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::store::{
    clock::ManualClock,
    conformance::{self, Subject, Time},
};

fn subject(limits: Limits) -> Subject {
    let clock = Arc::new(ManualClock::default());
    Subject {
        store: Arc::new(MemoryStore::with_clock(clock.clone()).with_limits(limits)),
        time: Time::Turned(Box::new(move |time| clock.advance(time))),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    conformance::run_all_in_process(|| async { subject(Limits::default()) }).await;
}

/// So the suite is right for stores whose clock cannot be turned.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms_in_real_time() {
    conformance::run_all(|| async {
        Subject {
            store: Arc::new(MemoryStore::new()),
            time: Time::Real,
        }
    })
    .await;
}

#[tokio::test]
async fn limits_hold() {
    let limits = conformance::low_limits();
    conformance::limits(&subject(limits), &limits).await;
}

proptest! {
    #[test]
    fn random_histories_agree_with_the_model(history in conformance::histories(true)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(conformance::agrees_with_the_model(
            &subject(Limits::default()),
            &history,
        ));
    }
}

#[tokio::test]
async fn a_full_store_takes_no_more_and_loses_nothing() {
    let limits = Limits {
        memory_bytes: 100_000,
        ..Limits::default()
    };
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(MemoryStore::with_clock(clock.clone()).with_limits(limits));
    let shared: Arc<dyn Store> = store.clone();
    let key = |number: u32| Key::new("test", number.to_be_bytes());
    let value = || vec![0; 1000];
    let mut kept = 0;
    let full = loop {
        // The first half expires.
        let ttl = (kept < 40).then_some(Duration::from_secs(1));
        match shared.set(key(kept), value(), ttl).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!((80..=100).contains(&kept), "{kept}");
    let bytes = store.usage().unwrap().bytes;
    assert!((100_000..102_000).contains(&bytes), "{bytes}");
    assert!(full.to_string().contains("`store_memory`"), "{full}");
    // All that grows fails, as a whole; all else goes on.
    let step = vec![
        Command::Delete(key(50)),
        Command::OnSet(key(1000), super::super::SetCommand::Add(vec![vec![1]])),
    ];
    assert!(shared.run(step).await.is_err());
    assert_eq!(shared.get(key(50)).await, Ok(Some(value())));
    assert_eq!(
        shared.expire(key(50), Duration::from_secs(9)).await,
        Ok(true)
    );
    assert_eq!(shared.delete(key(51)).await, Ok(true));
    assert_eq!(shared.delete(key(52)).await, Ok(true));
    assert_eq!(shared.set(key(51), value(), None).await, Ok(()));
    // Nor does it stay full of what has expired.
    clock.advance(Duration::from_secs(2));
    for number in 0..30 {
        assert_eq!(shared.set(key(2000 + number), value(), None).await, Ok(()));
    }
    for number in 0..kept + 3000 {
        shared.delete(key(number)).await.unwrap();
    }
    let nothing = Usage { keys: 0, bytes: 0 };
    assert_eq!(
        store.usage(),
        Some(nothing),
        "nothing is left of the account"
    );
}

#[tokio::test]
async fn expired_entries_leave_memory_as_others_arrive() {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(MemoryStore::with_clock(clock.clone()));
    let shared: Arc<dyn Store> = store.clone();
    for number in 0..1000_u32 {
        let key = Key::new("test", number.to_be_bytes());
        let ttl = Some(Duration::from_secs(1));
        shared.set(key, vec![], ttl).await.unwrap();
    }
    assert_eq!(store.len(), 1000);
    clock.advance(Duration::from_secs(2));
    for number in 0..2000_u32 {
        let key = Key::new("new", number.to_be_bytes());
        shared.set(key, vec![], None).await.unwrap();
    }
    assert_eq!(store.len(), 2000);
}
