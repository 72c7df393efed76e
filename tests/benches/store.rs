//! What the embedded stores cost: `cargo bench --bench store`.
//!
//! Single operations and crowds. The file is in the folder for temporary files: if that is in memory, flushes
//! cost nothing there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::{sync::Arc, time::Duration};

use bulkhead::store::{Key, MemoryStore, RedbStore, Store};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use tokio::runtime::Runtime;

/// Different keys.
const KEYS: u32 = 1_000_000;
/// Operations that wait at the same time.
const CROWD: u32 = 256;
const HOUR: Duration = Duration::from_secs(3600);

fn key(number: u32, name: &str) -> Key {
    Key::tagged("bench", number.to_be_bytes(), name)
}

fn bench(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = RedbStore::open(&folder.path().join("store.redb")).unwrap();
    let stores: [(&str, Arc<dyn Store>); 2] = [
        ("memory", Arc::new(MemoryStore::new())),
        ("redb", Arc::new(file)),
    ];
    let mut number = 0_u32;
    let mut next = || {
        // Far apart, each in its turn.
        number = number.wrapping_add(1);
        number.wrapping_mul(2_654_435_761) % KEYS
    };
    for (name, store) in &stores {
        let mut group = criterion.benchmark_group("store");
        group.sample_size(10);
        group.bench_function(BenchmarkId::new("increment", name), |bencher| {
            bencher.iter(|| runtime.block_on(store.increment(key(next(), "n"), 1, Some(HOUR))));
        });
        group.bench_function(BenchmarkId::new("get", name), |bencher| {
            bencher.iter(|| runtime.block_on(store.get(key(next(), "n"))));
        });
        group.throughput(Throughput::Elements(u64::from(CROWD)));
        group.bench_function(BenchmarkId::new("a crowd of increments", name), |bencher| {
            bencher.iter(|| {
                let crowd = (0..CROWD).map(|_| store.increment(key(next(), "n"), 1, Some(HOUR)));
                runtime.block_on(join_all(crowd))
            });
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
