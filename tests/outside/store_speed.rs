//! What a durable counter costs, alone and in a crowd. Run it with
//! `cargo test -p bulkhead --test outside store_speed -- --ignored --nocapture`.

use std::{sync::Arc, time::Instant};

use bulkhead::store::{Key, RedbStore, Store};

fn key(name: u32) -> Key {
    Key::new("speed", name.to_be_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a check"]
async fn increments_and_reads() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> =
        Arc::new(RedbStore::open(&folder.path().join("store.redb")).unwrap());
    let started = Instant::now();
    for number in 0..500 {
        store.increment(key(number), 1, None).await.unwrap();
    }
    println!("increment, one at a time: {:?}", started.elapsed() / 500);

    let started = Instant::now();
    let mut crowd = tokio::task::JoinSet::new();
    for number in 0..20_000 {
        let store = store.clone();
        crowd.spawn(async move { store.increment(key(number % 1000), 1, None).await.unwrap() });
    }
    crowd.join_all().await;
    println!("increment, 20000 at once: {:?}", started.elapsed() / 20_000);

    let started = Instant::now();
    for number in 0..5000 {
        store.get(key(number % 1000)).await.unwrap();
    }
    println!("read: {:?}", started.elapsed() / 5000);
}
