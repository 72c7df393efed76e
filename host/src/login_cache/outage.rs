//! When to leave a store alone that failed: logins must not wait for it one after the other.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// How long nobody asks a store that failed. After that one tries.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// Whether the store failed, and when to try again.
pub(super) struct Outage {
    began: Instant,
    /// Milliseconds after `began`; 0 while all is well.
    retry_at: AtomicU64,
}

impl Default for Outage {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            retry_at: AtomicU64::new(0),
        }
    }
}

impl Outage {
    /// Whether the store may be asked now. In an outage that holds for one asker after each pause.
    pub(super) fn may_ask(&self) -> bool {
        self.may_ask_at(self.now())
    }

    fn may_ask_at(&self, now: u64) -> bool {
        let retry_at = self.retry_at.load(Ordering::Acquire);
        if retry_at == 0 {
            return true;
        }
        now >= retry_at
            && self
                .retry_at
                .compare_exchange(retry_at, later(now), Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
    }

    /// The store failed. Says it once for each outage.
    pub(super) fn failed(&self, why: &dyn std::fmt::Display) {
        if self.retry_at.swap(later(self.now()), Ordering::AcqRel) == 0 {
            tracing::warn!(error = %why, "The cache does without the store");
        }
    }

    /// The store answered.
    pub(super) fn ended(&self) {
        if self.retry_at.load(Ordering::Acquire) != 0
            && self.retry_at.swap(0, Ordering::AcqRel) != 0
        {
            tracing::info!("The cache uses the store again");
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn later(now: u64) -> u64 {
    let pause = u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
    now.saturating_add(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_nobody_asks_and_after_the_pause_one() {
        let outage = Outage::default();
        assert!(outage.may_ask_at(0) && outage.may_ask_at(0));
        outage.failed(&"gone");
        let retry_at = outage.retry_at.load(Ordering::Acquire);
        assert!(!outage.may_ask_at(retry_at - 1));
        assert!(outage.may_ask_at(retry_at));
        // Whoever tries has the pause for it.
        assert!(!outage.may_ask_at(retry_at));
        assert!(outage.may_ask_at(later(retry_at)));
        outage.ended();
        assert!(outage.may_ask_at(0) && outage.may_ask_at(0));
    }
}
