//! A component by somebody who knows WASI and no SDK.

use bulkhead::{auth::Value, config::PluginSource, engine::PluginKind};

use crate::support::{added, ask_filter, filter_answer, guest, load, number, spec, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wasip2_component_runs_and_sees_nothing_of_the_computer() {
    let stranger = spec(
        "stranger",
        PluginKind::Filter,
        PluginSource::Component(guest("stranger")),
    );
    let plugin = load(stranger).await;
    assert_eq!(plugin.description().version, "1.2.3");
    let mut orders = std::collections::BTreeSet::new();
    for _ in 0..8 {
        let answer = filter_answer(ask_filter(&plugin, "alice").await);
        assert_eq!(number(&answer, "arguments"), 0);
        assert_eq!(number(&answer, "environment"), 0);
        assert_eq!(number(&answer, "root_entries"), -1);
        assert_eq!(number(&answer, "stdin_bytes"), 0);
        assert_eq!(number(&answer, "calls"), 1);
        assert_eq!(added(&answer, "clock"), Value::Boolean(true));
        assert_ne!(text(&answer, "file"), "read");
        assert_ne!(text(&answer, "write"), "done");
        assert_ne!(text(&answer, "socket"), "connected");
        orders.insert(text(&answer, "map_order"));
    }
    assert!(orders.len() > 1, "randomness is fresh in each instance");
}
