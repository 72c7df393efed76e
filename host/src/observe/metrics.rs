//! Numbers that plugins report, for the metrics endpoint.
//!
//! Plugins invent names and labels while they run, so both are checked, and the number of series is
//! capped per plugin. A plugin can neither see nor spoil another's numbers: each has its own, under
//! its own lock, and the label `plugin` tells them apart. Knows nothing of WebAssembly.

mod exposition;
mod ldap;
mod plain;
mod server;
mod servers;
mod store;
mod words;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use prometheus_client::registry::Registry;

pub use self::{
    plain::{OPEN_METRICS, PLAIN, plain, wants_open_metrics},
    server::{OpenConnection, PLUGINS, PROTOCOLS, RequestInWork, ServerMetrics, Snapshot},
};

/// Upper bounds of a histogram's buckets, as in Prometheus's own clients.
const BUCKETS: [f64; 12] = [
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    f64::INFINITY,
];
/// Longest name of a metric or label, in bytes.
const NAME_BYTES: usize = 128;
/// Longest label value, in bytes.
const VALUE_BYTES: usize = 256;
/// Labels of one metric.
const LABELS: usize = 16;

/// Why a number was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// A name, label or number breaks a rule, or the metric has another type or other labels.
    #[error("{0}")]
    Invalid(String),
    /// The plugin has as many series as it may have (`limits.metric_series`).
    #[error("the plugin has as many metric series as it may have")]
    TooManySeries,
}

/// Label names and values; their order does not matter.
pub type Labels<'labels> = &'labels [(String, String)];

/// All plugins' numbers. Cheap to clone: clones are the same numbers.
#[derive(Clone)]
pub struct PluginMetrics(Arc<Inner>);

struct Inner {
    series_limit: u32,
    plugins: RwLock<BTreeMap<String, Arc<Mutex<Plugin>>>>,
}

impl fmt::Debug for PluginMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PluginMetrics")
    }
}

#[derive(Default)]
struct Plugin {
    metrics: BTreeMap<String, Metric>,
    series: u32,
}

struct Metric {
    kind: Kind,
    label_names: Vec<String>,
    series: BTreeMap<Vec<(String, String)>, Sample>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Clone)]
enum Sample {
    Number(f64),
    Histogram {
        sum: f64,
        count: u64,
        buckets: [u64; BUCKETS.len()],
    },
}

/// One report.
enum Change {
    Add(f64),
    Set(f64),
    Observe(f64),
}

impl PluginMetrics {
    /// No numbers yet; each plugin may have `series_limit` series. A histogram is one series per
    /// set of label values.
    pub fn new(series_limit: u32) -> Self {
        Self(Arc::new(Inner {
            series_limit,
            plugins: RwLock::default(),
        }))
    }

    /// Adds to a counter. A final `_total` in its name is understood.
    ///
    /// # Errors
    /// [`MetricError`]; also if `by` is negative or not finite.
    pub fn counter_add(
        &self,
        plugin: &str,
        name: &str,
        labels: Labels<'_>,
        by: f64,
    ) -> Result<(), MetricError> {
        if by < 0.0 {
            return Err(invalid("a counter cannot be lowered"));
        }
        let name = name.strip_suffix("_total").unwrap_or(name);
        self.report(plugin, Kind::Counter, name, labels, Change::Add(by))
    }

    /// Sets a gauge.
    ///
    /// # Errors
    /// [`MetricError`]
    pub fn gauge_set(
        &self,
        plugin: &str,
        name: &str,
        labels: Labels<'_>,
        to: f64,
    ) -> Result<(), MetricError> {
        self.report(plugin, Kind::Gauge, name, labels, Change::Set(to))
    }

    /// Adds to a gauge, which starts at 0.
    ///
    /// # Errors
    /// [`MetricError`]
    pub fn gauge_add(
        &self,
        plugin: &str,
        name: &str,
        labels: Labels<'_>,
        by: f64,
    ) -> Result<(), MetricError> {
        self.report(plugin, Kind::Gauge, name, labels, Change::Add(by))
    }

    /// Counts a value into a histogram with Prometheus's default buckets.
    ///
    /// # Errors
    /// [`MetricError`]
    pub fn histogram_observe(
        &self,
        plugin: &str,
        name: &str,
        labels: Labels<'_>,
        value: f64,
    ) -> Result<(), MetricError> {
        self.report(
            plugin,
            Kind::Histogram,
            name,
            labels,
            Change::Observe(value),
        )
    }

    /// Drops all numbers of a plugin that is no longer configured.
    pub fn forget(&self, plugin: &str) {
        let mut plugins = self
            .0
            .plugins
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        plugins.remove(plugin);
    }

