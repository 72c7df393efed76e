//! What plugins count and measure.
//!
//! Each plugin has series of its own, and no more of them than it may have, so that a plugin that puts
//! user names into labels cannot fill the memory. Names follow the rules of Prometheus. A metric keeps
//! the type and the label names of its first change.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::capability::{MetricChange, MetricError};

/// Longest value of a label, in bytes.
const LABEL_BYTES: usize = 256;

/// Names and values, sorted by name.
type Labels = Vec<(String, String)>;

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Sums what was observed.
    Histogram,
}

/// The state of one series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Series {
    /// Sum of a counter or histogram, value of a gauge.
    pub value: f64,
    /// How many observations a histogram has.
    pub count: u64,
}

struct Metric {
    kind: MetricKind,
    series: BTreeMap<Labels, Series>,
}

/// All series of all plugins.
pub struct PluginMetrics {
    series_per_plugin: usize,
    plugins: Mutex<BTreeMap<String, BTreeMap<String, Metric>>>,
}

impl PluginMetrics {
    /// At most so many series per plugin (`limits.metric_series`).
    pub fn new(series_per_plugin: u32) -> Self {
        Self {
            series_per_plugin: usize::try_from(series_per_plugin).unwrap_or(usize::MAX),
            plugins: Mutex::default(),
        }
    }

    /// One series, if there is such.
    pub fn get(&self, plugin: &str, name: &str, labels: &[(String, String)]) -> Option<Series> {
        let plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        let metric = plugins.get(plugin)?.get(name)?;
        metric.series.get(&sorted(labels)).copied()
    }
}

impl crate::capability::PluginMetrics for PluginMetrics {
    fn record(
        &self,
        plugin: &str,
        name: &str,
        labels: &[(String, String)],
        change: MetricChange,
    ) -> Result<(), MetricError> {
        check(name, labels, change)?;
        let labels = sorted(labels);
        let mut plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        if !plugins.contains_key(plugin) {
            plugins.insert(plugin.to_owned(), BTreeMap::new());
        }
        let Some(metrics) = plugins.get_mut(plugin) else {
            return Ok(());
        };
        let kind = kind(change);
        let is_new = match metrics.get(name) {
            None => true,
            Some(metric) if metric.kind != kind => {
                let text = format!("`{name}` is a {:?} already", metric.kind).to_lowercase();
                return Err(MetricError::Invalid(text));
            }
            Some(metric) if !same_names(metric, &labels) => {
                let text = format!("`{name}` has other labels already");
                return Err(MetricError::Invalid(text));
            }
            Some(metric) => !metric.series.contains_key(&labels),
        };
        let present: usize = metrics.values().map(|metric| metric.series.len()).sum();
        if is_new && present >= self.series_per_plugin {
            return Err(MetricError::TooManySeries);
        }
        let metric = metrics.entry(name.to_owned()).or_insert_with(|| Metric {
            kind,
            series: BTreeMap::new(),
        });
        let series = metric.series.entry(labels).or_default();
        match change {
            MetricChange::GaugeSet(to) => series.value = to,
            MetricChange::CounterAdd(by) | MetricChange::GaugeAdd(by) => series.value += by,
            MetricChange::HistogramObserve(observed) => {
                series.value += observed;
                series.count = series.count.saturating_add(1);
            }
        }
        Ok(())
    }
}

fn kind(change: MetricChange) -> MetricKind {
    match change {
        MetricChange::CounterAdd(_) => MetricKind::Counter,
        MetricChange::GaugeSet(_) | MetricChange::GaugeAdd(_) => MetricKind::Gauge,
        MetricChange::HistogramObserve(_) => MetricKind::Histogram,
    }
}

/// All series of a metric have the same label names, so one tells for all.
fn same_names(metric: &Metric, labels: &Labels) -> bool {
    let names = |labels: &Labels| labels.iter().map(|one| one.0.clone()).collect::<Vec<_>>();
    metric
        .series
        .keys()
        .next()
        .is_none_or(|present| names(present) == names(labels))
}

fn sorted(labels: &[(String, String)]) -> Labels {
    let mut labels = labels.to_vec();
    labels.sort();
    labels
}

