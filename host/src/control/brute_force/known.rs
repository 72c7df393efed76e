//! Bans that this node has seen a moment ago: a banned client that hammers costs the store nothing.
//!
//! Knows bans only, never that a client is clear. What it knows is forgotten after
//! `brute_force.decision_cache`, when the ban ends, and at once when anybody flushes.

use std::time::{Duration, Instant};

use moka::sync::Cache;

use super::rule::Place;

/// Bans by the place that holds them.
pub(super) struct Known {
    bans: Cache<String, KnownBan>,
    lifetime: Duration,
}

#[derive(Clone, Copy)]
struct KnownBan {
    failures: u32,
    until: Instant,
    /// The flush after which it was seen.
    flushes: u64,
}

impl Known {
    /// A lifetime of zero knows nothing.
    pub(super) fn new(lifetime: Duration, entries: u32) -> Self {
        Self {
            bans: Cache::builder()
                .max_capacity(u64::from(entries))
                .time_to_live(lifetime.max(Duration::from_millis(1)))
                .build(),
            lifetime,
        }
    }

    /// The first place that is banned, and the failures that its bucket had counted.
    pub(super) fn find<'a>(&self, places: &'a [Place], flushes: u64) -> Option<(&'a Place, u32)> {
        if self.lifetime.is_zero() {
            return None;
        }
        let now = Instant::now();
        places.iter().find_map(|place| {
            let ban = self.bans.get(&place.entry())?;
            (ban.until > now && ban.flushes == flushes).then_some((place, ban.failures))
        })
    }

    /// A ban that the store has told of, `flushes` flushes after the start.
    pub(super) fn remember(&self, place: &Place, failures: u32, remaining: Duration, flushes: u64) {
        if self.lifetime.is_zero() {
            return;
        }
        let ban = KnownBan {
            failures,
            until: Instant::now() + remaining.min(self.lifetime),
            flushes,
        };
        self.bans.insert(place.entry(), ban);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn place(name: &str) -> Place {
        Place {
            bucket: 0,
            name: name.to_owned(),
            network: "192.0.2.0/24".parse().unwrap(),
            protocol: String::new(),
            oidc_client: String::new(),
        }
    }

    #[test]
    fn a_ban_is_known_to_its_place_only() {
        let known = Known::new(LONG, 10);
        known.remember(&place("a"), 7, LONG, 0);
        let both = [place("b"), place("a")];
        assert_eq!(known.find(&both, 0), Some((&place("a"), 7)));
        assert_eq!(known.find(&[place("b")], 0), None);
    }

    #[test]
    fn a_ban_that_was_seen_before_a_flush_is_not_known() {
        let known = Known::new(LONG, 10);
        known.remember(&place("a"), 7, LONG, 0);
        assert_eq!(known.find(&[place("a")], 1), None);
    }

    #[test]
    fn a_ban_is_not_known_longer_than_it_lasts_nor_without_a_lifetime() {
        let known = Known::new(LONG, 10);
        known.remember(&place("a"), 7, Duration::ZERO, 0);
        assert_eq!(known.find(&[place("a")], 0), None);
        let nothing = Known::new(Duration::ZERO, 10);
        nothing.remember(&place("a"), 7, LONG, 0);
        assert_eq!(nothing.find(&[place("a")], 0), None);
    }

    #[test]
    fn no_more_bans_are_known_than_may_be() {
        let known = Known::new(LONG, 10);
        for number in 0..1000 {
            known.remember(&place(&number.to_string()), 7, LONG, 0);
        }
        known.bans.run_pending_tasks();
        assert_eq!(known.bans.entry_count(), 10);
    }
}
