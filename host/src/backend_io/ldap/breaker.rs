//! A circuit breaker: after some failures in a row a server is left alone for a while, then one request
//! tries it.
//!
//! Pure but for a lock that is never held across a wait: the caller brings the time.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Guards one server.
#[derive(Debug)]
pub(super) struct Breaker {
    /// Failures in a row that open it.
    most: u32,
    cool_down: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One request is on its way to find out.
    Trying,
}

/// How a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Requests go through.
    Closed,
    /// Requests are refused.
    Open,
    /// One request tries.
    HalfOpen,
}

/// The right to try. Dropped without a word (the request was given up), it lets the next one try.
#[derive(Debug)]
pub(super) struct Permit {
    breaker: Arc<Breaker>,
    is_trial: bool,
    told: bool,
}

impl Breaker {
    pub(super) fn new(most: u32, cool_down: Duration) -> Arc<Self> {
        Arc::new(Self {
            most,
            cool_down,
            state: Mutex::new(State::Closed { failures: 0 }),
        })
    }

    /// Nothing while it is open, or half open with a request on its way.
    pub(super) fn enter(self: &Arc<Self>, now: Instant) -> Option<Permit> {
        let mut state = self.lock();
        let is_trial = match *state {
            State::Closed { .. } => false,
            State::Open { until } if now >= until => {
                *state = State::Trying;
                true
            }
            State::Open { .. } | State::Trying => return None,
        };
        Some(Permit {
            breaker: Arc::clone(self),
            is_trial,
            told: false,
        })
    }

    pub(super) fn state(&self) -> BreakerState {
        match *self.lock() {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::Trying => BreakerState::HalfOpen,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// The server answered, whatever it said.
    pub(super) fn succeeded(mut self) {
        self.told = true;
        let mut state = self.breaker.lock();
        // What was sent before it opened says nothing about now.
        if self.is_trial || matches!(*state, State::Closed { .. }) {
            *state = State::Closed { failures: 0 };
        }
    }

    /// The server failed. True if that opened the breaker.
    pub(super) fn failed(mut self, now: Instant) -> bool {
        self.told = true;
        let breaker = Arc::clone(&self.breaker);
        let mut state = breaker.lock();
        let opens = match *state {
            State::Closed { failures } => {
                *state = State::Closed {
                    failures: failures.saturating_add(1),
                };
                failures.saturating_add(1) >= breaker.most
            }
            State::Trying => self.is_trial,
            State::Open { .. } => false,
        };
        if opens {
            *state = State::Open {
                until: now + breaker.cool_down,
            };
        }
        opens
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.is_trial && !self.told {
            let mut state = self.breaker.lock();
            if *state == State::Trying {
                *state = State::Open {
                    until: Instant::now(),
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const COOL_DOWN: Duration = Duration::from_secs(30);

    fn fail(breaker: &Arc<Breaker>, now: Instant) -> bool {
        breaker.enter(now).unwrap().failed(now)
    }

    #[test]
    fn it_opens_at_the_limit_and_not_before() {
        let (breaker, now) = (Breaker::new(5, COOL_DOWN), Instant::now());
        for _ in 0..4 {
            assert!(!fail(&breaker, now));
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert!(fail(&breaker, now));
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(breaker.enter(now).is_none());
    }

    #[test]
    fn a_success_forgets_the_failures_before_it() {
        let (breaker, now) = (Breaker::new(2, COOL_DOWN), Instant::now());
        assert!(!fail(&breaker, now));
        breaker.enter(now).unwrap().succeeded();
        assert!(!fail(&breaker, now));
    }

    #[test]
    fn after_the_cool_down_one_request_tries_and_its_outcome_decides() {
        let (breaker, now) = (Breaker::new(1, COOL_DOWN), Instant::now());
        assert!(fail(&breaker, now));
        assert!(
            breaker
                .enter(now + COOL_DOWN - Duration::from_nanos(1))
                .is_none()
        );
        let later = now + COOL_DOWN;
        let trial = breaker.enter(later).unwrap();
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!(breaker.enter(later).is_none());
        assert!(trial.failed(later));
        assert!(breaker.enter(later).is_none());
        breaker.enter(later + COOL_DOWN).unwrap().succeeded();
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert!(breaker.enter(later).is_some());
    }

    #[test]
    fn a_trial_that_is_given_up_leaves_the_place_to_the_next() {
        let (breaker, now) = (Breaker::new(1, Duration::ZERO), Instant::now());
        assert!(fail(&breaker, now));
        drop(breaker.enter(now).unwrap());
        let trial = breaker.enter(Instant::now());
        assert!(trial.is_some());
    }

    #[test]
    fn an_old_request_neither_opens_nor_closes_for_the_others() {
        let (breaker, now) = (Breaker::new(1, COOL_DOWN), Instant::now());
        let (old, older) = (breaker.enter(now).unwrap(), breaker.enter(now).unwrap());
        assert!(fail(&breaker, now));
        old.succeeded();
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(!older.failed(now + COOL_DOWN));
        assert!(breaker.enter(now + COOL_DOWN).is_some());
    }
}