fn check(name: &str, labels: &[(String, String)], change: MetricChange) -> Result<(), MetricError> {
    let invalid = |text: String| Err(MetricError::Invalid(text));
    if !is_name(name, ":") {
        return invalid(format!("`{name}` is not the name of a metric"));
    }
    for (position, (label, value)) in labels.iter().enumerate() {
        if !is_name(label, "") || label.starts_with("__") || label == "plugin" {
            return invalid(format!("`{label}` cannot be a label"));
        }
        if labels
            .iter()
            .take(position)
            .any(|(other, _)| other == label)
        {
            return invalid(format!("the label `{label}` is given twice"));
        }
        if value.len() > LABEL_BYTES {
            return invalid(format!(
                "the value of `{label}` is longer than {LABEL_BYTES} bytes"
            ));
        }
    }
    match change {
        MetricChange::CounterAdd(by) if by < 0.0 || !by.is_finite() => {
            invalid("a counter only grows".to_owned())
        }
        MetricChange::GaugeSet(value)
        | MetricChange::GaugeAdd(value)
        | MetricChange::HistogramObserve(value)
            if value.is_nan() =>
        {
            invalid("this is not a number".to_owned())
        }
        _ => Ok(()),
    }
}

/// <https://prometheus.io/docs/concepts/data_model/>
fn is_name(text: &str, more: &str) -> bool {
    let fits =
        |symbol: char| symbol.is_ascii_alphanumeric() || symbol == '_' || more.contains(symbol);
    (1..=128).contains(&text.len())
        && text.chars().all(fits)
        && !text.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::PluginMetrics as _;

    fn label(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn counters_gauges_and_histograms_add_up() {
        let metrics = PluginMetrics::new(10);
        let labels = [label("b", "1"), label("a", "2")];
        let turned = [label("a", "2"), label("b", "1")];
        for (name, change) in [
            ("c", MetricChange::CounterAdd(1.0)),
            ("c", MetricChange::CounterAdd(2.0)),
            ("g", MetricChange::GaugeSet(5.0)),
            ("g", MetricChange::GaugeAdd(-2.0)),
            ("h", MetricChange::HistogramObserve(0.5)),
            ("h", MetricChange::HistogramObserve(1.0)),
        ] {
            assert_eq!(metrics.record("p", name, &labels, change), Ok(()));
        }
        let get = |name| {
            metrics
                .get("p", name, &turned)
                .map(|one| (one.value, one.count))
        };
        assert_eq!(get("c"), Some((3.0, 0)));
        assert_eq!(get("g"), Some((3.0, 0)));
        assert_eq!(get("h"), Some((1.5, 2)));
        assert_eq!(metrics.get("other", "c", &labels), None);
    }

    #[test]
    fn the_limit_of_series_holds_per_plugin_and_not_for_those_that_exist() {
        let metrics = PluginMetrics::new(2);
        let add = |plugin: &str, value: &str| {
            let labels = [label("user", value)];
            metrics.record(plugin, "seen", &labels, MetricChange::CounterAdd(1.0))
        };
        assert_eq!(add("p", "a"), Ok(()));
        assert_eq!(add("p", "b"), Ok(()));
        assert_eq!(add("p", "c"), Err(MetricError::TooManySeries));
        assert_eq!(add("p", "a"), Ok(()));
        assert_eq!(add("q", "c"), Ok(()));
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        let metrics = PluginMetrics::new(10);
        let one = MetricChange::CounterAdd(1.0);
        assert_eq!(metrics.record("p", "good", &[label("a", "1")], one), Ok(()));
        for (name, labels, change) in [
            ("9lives", vec![], one),
            ("", vec![], one),
            ("good name", vec![], one),
            ("x", vec![label("__a", "1")], one),
            ("x", vec![label("a:b", "1")], one),
            ("x", vec![label("a", "1"), label("a", "2")], one),
            ("x", vec![label("a", &"v".repeat(257))], one),
            ("x", vec![], MetricChange::CounterAdd(-1.0)),
            ("x", vec![], MetricChange::GaugeSet(f64::NAN)),
            ("good", vec![label("b", "1")], one),
            ("good", vec![label("a", "1")], MetricChange::GaugeSet(1.0)),
        ] {
            let result = metrics.record("p", name, &labels, change);
            assert!(
                matches!(result, Err(MetricError::Invalid(_))),
                "{name} {labels:?}"
            );
        }
    }
}
