//! Logs, metrics, traces and the decision log.

pub mod metrics;
