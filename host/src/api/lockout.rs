//! Addresses that guess the API's credentials (`server.lockout`).
//!
//! Knows nothing of HTTP. Remembers at most as many addresses as it is made for; beyond that the one
//! that was looked at least recently is forgotten.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use moka::{policy::EvictionPolicy, sync::Cache};

use super::source::Source;
use crate::config::Lockout;

/// Failures and lock-outs, by client. Survives reloads.
pub(super) struct Lockouts {
    entries: Cache<Source, Arc<Mutex<Entry>>>,
}

#[derive(Default)]
struct Entry {
    /// When wrong credentials came, oldest first; no more than lock the client out.
    failures: VecDeque<Instant>,
    locked_until: Option<Instant>,
}

impl Lockouts {
    /// Remembers at most `addresses` clients (`limits.rate_limit_addresses`).
    pub(super) fn new(addresses: u32) -> Self {
        let entries = Cache::builder()
            .max_capacity(u64::from(addresses))
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { entries }
    }

    /// How long the client stays locked out; `None` if it is not.
    pub(super) fn remaining(&self, source: Source, now: Instant) -> Option<Duration> {
        let entry = self.entries.get(&source)?;
        let entry = entry.lock().unwrap_or_else(PoisonError::into_inner);
        entry
            .locked_until
            .map(|until| until.saturating_duration_since(now))
            .filter(|left| !left.is_zero())
    }

    /// Counts wrong credentials. True if they were one too many: from now on the client is locked out.
    pub(super) fn failed(&self, source: Source, rule: Lockout, now: Instant) -> bool {
        let entry = self.entries.get_with(source, Arc::default);
        let mut entry = entry.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(oldest) = entry.failures.front()
            && now.saturating_duration_since(*oldest) >= rule.window
        {
            entry.failures.pop_front();
        }
        entry.failures.push_back(now);
        let too_many =
            u32::try_from(entry.failures.len()).is_ok_and(|failures| failures >= rule.failures);
        if too_many {
            entry.failures.clear();
            entry.locked_until = Some(now + rule.duration);
        }
        too_many
    }

    /// Clients that are remembered.
    #[cfg(test)]
    fn len(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.entry_count()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    const RULE: Lockout = Lockout {
        failures: 3,
        window: Duration::from_secs(60),
        duration: Duration::from_secs(120),
    };

    fn source(number: u32) -> Source {
        Source::new(IpAddr::V4(Ipv4Addr::from(number)))
    }

    #[test]
    fn as_many_failures_as_the_rule_says_lock_out_within_its_window() {
        // Seconds at which wrong credentials come, and whether the last of them locks out.
        let rows: [(&[u64], bool); 5] = [
            (&[0, 1], false),
            (&[0, 1, 2], true),
            (&[0, 30, 59], true),
            (&[0, 30, 60], false),
            (&[0, 30, 60, 61], true),
        ];
        for (seconds, locks) in rows {
            let lockouts = Lockouts::new(10);
            let start = Instant::now();
            let mut locked = false;
            for second in seconds {
                let now = start + Duration::from_secs(*second);
                locked = lockouts.failed(source(1), RULE, now);
            }
            assert_eq!(locked, locks, "{seconds:?}");
        }
    }

    #[test]
    fn a_lock_out_ends_after_its_duration_and_concerns_one_client() {
        let lockouts = Lockouts::new(10);
        let now = Instant::now();
        for _ in 0..3 {
            lockouts.failed(source(1), RULE, now);
        }
        let rows = [(0, Some(120)), (119, Some(1)), (120, None), (500, None)];
        for (second, left) in rows {
            let left = left.map(Duration::from_secs);
            let then = now + Duration::from_secs(second);
            assert_eq!(lockouts.remaining(source(1), then), left, "{second}");
        }
        assert_eq!(lockouts.remaining(source(2), now), None);
    }

    #[test]
    fn no_more_clients_are_remembered_than_allowed() {
        let lockouts = Lockouts::new(100);
        for number in 0..10_000 {
            lockouts.failed(source(number), RULE, Instant::now());
        }
        assert!(lockouts.len() <= 100, "{}", lockouts.len());
    }
}
