//! Time. Always available.
//!
//! `std::time` panics on `wasm32-unknown-unknown`; this does not.

use std::time::Duration;

use crate::host::{Current, Host};

/// Time since 1970-01-01 00:00:00 UTC, in steps of one millisecond.
pub fn now() -> Duration {
    Current::clock_now()
}

/// Time since an arbitrary moment, in steps of one microsecond; never goes back.
pub fn monotonic() -> Duration {
    Duration::from_nanos(Current::clock_monotonic())
}
