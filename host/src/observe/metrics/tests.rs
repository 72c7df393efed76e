//! What the metrics endpoint shows, and what it keeps out.

#![allow(clippy::unwrap_used)]

use super::*;

fn labels(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn is_invalid(result: &Result<(), MetricError>) -> bool {
    matches!(result, Err(MetricError::Invalid(_)))
}

#[test]
fn numbers_appear_with_their_plugin_and_labels() {
    let metrics = PluginMetrics::new(10);
    let ok = labels(&[("result", "ok"), ("b", "2")]);
    metrics.counter_add("p", "logins_total", &ok, 1.0).unwrap();
    metrics.counter_add("p", "logins", &ok, 2.5).unwrap();
    metrics.gauge_set("p", "temperature", &[], 20.0).unwrap();
    metrics.gauge_add("p", "temperature", &[], -21.5).unwrap();
    metrics
        .histogram_observe("p", "seconds", &[], 0.02)
        .unwrap();
    metrics
        .histogram_observe("p", "seconds", &[], 99.0)
        .unwrap();
    let text = metrics.encode();
    for line in [
        "# TYPE bulkhead_plugin_logins counter",
        "bulkhead_plugin_logins_total{plugin=\"p\",b=\"2\",result=\"ok\"} 3.5",
        "# TYPE bulkhead_plugin_temperature gauge",
        "bulkhead_plugin_temperature{plugin=\"p\"} -1.5",
        "# TYPE bulkhead_plugin_seconds histogram",
        "bulkhead_plugin_seconds_count{plugin=\"p\"} 2",
        "bulkhead_plugin_seconds_bucket{le=\"0.01\",plugin=\"p\"} 0",
        "bulkhead_plugin_seconds_bucket{le=\"0.025\",plugin=\"p\"} 1",
        "bulkhead_plugin_seconds_bucket{le=\"+Inf\",plugin=\"p\"} 2",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn the_order_of_labels_does_not_matter() {
    let metrics = PluginMetrics::new(1);
    let (forth, back) = (
        labels(&[("a", "1"), ("b", "2")]),
        labels(&[("b", "2"), ("a", "1")]),
    );
    metrics.counter_add("p", "n", &forth, 1.0).unwrap();
    metrics.counter_add("p", "n", &back, 1.0).unwrap();
    assert!(metrics.encode().contains("} 2.0"));
}

#[test]
fn the_series_limit_holds_for_each_plugin_by_itself() {
    let metrics = PluginMetrics::new(3);
    for user in ["a", "b", "c"] {
        metrics
            .counter_add("p", "n", &labels(&[("user", user)]), 1.0)
            .unwrap();
    }
    let past = labels(&[("user", "d")]);
    assert_eq!(
        metrics.counter_add("p", "n", &past, 1.0),
        Err(MetricError::TooManySeries)
    );
    assert_eq!(
        metrics.gauge_set("p", "other", &[], 1.0),
        Err(MetricError::TooManySeries)
    );
    metrics
        .counter_add("p", "n", &labels(&[("user", "a")]), 1.0)
        .unwrap();
    metrics.counter_add("q", "n", &past, 1.0).unwrap();
    metrics.forget("p");
    metrics.counter_add("p", "n", &past, 1.0).unwrap();
}

#[test]
fn another_type_or_other_labels_are_refused() {
    let metrics = PluginMetrics::new(10);
    metrics
        .counter_add("p", "n", &labels(&[("a", "1")]), 1.0)
        .unwrap();
    let a = labels(&[("a", "1")]);
    assert!(is_invalid(&metrics.gauge_set("p", "n", &a, 1.0)));
    assert!(is_invalid(&metrics.histogram_observe("p", "n", &a, 1.0)));
    assert!(is_invalid(&metrics.counter_add("p", "n", &[], 1.0)));
    assert!(is_invalid(&metrics.counter_add(
        "p",
        "n",
        &labels(&[("b", "1")]),
        1.0
    )));
}

#[test]
fn names_labels_and_numbers_that_prometheus_forbids_are_refused() {
    let metrics = PluginMetrics::new(10);
    for name in [
        "",
        "1a",
        "a-b",
        "a b",
        "ä",
        "a\n",
        "_total",
        &"x".repeat(129),
    ] {
        if name != "_total" {
            assert!(
                is_invalid(&metrics.gauge_set("p", name, &[], 1.0)),
                "{name:?}"
            );
        }
    }
    assert!(is_invalid(&metrics.counter_add("p", "_total", &[], 1.0)));
    for label in ["", "1a", "a:b", "__name__", "plugin", "a\"b"] {
        let result = metrics.gauge_set("p", "n", &labels(&[(label, "v")]), 1.0);
        assert!(is_invalid(&result), "{label:?}");
    }
    assert!(is_invalid(&metrics.histogram_observe(
        "p",
        "n",
        &labels(&[("le", "1")]),
        1.0
    )));
    let twice = labels(&[("a", "1"), ("a", "2")]);
    assert!(is_invalid(&metrics.gauge_set("p", "n", &twice, 1.0)));
    let long = labels(&[("a", &"v".repeat(257))]);
    assert!(is_invalid(&metrics.gauge_set("p", "n", &long, 1.0)));
    let many: Vec<_> = (0..17).map(|n| (format!("l{n}"), String::new())).collect();
    assert!(is_invalid(&metrics.gauge_set("p", "n", &many, 1.0)));
    for number in [f64::NAN, f64::INFINITY, -1.0] {
        assert!(
            is_invalid(&metrics.counter_add("p", "n", &[], number)),
            "{number}"
        );
    }
    assert_eq!(metrics.encode(), "# EOF\n");
}

#[test]
fn label_values_cannot_break_out_of_their_line() {
    let metrics = PluginMetrics::new(10);
    metrics
        .gauge_set("p", "n", &labels(&[("a", "x\"} 1\nevil 2\\")]), 1.0)
        .unwrap();
    let text = metrics.encode();
    assert!(
        text.contains(r#"{plugin="p",a="x\"} 1\nevil 2\\"} 1.0"#),
        "{text}"
    );
    assert!(!text.lines().any(|line| line.starts_with("evil")));
}

#[test]
fn plugins_that_disagree_on_a_type_do_not_disturb_each_other() {
    let metrics = PluginMetrics::new(10);
    metrics.counter_add("p", "n", &[], 1.0).unwrap();
    metrics.gauge_set("q", "n", &[], 2.0).unwrap();
    metrics.gauge_set("r", "n_total", &[], 3.0).unwrap();
    metrics.histogram_observe("s", "n", &[], 4.0).unwrap();
    let text = metrics.encode();
    let mut families: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("# TYPE"))
        .collect();
    assert_eq!(families.len(), 4, "{text}");
    families.sort_unstable();
    families.dedup_by_key(|line| line.split(' ').nth(2));
    assert_eq!(families.len(), 4, "{text}");
}

#[test]
fn no_report_of_many_threads_is_lost() {
    let metrics = PluginMetrics::new(100);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let metrics = metrics.clone();
            scope.spawn(move || {
                for number in 0..1000 {
                    let label = labels(&[("n", &(number % 10).to_string())]);
                    metrics.counter_add("p", "hits", &label, 1.0).unwrap();
                    metrics
                        .gauge_add(&format!("q{thread}"), "g", &[], 1.0)
                        .unwrap();
                    if number % 100 == 0 {
                        metrics.encode();
                    }
                }
            });
        }
    });
    let text = metrics.encode();
    assert_eq!(
        text.lines()
            .filter(|line| line.ends_with("} 800.0"))
            .count(),
        10,
        "{text}"
    );
    assert_eq!(
        text.lines()
            .filter(|line| line.ends_with("} 1000.0"))
            .count(),
        8,
        "{text}"
    );
}
