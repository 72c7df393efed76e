//! The import `clock`: the time of day in milliseconds, and a monotonic one in microseconds. Coarser
//! than the machine's, so that a guest cannot measure what others do.

use std::{
    sync::OnceLock,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use super::{bindings::bulkhead::policy::clock, state::CallState};

static START: OnceLock<Instant> = OnceLock::new();

impl clock::Host for CallState {
    fn now(&mut self) -> wasmtime::Result<clock::Instant> {
        self.charge(0)?;
        // A clock before 1970 is shown as 1970.
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Ok(clock::Instant {
            seconds: now.as_secs(),
            nanoseconds: now.subsec_millis() * 1_000_000,
        })
    }

    fn monotonic(&mut self) -> wasmtime::Result<u64> {
        self.charge(0)?;
        let elapsed = START.get_or_init(Instant::now).elapsed();
        Ok(u64::try_from(elapsed.as_micros())
            .unwrap_or(u64::MAX / 1000)
            .saturating_mul(1000))
    }
}
