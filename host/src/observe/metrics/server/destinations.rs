//! Numbers of the destinations that plugins send requests to, by plugin: a script may choose whom it asks,
//! so destinations themselves are no labels.

use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use super::{Counters, Labels, ServerMetrics, page::whole};
use crate::{
    backend_io::http::{Condition, Listener},
    observe::metrics::words::Words,
};

/// All of them.
#[derive(Default)]
pub(super) struct Numbers {
    circuits_opened: Counters<1>,
    left_alone: Family<Labels<1>, Gauge>,
}

impl Numbers {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "bulkhead_http_circuits_opened",
            "How often a destination of a plugin's requests was left alone after failures",
            self.circuits_opened.clone(),
        );
        registry.register(
            "bulkhead_http_destinations_left_alone",
            "Destinations of plugins' requests that are left alone now",
            self.left_alone.clone(),
        );
    }

    /// Shows these plugins' and no other.
    pub(super) fn set(&self, conditions: &[Condition], plugins: &Words) {
        self.left_alone.clear();
        for condition in conditions {
            let plugin = ("plugin", plugins.get(&condition.plugin));
            let gauge = self.left_alone.get_or_create_owned(&[plugin]);
            gauge.inc_by(whole(condition.left_alone.len()));
        }
    }
}

impl ServerMetrics {
    /// Counts destinations that are left alone from now on.
    pub fn destinations_left_alone(&self) -> Listener {
        let metrics = self.clone();
        std::sync::Arc::new(move |plugin| {
            let plugin = ("plugin", metrics.configured(plugin));
            let opened = &metrics.0.destinations.circuits_opened;
            opened.get_or_create(&[plugin]).inc();
        })
    }
}
