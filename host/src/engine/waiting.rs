//! How many calls wait for a slot of a plugin.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Counts one waiting call for as long as it waits.
pub(super) struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    /// A place in the queue, unless `limit` calls wait already.
    pub(super) fn enter(count: &'a AtomicU32, limit: u32) -> Option<Self> {
        let entered = count.fetch_update(Relaxed, Relaxed, |waiting| {
            (waiting < limit).then_some(waiting + 1)
        });
        entered.ok().map(|_| Self(count))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
