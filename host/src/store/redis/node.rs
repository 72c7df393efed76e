//! One server and its connections.
//!
//! Promises: as many connections as configured, each made when it is first needed, by one attempt at a time;
//! after a failure the next attempt waits, longer each time, and whoever asks meanwhile learns why at once.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
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
    failing: AtomicBool,
    numbers: Arc<Numbers>,
}

/// The place of one connection.
#[derive(Default)]
struct Seat {
    state: State,
    /// Failed attempts since the last success.
    failures: u32,
}

#[derive(Default)]
enum State {
    #[default]
    Empty,
    Open(Arc<Link>),
    Trying {
        attempt: Attempt,
        /// Why the attempt before failed.
        before: Option<Failure>,
    },
    Resting {
        failure: Failure,
        until: Instant,
    },
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
            failing: AtomicBool::new(false),
            numbers,
        }
    }

    /// A connection, new if need be. While one cannot be made, another that is open serves. Who is not
    /// patient does not wait for an attempt that follows a failed one.
    pub(super) async fn link(&self, patient: bool) -> Result<Arc<Link>, Failure> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let Some(seat) = self.seats.get(turn % self.seats.len().max(1)) else {
            return Err(Failure::new(
                Kind::Final,
                "there is no place for a connection",
            ));
        };
        let found = seat
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .look(|| self.connect());
        if let Found::Open(link) = found {
            return Ok(link);
        }
        if let Some(link) = self.seats.iter().find_map(open) {
            return Ok(link);
        }
        let attempt = match found {
            Found::Open(link) => return Ok(link),
            Found::Failed(failure) => return Err(failure),
            Found::Trying {
                before: Some(failure),
                ..
            } if !patient => return Err(failure),
            Found::Trying { attempt, .. } => attempt,
        };
        attempt.await.map_err(|(failure, _)| failure)
    }

    /// Connections that are open.
    pub(super) fn open_links(&self) -> usize {
        self.seats.iter().filter_map(open).count()
    }

    /// True if the last operation that had all its time was not done.
    pub(super) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Notes why an operation that had all its time was not done, or that one was done.
    pub(super) fn set_failing(&self, why: Option<&Failure>) {
        if self.failing.swap(why.is_some(), Ordering::Relaxed) != why.is_some() {
            let server = self.address.to_string();
            match why {
                Some(failure) => {
                    tracing::warn!(server, error = failure.text, "Redis is failing");
                }
                None => tracing::info!(server, "Redis works again"),
            }
        }
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

/// What a seat offers.
enum Found {
    Open(Arc<Link>),
    Trying {
        attempt: Attempt,
        /// Why the attempt before failed.
        before: Option<Failure>,
    },
    /// The last attempt failed, and it is too early for the next one, or somebody waits for that already.
    Failed(Failure),
}

impl Seat {
    /// What there is, after an attempt has begun where it was time.
    fn look(&mut self, connect: impl FnOnce() -> Attempt) -> Found {
        self.settle();
        let before = match &self.state {
            State::Open(link) if link.is_open() => return Found::Open(link.clone()),
            State::Empty | State::Open(_) => None,
            State::Trying {
                before: Some(failure),
                ..
            } => return Found::Failed(failure.clone()),
            State::Trying { attempt, .. } => {
                return Found::Trying {
                    attempt: attempt.clone(),
                    before: None,
                };
            }
            State::Resting { failure, until } if Instant::now() < *until => {
                return Found::Failed(failure.clone());
            }
            State::Resting { failure, .. } => Some(failure.clone()),
        };
        let attempt = connect();
        self.state = State::Trying {
            attempt: attempt.clone(),
            before: before.clone(),
        };
        Found::Trying { attempt, before }
    }

    /// Takes in how an attempt has ended.
    fn settle(&mut self) {
        let State::Trying { attempt, .. } = &self.state else {
            return;
        };
        // Nobody may be waiting for it, so it is asked here.
        match attempt.clone().now_or_never() {
            Some(Ok(link)) => {
                self.failures = 0;
                self.state = State::Open(link);
            }
            Some(Err((failure, at))) => {
                self.failures = self.failures.saturating_add(1);
                self.state = State::Resting {
                    failure,
                    until: at + wait(self.failures),
                };
            }
            None => {}
        }
    }
}

/// The connection of a seat that has one.
fn open(seat: &Mutex<Seat>) -> Option<Arc<Link>> {
    let mut seat = seat.lock().unwrap_or_else(PoisonError::into_inner);
    seat.settle();
    match &seat.state {
        State::Open(link) if link.is_open() => Some(link.clone()),
        _ => None,
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
        for (failures, base) in [
            (1, 25),
            (2, 50),
            (3, 100),
            (6, 800),
            (7, 1000),
            (1000, 1000),
        ] {
            let base = Duration::from_millis(base);
            let waited = wait(failures);
            assert!(
                waited >= base.mul_f64(0.74) && waited <= base.mul_f64(1.26),
                "{waited:?}"
            );
        }
    }
}
