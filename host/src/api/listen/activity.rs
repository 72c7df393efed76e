//! Is a connection in use? HTTP/2 has no time limit for idle connections of its own.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// Requests in work on one connection, and when the last one ended.
pub(super) struct Activity {
    busy: AtomicUsize,
    last: Mutex<Instant>,
}

/// One request in work.
pub(super) struct Busy(Arc<Activity>);

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            busy: AtomicUsize::new(0),
            last: Mutex::new(Instant::now()),
        })
    }

    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.busy.fetch_add(1, Ordering::AcqRel);
        Busy(Arc::clone(self))
    }

    /// Returns when no request was in work for `time`, at the latest after twice that.
    pub(super) async fn idle_for(&self, time: Duration) {
        loop {
            let now = Instant::now();
            let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if self.busy.load(Ordering::Acquire) > 0 {
                tokio::time::sleep(time).await;
            } else if now.duration_since(last) >= time {
                return;
            } else {
                tokio::time::sleep_until(last + time).await;
            }
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.busy.fetch_sub(1, Ordering::AcqRel);
    }
}
