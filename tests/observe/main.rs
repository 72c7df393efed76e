//! What operators see of a running server: numbers, log lines, decision log, health, and traces that a
//! collector reads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod collector;
mod decision_log;
mod health;
mod log_line;
mod metrics;
mod policy;
mod post_actions;
mod trace_context;
mod traces;
