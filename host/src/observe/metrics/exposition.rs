//! How plugins' numbers appear on the metrics endpoint.
//!
//! A metric `logins` appears as `bulkhead_plugin_logins` with the label `plugin`. Plugins that use
//! one name for the same type share a family. Where types differ, the later families get their type
//! as a suffix: no plugin can make the page unreadable for Prometheus.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::PoisonError,
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet},
    metrics::MetricType,
};

use super::{BUCKETS, Kind, PluginMetrics, Sample};

type Series = (Vec<(String, String)>, Sample);

impl Collector for PluginMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let mut used = BTreeSet::new();
        for ((name, kind), series) in self.families() {
            let name = exposed(&name, kind, &mut used);
            let mut family = encoder.encode_descriptor(
                &name,
                "Reported by plugins",
                None,
                kind.metric_type(),
            )?;
            for (labels, sample) in &series {
                sample.encode(kind, family.encode_family(labels)?)?;
            }
        }
        Ok(())
    }
}

impl PluginMetrics {
    /// A copy of all numbers, so that no plugin waits while the page is written.
    fn families(&self) -> BTreeMap<(String, Kind), Vec<Series>> {
        let mut families: BTreeMap<_, Vec<Series>> = BTreeMap::new();
        let plugins = self
            .0
            .plugins
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        for (plugin, numbers) in plugins.iter() {
            let numbers = numbers.lock().unwrap_or_else(PoisonError::into_inner);
            for (name, metric) in &numbers.metrics {
                let family = families.entry((name.clone(), metric.kind)).or_default();
                for (labels, sample) in &metric.series {
                    let mut all = vec![("plugin".to_owned(), plugin.clone())];
                    all.extend(labels.iter().cloned());
                    family.push((all, sample.clone()));
                }
            }
        }
        families
    }
}

/// A name none of whose samples is taken.
fn exposed(name: &str, kind: Kind, used: &mut BTreeSet<String>) -> String {
    let mut exposed = format!("bulkhead_plugin_{name}");
    if kind
        .samples(&exposed)
        .iter()
        .any(|name| used.contains(name))
    {
        exposed.push('_');
        exposed.push_str(kind.as_str());
    }
    while kind
        .samples(&exposed)
        .iter()
        .any(|name| used.contains(name))
    {
        exposed.push('_');
    }
    used.extend(kind.samples(&exposed));
    exposed
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    fn metric_type(self) -> MetricType {
        match self {
            Self::Counter => MetricType::Counter,
            Self::Gauge => MetricType::Gauge,
            Self::Histogram => MetricType::Histogram,
        }
    }

    /// The names that a family of this name occupies.
    fn samples(self, name: &str) -> Vec<String> {
        let suffixes: &[&str] = match self {
            Self::Counter => &["", "_total", "_created"],
            Self::Gauge => &[""],
            Self::Histogram => &["", "_bucket", "_sum", "_count", "_created"],
        };
        suffixes
            .iter()
            .map(|suffix| format!("{name}{suffix}"))
            .collect()
    }
}

impl Sample {
    fn encode(&self, kind: Kind, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        match self {
            Self::Number(number) if kind == Kind::Counter => {
                encoder.encode_counter::<NoLabelSet, _, f64>(number, None)
            }
            Self::Number(number) => encoder.encode_gauge(number),
            Self::Histogram {
                sum,
                count,
                buckets,
            } => {
                let buckets: Vec<(f64, u64)> = BUCKETS
                    .iter()
                    .copied()
                    .zip(buckets.iter().copied())
                    .collect();
                encoder.encode_histogram::<NoLabelSet>(*sum, *count, &buckets, None)
            }
        }
    }
}
