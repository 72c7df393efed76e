//! Numbers for the server's metrics endpoint, under the grant `metrics`.
//!
//! Labels are pairs of name and value. Never use a user name or an address as a label: each
//! combination is a series, and a plugin has 1000 of them unless configured otherwise.

use crate::{
    bindings::bulkhead::policy::metrics::Label,
    host::{Current, Host},
};

/// Why a number was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A name or label breaks the rules of Prometheus, or the metric has another type or labels.
    #[error("invalid metric: {0}")]
    Invalid(String),
    /// The plugin has as many series as it may have.
    #[error("too many metric series")]
    TooManySeries,
}

/// Adds to a counter; `by` must not be negative.
///
/// # Errors
/// See [`Error`].
pub fn counter_add(name: &str, labels: &[(&str, &str)], by: f64) -> Result<(), Error> {
    Current::metrics_counter_add(name, &records(labels), by)
}

/// Sets a gauge.
///
/// # Errors
/// See [`Error`].
pub fn gauge_set(name: &str, labels: &[(&str, &str)], to: f64) -> Result<(), Error> {
    Current::metrics_gauge_set(name, &records(labels), to)
}

/// Adds to a gauge.
///
/// # Errors
/// See [`Error`].
pub fn gauge_add(name: &str, labels: &[(&str, &str)], by: f64) -> Result<(), Error> {
    Current::metrics_gauge_add(name, &records(labels), by)
}

/// Adds an observation to a histogram.
///
/// # Errors
/// See [`Error`].
pub fn histogram_observe(name: &str, labels: &[(&str, &str)], observed: f64) -> Result<(), Error> {
    Current::metrics_histogram_observe(name, &records(labels), observed)
}

fn records(labels: &[(&str, &str)]) -> Vec<Label> {
    labels
        .iter()
        .map(|(name, value)| Label {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        })
        .collect()
}
