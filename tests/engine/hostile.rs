//! Guests that misbehave: each gives a failure that names the cause, in time, and harms nobody.

use std::time::{Duration, Instant};

use bulkhead::{
    config::Instances,
    pipeline::{FailureKind, Plugin, Question},
};

use crate::support::{ask_filter, call, failure, filter_answer, hostile, load};

/// What each deed must end in.
const DEEDS: [(&str, FailureKind); 13] = [
    ("do.fail..no", FailureKind::Plugin),
    ("do.loop", FailureKind::CpuTime),
    ("do.panic", FailureKind::Trap),
    ("do.unreachable", FailureKind::Trap),
    ("do.recurse", FailureKind::Trap),
    ("do.hog.100000000", FailureKind::Memory),
    ("do.hog-forever", FailureKind::Memory),
    ("do.answer-bytes.30000000", FailureKind::Boundary),
    ("do.answer-duplicates.2", FailureKind::Contract),
    ("do.answer-header..Auth-User: root", FailureKind::Contract),
    (
        "do.answer-header..X-Two: a\r\nX-Lines: b",
        FailureKind::Contract,
    ),
    ("do.call-host-forever", FailureKind::HostCalls),
    ("do.http.0.http://web.example/panic", FailureKind::Trap),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_deed_is_a_failure_and_the_next_call_is_right() {
    for instances in [Instances::Fresh, Instances::Pooled] {
        let mut spec = hostile("hostile");
        spec.config.instances = instances;
        spec.config.limits.cpu = Duration::from_millis(500);
        spec.config.limits.boundary_bytes = 16 << 20;
        let plugin = load(spec).await;
        for (deed, kind) in DEEDS {
            let started = Instant::now();
            let got = failure(ask_filter(&plugin, deed).await);
            assert_eq!(got.kind, kind, "{deed}: {got}");
            assert!(started.elapsed() < Duration::from_secs(3), "{deed}");
            assert!(got.message.len() < 9000, "{deed}");
            assert!(!got.message.contains('\n'), "{deed}");
            filter_answer(ask_filter(&plugin, "alice").await);
        }
        assert_eq!(plugin.running(), 0);
        assert!(plugin.idle() <= 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_of_another_kind_is_a_failure() {
    let plugin = load(hostile("filter")).await;
    let got = failure(plugin.run(Question::Feature, call("alice")).await);
    assert_eq!(got.kind, FailureKind::Contract);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_calls_leave_everything_whole() {
    for instances in [Instances::Fresh, Instances::Pooled] {
        let mut spec = hostile("cancelled");
        spec.config.instances = instances;
        spec.config.limits.concurrency = 4;
        let plugin = load(spec).await;
        let deeds = ["do.loop", "do.http.0.http://web.example/5000", "alice"];
        for round in 0..300 {
            let deed = deeds[round % deeds.len()];
            let patience = Duration::from_micros(u64::try_from(round).unwrap() * 37 % 6000);
            let asked = plugin.run(Question::Filter, call(deed));
            let _ = tokio::time::timeout(patience, asked).await;
        }
        // A looping call in the lane notices at its next tick.
        let started = Instant::now();
        while plugin.running() > 0 {
            assert!(
                started.elapsed() < Duration::from_secs(2),
                "{} still run",
                plugin.running()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(plugin.idle() <= 4);
        filter_answer(ask_filter(&plugin, "alice").await);
    }
}
