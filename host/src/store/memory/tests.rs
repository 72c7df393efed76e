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
    conformance::run_all(|| async { subject(Limits::default()) }).await;
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
