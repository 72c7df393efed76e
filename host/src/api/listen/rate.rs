//! Requests per client (`server.rate_limit`): a bucket for each, refilled steadily (GCRA).
//!
//! Knows nothing of HTTP. Remembers at most `limits.rate_limit_addresses` clients; beyond that the one
//! that was seen least recently is forgotten.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use moka::{policy::EvictionPolicy, sync::Cache};

use crate::{api::source::Source, config::RateLimit};

/// The buckets. They survive a reload unless it changes the limit.
#[derive(Default)]
pub(in crate::api) struct RateLimits {
    table: ArcSwapOption<Table>,
}

struct Table {
    rule: RateLimit,
    addresses: u32,
    quota: Quota,
    buckets: Cache<Source, Arc<DefaultDirectRateLimiter>>,
    clock: DefaultClock,
}

impl RateLimits {
    /// Takes one request out of the client's bucket; how long to wait if it is empty.
    pub(super) fn take(
        &self,
        source: Source,
        rule: RateLimit,
        addresses: u32,
    ) -> Result<(), Duration> {
        let Some(table) = self.table(rule, addresses) else {
            return Ok(());
        };
        let bucket = table
            .buckets
            .get_with(source, || Arc::new(RateLimiter::direct(table.quota)));
        bucket
            .check()
            .map_err(|until| until.wait_time_from(table.clock.now()))
    }

    /// The table for this rule. `None` for a rule of zero requests, which no configuration has.
    fn table(&self, rule: RateLimit, addresses: u32) -> Option<Arc<Table>> {
        if let Some(table) = self.table.load_full()
            && table.rule == rule
            && table.addresses == addresses
        {
            return Some(table);
        }
        let quota = Quota::per_second(NonZeroU32::new(rule.per_second)?)
            .allow_burst(NonZeroU32::new(rule.burst)?);
        let table = Arc::new(Table {
            rule,
            addresses,
            quota,
            buckets: Cache::builder()
                .max_capacity(u64::from(addresses))
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            clock: DefaultClock::default(),
        });
        self.table.store(Some(Arc::clone(&table)));
        Some(table)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn source(number: u32) -> Source {
        Source::new(IpAddr::V4(Ipv4Addr::from(number)))
    }

    #[test]
    fn a_burst_passes_and_what_follows_is_told_how_long_to_wait() {
        let limits = RateLimits::default();
        let rule = RateLimit {
            per_second: 1,
            burst: 3,
        };
        for _ in 0..3 {
            assert_eq!(limits.take(source(1), rule, 10), Ok(()));
        }
        let wait = limits.take(source(1), rule, 10).unwrap_err();
        assert!(wait > Duration::from_millis(500) && wait <= Duration::from_secs(1));
        assert_eq!(limits.take(source(2), rule, 10), Ok(()), "another client");
        let more = RateLimit { burst: 4, ..rule };
        assert_eq!(limits.take(source(1), more, 10), Ok(()), "another rule");
    }

    #[test]
    fn no_more_clients_are_remembered_than_allowed() {
        let limits = RateLimits::default();
        let rule = RateLimit {
            per_second: 1,
            burst: 1,
        };
        for number in 0..10_000 {
            limits.take(source(number), rule, 100).unwrap();
        }
        let table = limits.table(rule, 100).unwrap();
        table.buckets.run_pending_tasks();
        assert!(table.buckets.entry_count() <= 100);
    }
}
