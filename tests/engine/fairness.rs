//! A hundred looping logins beside good ones leave the good ones' latency alone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bulkhead::{
    engine::LoadedPlugin,
    pipeline::{FailureKind, Plugin, Question},
};

use crate::support::{ask_filter, call, counter, failure, filter_answer, hostile, load};

/// Latencies of good logins, one every few milliseconds, sorted.
async fn latencies(plugin: &LoadedPlugin, count: usize) -> Vec<Duration> {
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        let started = Instant::now();
        filter_answer(ask_filter(plugin, "alice").await);
        all.push(started.elapsed());
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_looping_logins_leave_good_ones_alone() {
    let good = load(counter("good")).await;
    let mut spec = hostile("looping");
    spec.config.limits.concurrency = 100;
    spec.config.limits.queue = 100;
    spec.config.limits.cpu = Duration::from_secs(30);
    spec.config.limits.wall_clock = Duration::from_secs(4);
    let looping = load(spec).await;

    let alone = latencies(&good, 200).await;

    let over = Arc::new(AtomicBool::new(false));
    let loops: Vec<_> = (0..100)
        .map(|_| {
            let (looping, over) = (looping.clone(), over.clone());
            tokio::spawn(async move {
                let ran = looping.run(Question::Filter, call("do.loop")).await;
                assert!(!over.load(Ordering::SeqCst) || ran.answer.is_err());
                failure(ran)
            })
        })
        .collect();
    while looping.running() < 100 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let started = Instant::now();
    let beside = latencies(&good, 200).await;
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "the loops ended too early"
    );
    assert_eq!(looping.running(), 100);
    over.store(true, Ordering::SeqCst);
    for ended in loops {
        let failure = ended.await.unwrap();
        assert_eq!(failure.kind, FailureKind::WallClock, "{failure}");
    }

    let median = |all: &[Duration]| all[all.len() / 2];
    let high = |all: &[Duration]| all[all.len() * 95 / 100];
    eprintln!(
        "alone: median {:?}, p95 {:?}; beside 100 loops: median {:?}, p95 {:?}",
        median(&alone),
        high(&alone),
        median(&beside),
        high(&beside)
    );
    // Without the lane a good login would wait for up to fifty slices of a millisecond.
    assert!(median(&beside) < median(&alone) * 4 + Duration::from_millis(2));
    assert!(high(&beside) < high(&alone) * 4 + Duration::from_millis(15));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_computes_for_long_but_within_its_limits_is_right() {
    let mut spec = hostile("diligent");
    spec.config.limits.host_calls = u32::MAX;
    let plugin = load(spec).await;
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let plugin = plugin.clone();
            tokio::spawn(async move { plugin.run(Question::Filter, call("do.spin.60")).await })
        })
        .collect();
    for ended in calls {
        filter_answer(ended.await.unwrap());
    }
}
