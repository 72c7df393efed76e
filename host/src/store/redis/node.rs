//! One server and its connections.
//!
//! Promises: as many connections as configured, each made when it is first needed, by one attempt at a time;
//! after a failure the next attempt waits, longer each time, and whoever asks meanwhile learns why.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::time::Instant;

use super::{
    dial::Dial,
    failure::{Failure, Kind},
    link::Link,
    numbers::Numbers,
};
use crate::config::RedisAddress;

/// The wait after the first failure to connect; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(25);
/// Longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

type Attempt = Shared<BoxFuture<'static, Result<Arc<Link>, (Failure, Instant)>>>;

/// A server.
pub(super) struct Node {
    pub(super) address: RedisAddress,
    dial: Arc<Dial>,
    may_read_only: bool,
    seats: Vec<Mutex<Seat>>,
    next: AtomicUsize,
    numbers: Arc<Numbers>,
}

/// The place of one connection.
#[derive(Default)]
struct Seat {
    attempt: Option<Attempt>,
    /// Attempts since the last success.
    failures: u32,
}

impl Node {
    /// Does not connect yet.
    pub(super) fn new(
        address: RedisAddress,
        dial: Arc<Dial>,
        connections: u32,
        may_read_only: bool,
        numbers: Arc<Numbers>,
    ) -> Self {
        Self {
            address,
            dial,
            may_read_only,
            seats: (0..connections.max(1)).map(|_| Mutex::default()).collect(),
            next: AtomicUsize::new(0),
            numbers,
        }
    }

    /// A connection, new if need be.
    pub(super) async fn link(&self) -> Result<Arc<Link>, Failure> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let Some(seat) = self.seats.get(turn % self.seats.len().max(1)) else {
            return Err(Failure::new(Kind::Final, "there is no place for a connection"));
        };
        let attempt = {
            let mut seat = seat.lock().unwrap_or_else(PoisonError::into_inner);
            match seat.attempt.as_ref().map(Shared::peek) {
                Some(Some(Ok(link))) if link.is_open() => return Ok(link.clone()),
                Some(Some(Err((failure, at)))) if at.elapsed() < wait(seat.failures) => {
                    return Err(failure.clone());
                }
                _ => {}
            }
            seat.current(|| self.connect())
        };
        let result = attempt.await.map_err(|(failure, _)| failure);
        if result.is_ok() {
            seat.lock().unwrap_or_else(PoisonError::into_inner).failures = 0;
        }
        result
    }

    /// Connections that are open.
    pub(super) fn open_links(&self) -> usize {
        let is_open = |seat: &&Mutex<Seat>| {
            let seat = seat.lock().unwrap_or_else(PoisonError::into_inner);
            matches!(seat.attempt.as_ref().and_then(Shared::peek), Some(Ok(link)) if link.is_open())
        };
        self.seats.iter().filter(is_open).count()
    }

    /// Goes on even if nobody waits any more, so that a slow server is reached in the end.
    fn connect(&self) -> Attempt {
        let (address, dial) = (self.address.clone(), self.dial.clone());
        let (may_read_only, numbers) = (self.may_read_only, self.numbers.clone());
        let connecting = tokio::spawn(async move {
            let opened = Link::open(&address, &dial, may_read_only).await;
            numbers.connected(opened.is_ok());
            opened
                .map(Arc::new)
                .map_err(|failure| (failure, Instant::now()))
        });
        connecting
            .map(|ended| {
                ended.unwrap_or_else(|error| {
                    let failure = Failure::new(Kind::Unreachable, error.to_string());
                    Err((failure, Instant::now()))
                })
            })
            .boxed()
            .shared()
    }
}

impl Seat {
    /// The attempt that runs, or a new one.
    fn current(&mut self, connect: impl FnOnce() -> Attempt) -> Attempt {
        if let Some(running) = self.attempt.as_ref().filter(|attempt| attempt.peek().is_none()) {
            return running.clone();
        }
        let attempt = connect();
        self.failures = self.failures.saturating_add(1);
        self.attempt = Some(attempt.clone());
        attempt
    }
}

/// How long to wait after so many failures; up to a quarter more or less, so that servers do not
/// come back all at once.
fn wait(failures: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled
        .min(LONGEST_WAIT)
        .mul_f64(rand::random_range(0.75..1.25))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_second() {
        for (failures, base) in [(1, 25), (2, 50), (3, 100), (6, 800), (7, 1000), (1000, 1000)] {
            let base = Duration::from_millis(base);
            let waited = wait(failures);
            assert!(waited >= base.mul_f64(0.74) && waited <= base.mul_f64(1.26), "{waited:?}");
        }
    }
}
