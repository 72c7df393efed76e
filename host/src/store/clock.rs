//! The time that decides about expiry. Injected, so that tests turn the clock instead of sleeping.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A source of milliseconds since a fixed moment of the store's choice.
pub trait Clock: Send + Sync {
    /// Milliseconds. May stand still; if it jumps back, keys live longer, never shorter.
    fn now_ms(&self) -> u64;
}

/// Wall-clock time since 1970, for expiry that must survive a restart. When an administrator sets
/// the clock, keys expire by the new time.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Time since the process made it, untouched by changes of the system's clock.
#[derive(Clone, Copy, Debug)]
pub struct SteadyClock(Instant);

impl Default for SteadyClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SteadyClock {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A clock that a test turns by hand.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct ManualClock(std::sync::atomic::AtomicU64);

#[cfg(test)]
impl ManualClock {
    pub(crate) fn advance(&self, by: std::time::Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(by, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(test)]
impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}
