//! What only the store in memory promises.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::store::{clock::ManualClock, conformance};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    conformance::run_all(|clock| Arc::new(MemoryStore::with_clock(clock))).await;
}

#[tokio::test]
async fn expired_entries_leave_memory_as_others_arrive() {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(MemoryStore::with_clock(clock.clone()));
    let shared: Arc<dyn Store> = store.clone();
    for number in 0..1000_u32 {
        let key = conformance::key(&number.to_string());
        let ttl = Some(Duration::from_secs(1));
        shared.set(key, vec![], ttl).await.unwrap();
    }
    assert_eq!(store.len(), 1000);
    clock.advance(Duration::from_secs(2));
    for number in 0..2000_u32 {
        let key = conformance::key(&format!("new {number}"));
        shared.set(key, vec![], None).await.unwrap();
    }
    assert_eq!(store.len(), 2000);
}
