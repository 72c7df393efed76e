//! Reloads of the real binary: what makes one, what it changes, what it leaves alone, and what a thousand
//! of them under load cost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod changes;
mod in_flight;
mod load;
mod refusals;
mod start;
mod support;
mod triggers;
