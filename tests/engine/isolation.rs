//! Nothing of one call survives into another, unless reuse was asked for.

use bulkhead::{
    config::Instances,
    engine::PluginKind,
    pipeline::{Plugin, Question},
};

use crate::support::{ask_filter, call, counter, filter_answer, hostile, load, number, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_instance_has_never_been_called() {
    let plugin = load(counter("fresh")).await;
    for _ in 0..5 {
        let answer = filter_answer(ask_filter(&plugin, "alice").await);
        assert_eq!(number(&answer, "calls"), 1);
    }
    assert_eq!(plugin.idle(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooled_instance_remembers() {
    let mut spec = counter("pooled");
    spec.config.instances = Instances::Pooled;
    let plugin = load(spec).await;
    for calls in 1..=5 {
        let answer = filter_answer(ask_filter(&plugin, "alice").await);
        assert_eq!(number(&answer, "calls"), calls);
    }
    assert_eq!(plugin.idle(), 1);
}

/// One slot: each call gets the memory that the last one had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_is_never_found_in_the_next_instance() {
    let limits = bulkhead::config::ServerLimits {
        instances: 1,
        ..crate::support::server_limits()
    };
    let engine = bulkhead::engine::Engine::new(bulkhead::engine::EngineSettings {
        cache_directory: None,
        limits: &limits,
    })
    .unwrap();
    let mut spec = hostile("canary");
    spec.config.limits.concurrency = 1;
    let plugin = engine.load(spec).await.unwrap();
    // Searched for in reverse, so that the request itself is no hit.
    let stored = "correct horse";
    let backwards: String = stored.chars().rev().collect();
    for round in 0..300 {
        filter_answer(plugin.run(Question::Filter, call("do.canary-store")).await);
        let find = call(&format!("do.canary-find..{backwards}"));
        let mut without_password = crate::support::request(&find.request.username);
        without_password.password = None;
        let find = crate::support::call_of(without_password, std::time::Duration::from_secs(5));
        let answer = filter_answer(plugin.run(Question::Filter, find).await);
        assert_eq!(number(&answer, "canary_found"), 0, "round {round}");
        assert!(number(&answer, "searched") > 65_536);
    }
}

/// The test above would also pass if the search found nothing ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_is_found_where_instances_are_reused() {
    let mut spec = hostile("reused");
    spec.config.instances = Instances::Pooled;
    let plugin = load(spec).await;
    filter_answer(ask_filter(&plugin, "do.canary-store").await);
    let answer = filter_answer(ask_filter(&plugin, "do.canary-find..esroh tcerroc").await);
    assert!(number(&answer, "canary_found") > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fresh_instances_of_one_image_draw_different_random_numbers() {
    let plugin = load(hostile("random")).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let answer = filter_answer(ask_filter(&plugin, "do.random").await);
        seen.insert(text(&answer, "random"));
    }
    assert_eq!(seen.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn context_changes_of_a_call_are_its_own() {
    let plugin = load(hostile("context")).await;
    assert_eq!(plugin.kind(), PluginKind::Filter);
    let asked = call("do.context-bytes.10");
    let ran = plugin.run(Question::Filter, asked.clone()).await;
    assert_eq!(ran.context.len(), 1);
    assert!(asked.context.get("hostile").is_none());
}
