//! Logs, metrics, traces and the decision log.
