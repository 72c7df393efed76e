//! The import `metrics`: numbers for the server's metrics endpoint.

use super::{
    bindings::bulkhead::policy::metrics,
    grant::Grant,
    services::{MetricChange, MetricError},
    state::CallState,
};

type Outcome = wasmtime::Result<Result<(), metrics::Error>>;

impl metrics::Host for CallState {
    fn counter_add(&mut self, name: String, labels: Vec<metrics::Label>, by: f64) -> Outcome {
        self.record_metric(name, labels, MetricChange::CounterAdd(by))
    }

    fn gauge_set(&mut self, name: String, labels: Vec<metrics::Label>, to: f64) -> Outcome {
        self.record_metric(name, labels, MetricChange::GaugeSet(to))
    }

    fn gauge_add(&mut self, name: String, labels: Vec<metrics::Label>, by: f64) -> Outcome {
        self.record_metric(name, labels, MetricChange::GaugeAdd(by))
    }

    fn histogram_observe(
        &mut self,
        name: String,
        labels: Vec<metrics::Label>,
        observed: f64,
    ) -> Outcome {
        self.record_metric(name, labels, MetricChange::HistogramObserve(observed))
    }
}

impl CallState {
    fn record_metric(
        &mut self,
        name: String,
        labels: Vec<metrics::Label>,
        change: MetricChange,
    ) -> Outcome {
        let labelled: usize = labels
            .iter()
            .map(|label| label.name.len() + label.value.len())
            .sum();
        self.charge(name.len() + labelled)?;
        self.touched_outside = true;
        if !self.rights.grants.metrics {
            return Ok(Err(metrics::Error::Invalid(self.deny(Grant::Metrics))));
        }
        let labels: Vec<_> = labels
            .into_iter()
            .map(|label| (label.name, label.value))
            .collect();
        let rights = &self.rights;
        let done = rights
            .services
            .metrics
            .record(&rights.plugin, &name, &labels, change);
        Ok(done.map_err(|error| match error {
            MetricError::Invalid(text) => metrics::Error::Invalid(text),
            MetricError::TooManySeries => metrics::Error::TooManySeries,
        }))
    }
}
