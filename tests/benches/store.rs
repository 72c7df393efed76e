//! What the embedded stores cost: `cargo bench --bench store`.
//!
//! Single operations and crowds, and the step of a failed login (a counter, a window, the password
//! history) on a store that knows a million addresses. The file is in the folder for temporary files: if
//! that is in memory, flushes cost nothing there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::{sync::Arc, time::Duration};

use bulkhead::store::{
    Bound, Command, HashCommand, Key, MemoryStore, RedbStore, SortedCommand, Store,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use tokio::runtime::Runtime;

/// Addresses that the store knows.
const ADDRESSES: u32 = 1_000_000;
/// Operations that wait at the same time.
const CROWD: u32 = 256;
const HOUR: Duration = Duration::from_secs(3600);

fn key(number: u32, name: &str) -> Key {
    Key::tagged("bench", number.to_be_bytes(), name)
}

/// A failed login from an address: two commands that change, two that read.
fn failed_login(address: u32, now: u32) -> Vec<Command> {
    let window = |command| Command::OnSorted(key(address, "window"), command);
    let now = f64::from(now);
    vec![
        window(SortedCommand::RemoveByScore(
            Bound::Including(f64::NEG_INFINITY),
            Bound::Including(now - 1000.0),
        )),
        window(SortedCommand::Add(vec![(now, b"event".to_vec())])),
        window(SortedCommand::Length),
        Command::OnHash(
            key(address, "history"),
            HashCommand::Increment(b"digest".to_vec(), 1),
        ),
    ]
}

/// One window for each address, a thousand to a step.
fn fill(runtime: &Runtime, store: &dyn Store) {
    for part in 0..ADDRESSES / 1000 {
        let addresses = part * 1000..(part + 1) * 1000;
        let commands = addresses.flat_map(|address| {
            let add = SortedCommand::Add(vec![(0.0, b"event".to_vec())]);
            let window = key(address, "window");
            let expire = Command::Expire {
                key: window.clone(),
                ttl: HOUR,
            };
            [Command::OnSorted(window, add), expire]
        });
        let replies = runtime.block_on(store.run(commands.collect()));
        assert_eq!(replies.unwrap().len(), 2000);
    }
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
        number.wrapping_mul(2_654_435_761) % ADDRESSES
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

        fill(&runtime, store.as_ref());
        if let Some(usage) = store.usage() {
            println!("{name}: {} keys, {} bytes", usage.keys, usage.bytes);
        }
        let mut group = criterion.benchmark_group("a million addresses");
        group.sample_size(10);
        let mut now = 0;
        group.bench_function(BenchmarkId::new("failed login", name), |bencher| {
            bencher.iter(|| {
                now += 1;
                runtime.block_on(store.run(failed_login(next(), now)))
            });
        });
        group.throughput(Throughput::Elements(u64::from(CROWD)));
        group.bench_function(
            BenchmarkId::new("a crowd of failed logins", name),
            |bencher| {
                bencher.iter(|| {
                    now += 1;
                    let crowd = (0..CROWD).map(|_| store.run(failed_login(next(), now)));
                    runtime.block_on(join_all(crowd))
                });
            },
        );
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
