//! Each limit at its value, and one past it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bulkhead::{
    config::Limits,
    engine::LoadedPlugin,
    pipeline::{FailureKind, Plugin, Question},
};

use crate::support::{
    all_grants, ask_filter, call, call_of, failure, filter_answer, hostile, load, number, request,
};

async fn limited(limits: Limits) -> Arc<LoadedPlugin> {
    let mut spec = hostile("limited");
    spec.config.grants = all_grants();
    spec.config.limits = limits;
    load(spec).await
}

const PAGE: u64 = 65_536;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_may_be_filled_but_not_exceeded() {
    let limits = Limits {
        memory_bytes: 64 * PAGE,
        ..Limits::default()
    };
    let plugin = limited(limits).await;
    let full = ask_filter(&plugin, &format!("do.hog.{}", 64 * PAGE)).await;
    assert_eq!(full.usage.memory_bytes, 64 * PAGE);
    filter_answer(full);
    let over = failure(ask_filter(&plugin, &format!("do.hog.{}", 65 * PAGE)).await);
    assert_eq!(over.kind, FailureKind::Memory);
    assert_eq!(
        over.message,
        "it wants 4259840 bytes of memory; its limit `memory` is 4194304"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn computing_is_cut_off_at_cpu() {
    let limits = Limits {
        cpu: Duration::from_millis(300),
        host_calls: u32::MAX,
        ..Limits::default()
    };
    let plugin = limited(limits).await;
    filter_answer(ask_filter(&plugin, "do.spin.50").await);
    let ran = ask_filter(&plugin, "do.loop").await;
    assert!(
        ran.usage.cpu >= Duration::from_millis(300),
        "{:?}",
        ran.usage
    );
    assert!(
        ran.usage.cpu < Duration::from_millis(600),
        "{:?}",
        ran.usage
    );
    let over = failure(ran);
    assert_eq!(over.kind, FailureKind::CpuTime);
    assert_eq!(
        over.message,
        "it computed for longer than its limit `cpu` of 300 ms"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_is_cut_off_at_wall_clock() {
    let limits = Limits {
        wall_clock: Duration::from_millis(400),
        ..Limits::default()
    };
    let plugin = limited(limits).await;
    filter_answer(ask_filter(&plugin, "do.http.0.http://web.example/10").await);
    let started = Instant::now();
    let over = failure(ask_filter(&plugin, "do.http.0.http://web.example/9000").await);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(over.kind, FailureKind::WallClock);
    assert_eq!(
        over.message,
        "it took longer than its limit `wall_clock` of 400 ms"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_never_outlives_its_request() {
    let plugin = limited(Limits::default()).await;
    for deed in [
        "do.loop",
        "do.http.0.http://web.example/9000",
        "do.call-host-forever",
    ] {
        let started = Instant::now();
        let late = call_of(request(deed), Duration::from_millis(100));
        let over = failure(plugin.run(Question::Filter, late).await);
        assert!(started.elapsed() < Duration::from_secs(5), "{deed}");
        assert!(
            matches!(over.kind, FailureKind::WallClock | FailureKind::HostCalls),
            "{deed}: {over}"
        );
    }
    filter_answer(ask_filter(&plugin, "alice").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn host_calls_are_counted() {
    let plugin = limited(Limits {
        host_calls: 100,
        ..Limits::default()
    })
    .await;
    let full = ask_filter(&plugin, "do.call-host.100").await;
    assert_eq!(full.usage.host_calls, 100);
    filter_answer(full);
    let over = failure(ask_filter(&plugin, "do.call-host.101").await);
    assert_eq!(over.kind, FailureKind::HostCalls);
    assert_eq!(
        over.message,
        "it called the host more often than its limit `host_calls` of 100"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_counts_as_boundary_bytes() {
    // The attribute is called `big`: three bytes.
    let plugin = limited(Limits {
        boundary_bytes: 10_000,
        ..Limits::default()
    })
    .await;
    filter_answer(ask_filter(&plugin, "do.answer-bytes.9000").await);
    let mut largest = 0;
    for size in 9000..=10_001 {
        let ran = ask_filter(&plugin, &format!("do.answer-bytes.{size}")).await;
        match ran.answer {
            Ok(_) => largest = size,
            Err(failure) => {
                assert_eq!(failure.kind, FailureKind::Boundary, "{failure}");
                break;
            }
        }
    }
    assert!((9_000..10_000).contains(&largest), "{largest}");
    let lie = failure(ask_filter(&plugin, "do.answer-bytes.20000000").await);
    assert_eq!(lie.kind, FailureKind::Boundary);
    assert_eq!(
        lie.message,
        "it handed more bytes to the host than its limit `boundary_bytes` of 10000"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_call_counts_as_boundary_bytes() {
    // Key `hostile` of 7 bytes and a CBOR text with a header of 3.
    let plugin = limited(Limits {
        boundary_bytes: 5010,
        ..Limits::default()
    })
    .await;
    filter_answer(ask_filter(&plugin, "do.context-bytes.5000").await);
    let over = failure(ask_filter(&plugin, "do.context-bytes.5001").await);
    assert_eq!(over.kind, FailureKind::Boundary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attributes_are_refused_before_they_are_kept() {
    let plugin = limited(Limits::default()).await;
    filter_answer(ask_filter(&plugin, "do.answer-attributes.1000").await);
    let over = failure(ask_filter(&plugin, "do.answer-attributes.100000").await);
    assert_eq!(over.kind, FailureKind::Boundary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_context_has_a_limit_of_its_own() {
    // The server's `context_bytes` is 1 MiB; the key takes 7 bytes, CBOR's header of a long text 5.
    let plugin = limited(Limits::default()).await;
    let room = (1 << 20) - 7 - 5;
    filter_answer(ask_filter(&plugin, &format!("do.context-bytes.{room}")).await);
    let over = failure(ask_filter(&plugin, &format!("do.context-bytes.{}", room + 1)).await);
    assert_eq!(over.kind, FailureKind::Plugin, "{over}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_values_have_a_limit() {
    let plugin = limited(Limits::default()).await;
    filter_answer(ask_filter(&plugin, "do.store-bytes.65536").await);
    let over = failure(ask_filter(&plugin, "do.store-bytes.65537").await);
    assert_eq!(over.kind, FailureKind::Plugin);
    assert!(over.message.contains("`store_value_bytes`"), "{over}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_bytes_have_a_limit() {
    let plugin = limited(Limits::default()).await;
    let answer = filter_answer(ask_filter(&plugin, "do.random-bytes.65536").await);
    assert_eq!(number(&answer, "random_bytes"), 65_536);
    let over = failure(ask_filter(&plugin, "do.random-bytes.65537").await);
    assert_eq!(over.kind, FailureKind::Contract, "{over}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_beyond_concurrency_wait_and_beyond_queue_are_refused() {
    let limits = Limits {
        concurrency: 2,
        queue: 3,
        ..Limits::default()
    };
    let plugin = limited(limits).await;
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let plugin = plugin.clone();
            tokio::spawn(async move {
                plugin
                    .run(Question::Filter, call("do.http.0.http://web.example/300"))
                    .await
            })
        })
        .collect();
    let mut queued = 0;
    let mut refused = Vec::new();
    for call in calls {
        let ran = call.await.unwrap();
        queued += usize::from(ran.usage.queued > Duration::from_millis(100));
        if let Err(failure) = ran.answer {
            refused.push(failure);
        }
    }
    assert_eq!(queued, 3);
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].kind, FailureKind::Overloaded);
    assert_eq!(
        refused[0].message,
        "2 calls run and 3 wait; these are its limits `concurrency` and `queue`"
    );
    assert_eq!(plugin.running(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_says_what_a_call_used() {
    let plugin = limited(Limits {
        host_calls: u32::MAX,
        ..Limits::default()
    })
    .await;
    let ran = ask_filter(&plugin, "do.spin.20").await;
    assert!(ran.answer.is_ok());
    assert!(
        ran.usage.cpu >= Duration::from_millis(15),
        "{:?}",
        ran.usage
    );
    assert!(ran.usage.elapsed >= ran.usage.cpu);
    assert!(ran.usage.memory_bytes >= PAGE);
    assert!(ran.usage.host_calls > 1);

    let waited = ask_filter(&plugin, "do.http.0.http://web.example/80").await;
    assert!(waited.usage.elapsed >= Duration::from_millis(80));
    assert!(
        waited.usage.cpu < Duration::from_millis(60),
        "{:?}",
        waited.usage
    );
}
