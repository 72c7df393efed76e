//! Waiting for something to become true, with an end.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Asks `ready` every 10 ms until it says yes. False when `limit` has passed.
pub fn until(limit: Duration, mut ready: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if ready() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
}
