//! A circuit breaker: after several failures in a row nothing is tried for a while, then one attempt at a
//! time shows whether it works again.
//!
//! Pure: the clock is the caller's.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Lets attempts through, or not.
#[derive(Debug)]
pub(super) struct Breaker {
    failures: u32,
    cool_down: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// All attempts pass; so many failed in a row.
    Closed(u32),
    /// None passes before that moment.
    Open(Instant),
    /// One attempt is on its way; no other passes.
    Trying,
}

/// An attempt that was let through. Say how it went; dropped without a word it says nothing about the
/// other side.
#[derive(Debug)]
#[must_use = "an attempt ends with a word on how it went"]
pub(super) struct Attempt<'a> {
    breaker: &'a Breaker,
    /// The only one that passes at this time.
    alone: bool,
    told: bool,
}

impl Breaker {
    /// Closed. `failures` in a row open it for `cool_down`.
    pub(super) fn new(failures: u32, cool_down: Duration) -> Self {
        Self {
            failures,
            cool_down,
            state: Mutex::new(State::Closed(0)),
        }
    }

    /// An attempt, if one may be made now.
    pub(super) fn attempt(&self, now: Instant) -> Option<Attempt<'_>> {
        let mut state = self.state();
        let alone = match *state {
            State::Closed(_) => false,
            State::Open(until) if until <= now => {
                *state = State::Trying;
                true
            }
            State::Open(_) | State::Trying => return None,
        };
        drop(state);
        Some(Attempt {
            breaker: self,
            alone,
            told: false,
        })
    }

    /// Whether attempts are held back, or only one at a time is made.
    pub(super) fn is_open(&self) -> bool {
        !matches!(*self.state(), State::Closed(_))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// It worked. True if that closed the circuit.
    pub(super) fn succeeded(mut self) -> bool {
        self.told = true;
        let mut state = self.breaker.state();
        match *state {
            // A late answer from before the circuit opened says nothing about now.
            State::Open(_) | State::Trying if !self.alone => false,
            former => {
                *state = State::Closed(0);
                !matches!(former, State::Closed(_))
            }
        }
    }

    /// It failed. True if that opened the circuit.
    pub(super) fn failed(mut self, now: Instant) -> bool {
        self.told = true;
        let breaker = self.breaker;
        let until = now.checked_add(breaker.cool_down).unwrap_or(now);
        let mut state = breaker.state();
        match *state {
            State::Closed(before) if before + 1 < breaker.failures => {
                *state = State::Closed(before + 1);
                false
            }
            State::Closed(_) => {
                *state = State::Open(until);
                true
            }
            State::Trying if self.alone => {
                *state = State::Open(until);
                false
            }
            State::Open(_) | State::Trying => false,
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.alone && !self.told {
            // The next one may try at once.
            *self.breaker.state() = State::Open(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const COOL_DOWN: Duration = Duration::from_secs(10);

    fn opened(now: Instant) -> Breaker {
        let breaker = Breaker::new(3, COOL_DOWN);
        for number in 1..=3 {
            let attempt = breaker.attempt(now).unwrap();
            assert_eq!(attempt.failed(now), number == 3);
        }
        breaker
    }

    #[test]
    fn so_many_failures_in_a_row_open_it_and_one_less_does_not() {
        let now = Instant::now();
        let breaker = Breaker::new(3, COOL_DOWN);
        assert!(!breaker.attempt(now).unwrap().failed(now));
        assert!(!breaker.attempt(now).unwrap().failed(now));
        assert!(!breaker.is_open());
        assert!(breaker.attempt(now).unwrap().failed(now));
        assert!(breaker.is_open());
        assert!(breaker.attempt(now).is_none());
    }

    #[test]
    fn a_success_between_failures_starts_the_count_anew() {
        let now = Instant::now();
        let breaker = Breaker::new(2, COOL_DOWN);
        assert!(!breaker.attempt(now).unwrap().failed(now));
        assert!(!breaker.attempt(now).unwrap().succeeded());
        assert!(!breaker.attempt(now).unwrap().failed(now));
        assert!(!breaker.is_open());
    }

    #[test]
    fn after_the_cool_down_one_attempt_at_a_time_passes() {
        let now = Instant::now();
        let breaker = opened(now);
        let just_before = now + COOL_DOWN - Duration::from_nanos(1);
        assert!(breaker.attempt(just_before).is_none());
        let then = now + COOL_DOWN;
        let first = breaker.attempt(then).unwrap();
        assert!(breaker.attempt(then).is_none());
        assert!(!first.failed(then));
        assert!(breaker.attempt(then).is_none());
        let second = breaker.attempt(then + COOL_DOWN).unwrap();
        assert!(second.succeeded());
        assert!(!breaker.is_open());
        assert!(breaker.attempt(then).is_some());
    }

    #[test]
    fn an_attempt_that_says_nothing_leaves_the_next_one_to_try() {
        let now = Instant::now();
        let breaker = opened(now);
        drop(breaker.attempt(now + COOL_DOWN).unwrap());
        assert!(breaker.is_open());
        assert!(breaker.attempt(Instant::now() + COOL_DOWN).is_some());
    }

    #[test]
    fn what_was_let_through_before_it_opened_does_not_close_it() {
        let now = Instant::now();
        let breaker = Breaker::new(1, COOL_DOWN);
        let (slow, failing) = (breaker.attempt(now).unwrap(), breaker.attempt(now).unwrap());
        assert!(failing.failed(now));
        assert!(!slow.succeeded());
        assert!(breaker.is_open());
    }
}
