//! How many requests may be in work at the same time (`limits.concurrent_requests`).

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use super::refusal::Refusal;

/// Counts requests in work.
pub(super) struct Concurrency {
    current: AtomicU32,
    max: AtomicU32,
}

/// One request in work; leaves when dropped.
pub(super) struct Place(Arc<Concurrency>);

impl Concurrency {
    pub(super) fn new(max: u32) -> Self {
        Self {
            current: AtomicU32::new(0),
            max: AtomicU32::new(max),
        }
    }

    /// Changes the limit. Requests in work stay, and count.
    pub(super) fn set_max(&self, max: u32) {
        self.max.store(max, Ordering::Release);
    }

    /// A place, or the refusal when all are taken. Never waits.
    pub(super) fn enter(self: &Arc<Self>) -> Result<Place, Refusal> {
        let before = self.current.fetch_add(1, Ordering::AcqRel);
        let place = Place(Arc::clone(self));
        let max = self.max.load(Ordering::Acquire);
        if before < max {
            Ok(place)
        } else {
            Err(Refusal::TooManyRequests {
                current: before,
                max,
            })
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.current.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn as_many_as_allowed_enter_and_a_leaver_makes_room() {
        let concurrency = Arc::new(Concurrency::new(2));
        let first = concurrency.enter().ok().unwrap();
        let _second = concurrency.enter().ok().unwrap();
        assert!(matches!(
            concurrency.enter(),
            Err(Refusal::TooManyRequests { current: 2, max: 2 })
        ));
        drop(first);
        assert!(concurrency.enter().is_ok());
    }
}
