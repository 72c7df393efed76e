//! What the brute-force control costs on a store that knows a million addresses: `cargo bench --bench control`.
//!
//! As the pipeline asks it: once for each login, once more after a wrong password. One login after the other,
//! and crowds, on each kind of store; `redis-server` must be installed. The file is in
//! the folder for temporary files: if that is in memory, flushes cost nothing there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::{
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, Instant},
};

use bulkhead::{
    auth::{Client, Password, Request},
    config::{BruteForce, Bucket, RedisAddress, RedisConfig},
    control::brute_force::{Control, Node},
    pipeline::{BruteForce as _, FailedLogin, Standing},
    store::{Limits, MemoryStore, RedbStore, RedisStore, Store},
};
use bulkhead_harness::Redis;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::{StreamExt, future::join_all, stream};
use tokio::runtime::Runtime;

/// Addresses that have failed before.
const ADDRESSES: u32 = 1_000_000;
/// Logins at the same time.
const CROWD: u32 = 256;
const HOUR: Duration = Duration::from_secs(3600);

/// Two rules that nobody breaks: by address, and by network of 256.
fn rules() -> BruteForce {
    let bucket = |name: &str, prefix| Bucket {
        name: name.to_owned(),
        period: HOUR,
        ban_time: HOUR,
        prefix,
        ipv4: true,
        ipv6: false,
        failed_requests: 1_000_000,
        protocols: Vec::new(),
        oidc_clients: Vec::new(),
    };
    BruteForce {
        buckets: vec![bucket("hosts", 32), bucket("nets", 24)],
        repeated_allowed: 0,
        ..BruteForce::default()
    }
}

fn request(address: u32) -> Request {
    Request {
        username: format!("user{address}"),
        password: Some(Arc::new(Password::new(b"wrong".to_vec()))),
        protocol: "imap".to_owned(),
        client: Client {
            address: Ipv4Addr::from_bits(0x0a00_0000 + address).to_string(),
            ..Client::default()
        },
        ..Request::default()
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

async fn check(control: &Control, address: u32) {
    let standing = control.check(&request(address), soon()).await;
    assert!(matches!(standing, Standing::Clear(_)), "{standing:?}");
}

async fn fail(control: &Control, address: u32) {
    let request = request(address);
    let standing = control.check(&request, soon()).await;
    let Standing::Clear(clearance) = standing else {
        panic!("nobody is banned: {standing:?}");
    };
    let failed = FailedLogin {
        request: &request,
        account: Some(&request.username),
        clearance,
    };
    control.failed(failed, soon()).await.unwrap();
}

fn bench(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = RedbStore::open(&folder.path().join("store.redb")).unwrap();
    let redis = Redis::start();
    let primary = RedisAddress::parse(&redis.address().to_string()).unwrap();
    let roomy = Limits {
        memory_bytes: 8 << 30,
        ..Limits::default()
    };
    let stores: [(&str, Arc<dyn Store>); 3] = [
        ("memory", Arc::new(MemoryStore::new().with_limits(roomy))),
        ("redb", Arc::new(file)),
        (
            "redis",
            Arc::new(RedisStore::new(&RedisConfig::standalone(primary)).unwrap()),
        ),
    ];
    let mut number = 0_u32;
    let mut next = || {
        // Far apart, each in its turn.
        number = number.wrapping_add(1);
        number.wrapping_mul(2_654_435_761) % ADDRESSES
    };
    for (name, store) in &stores {
        let control = {
            let _inside = runtime.enter();
            Control::new(&rules(), Node::new(Arc::clone(store)))
        };
        let began = Instant::now();
        let filling = stream::iter(0..ADDRESSES)
            .for_each_concurrent(CROWD as usize, |address| fail(&control, address));
        runtime.block_on(filling);
        let rate = f64::from(ADDRESSES) / began.elapsed().as_secs_f64();
        println!("{name}: filled by {rate:.0} failed logins per second");
        if let Some(usage) = store.usage() {
            println!("{name}: {} keys, {} bytes", usage.keys, usage.bytes);
        }

        let mut group = criterion.benchmark_group("a million addresses");
        group.sample_size(10);
        group.bench_function(BenchmarkId::new("login", name), |bencher| {
            bencher.iter(|| runtime.block_on(check(&control, next())));
        });
        group.bench_function(BenchmarkId::new("failed login", name), |bencher| {
            bencher.iter(|| runtime.block_on(fail(&control, next())));
        });
        group.throughput(Throughput::Elements(u64::from(CROWD)));
        group.bench_function(BenchmarkId::new("a crowd of logins", name), |bencher| {
            bencher
                .iter(|| runtime.block_on(join_all((0..CROWD).map(|_| check(&control, next())))));
        });
        group.bench_function(
            BenchmarkId::new("a crowd of failed logins", name),
            |bencher| {
                bencher.iter(|| {
                    runtime.block_on(join_all((0..CROWD).map(|_| fail(&control, next()))))
                });
            },
        );
        group.finish();
    }
    println!(
        "redis: {}",
        redis
            .ask(&["info", "memory"])
            .lines()
            .find(|line| line.starts_with("used_memory_human"))
            .unwrap_or_default()
    );
}

criterion_group!(benches, bench);
criterion_main!(benches);