    /// Makes the numbers part of `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(self.clone()));
    }

    /// The numbers in the OpenMetrics text format.
    pub fn encode(&self) -> String {
        let mut registry = Registry::default();
        self.register(&mut registry);
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
        text
    }

    fn report(
        &self,
        plugin: &str,
        kind: Kind,
        name: &str,
        labels: Labels<'_>,
        change: Change,
    ) -> Result<(), MetricError> {
        check_name(name, true)?;
        let (Change::Add(number) | Change::Set(number) | Change::Observe(number)) = change;
        if !number.is_finite() {
            return Err(invalid("the number is not finite"));
        }
        let labels = sorted(kind, labels)?;
        let plugin = self.plugin(plugin);
        let mut plugin = plugin.lock().unwrap_or_else(PoisonError::into_inner);
        plugin.apply(kind, name, labels, change, self.0.series_limit)
    }

    fn plugin(&self, name: &str) -> Arc<Mutex<Plugin>> {
        let plugins = self
            .0
            .plugins
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(plugin) = plugins.get(name) {
            return plugin.clone();
        }
        drop(plugins);
        let mut plugins = self
            .0
            .plugins
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        plugins.entry(name.to_owned()).or_default().clone()
    }
}

impl Plugin {
    fn apply(
        &mut self,
        kind: Kind,
        name: &str,
        labels: Vec<(String, String)>,
        change: Change,
        limit: u32,
    ) -> Result<(), MetricError> {
        let names = labels.iter().map(|(name, _)| name);
        if let Some(metric) = self.metrics.get_mut(name) {
            if metric.kind != kind {
                return Err(MetricError::Invalid(format!("{name} has another type")));
            }
            if !names.clone().eq(&metric.label_names) {
                return Err(MetricError::Invalid(format!(
                    "{name} has the labels {:?}",
                    metric.label_names
                )));
            }
            if let Some(sample) = metric.series.get_mut(&labels) {
                sample.apply(change);
                return Ok(());
            }
        }
        if self.series >= limit {
            return Err(MetricError::TooManySeries);
        }
        self.series += 1;
        let metric = self
            .metrics
            .entry(name.to_owned())
            .or_insert_with(|| Metric {
                kind,
                label_names: names.cloned().collect(),
                series: BTreeMap::new(),
            });
        let mut sample = Sample::new(kind);
        sample.apply(change);
        metric.series.insert(labels, sample);
        Ok(())
    }
}

impl Sample {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Counter | Kind::Gauge => Self::Number(0.0),
            Kind::Histogram => Self::Histogram {
                sum: 0.0,
                count: 0,
                buckets: [0; BUCKETS.len()],
            },
        }
    }

    fn apply(&mut self, change: Change) {
        match (self, change) {
            (Self::Number(number), Change::Add(by)) => *number += by,
            (Self::Number(number), Change::Set(to) | Change::Observe(to)) => *number = to,
            (
                Self::Histogram {
                    sum,
                    count,
                    buckets,
                },
                Change::Add(value) | Change::Set(value) | Change::Observe(value),
            ) => {
                *sum += value;
                *count += 1;
                let pairs = BUCKETS.iter().zip(buckets.iter_mut());
                if let Some((_, bucket)) = pairs.into_iter().find(|(bound, _)| value <= **bound) {
                    *bucket += 1;
                }
            }
        }
    }
}

fn invalid(why: &str) -> MetricError {
    MetricError::Invalid(why.to_owned())
}

/// The rules of Prometheus's data model.
fn check_name(name: &str, colon: bool) -> Result<(), MetricError> {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || (colon && byte == b':');
    let right = name.len() <= NAME_BYTES
        && name.bytes().next().is_some_and(letter)
        && name
            .bytes()
            .all(|byte| letter(byte) || byte.is_ascii_digit());
    if right {
        Ok(())
    } else {
        Err(MetricError::Invalid(format!(
            "{:?} is not a name that Prometheus allows, or longer than {NAME_BYTES} bytes",
            name.chars().take(40).collect::<String>()
        )))
    }
}

/// Checks labels and puts them into one order.
fn sorted(kind: Kind, labels: Labels<'_>) -> Result<Vec<(String, String)>, MetricError> {
    if labels.len() > LABELS {
        return Err(invalid("more than 16 labels"));
    }
    let mut labels = labels.to_vec();
    labels.sort();
    for (name, value) in &labels {
        check_name(name, false)?;
        let reserved =
            name.starts_with("__") || name == "plugin" || (kind == Kind::Histogram && name == "le");
        if reserved {
            return Err(MetricError::Invalid(format!(
                "the label {name} is reserved"
            )));
        }
        if value.len() > VALUE_BYTES {
            return Err(MetricError::Invalid(format!(
                "the value of label {name} is longer than {VALUE_BYTES} bytes"
            )));
        }
    }
    let twice = labels
        .windows(2)
        .any(|pair| matches!(pair, [(left, _), (right, _)] if left == right));
    if twice {
        return Err(invalid("a label is given twice"));
    }
    Ok(labels)
}

#[cfg(test)]
mod tests;
