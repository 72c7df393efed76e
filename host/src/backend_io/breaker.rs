//! A circuit breaker: after some failures in a row an outside service is left alone for a while, then one
//! request at a time tries it, until one is answered.
//!
//! What counts as a failure is for the client to say. A failure counts only if nothing was answered since
//! its request began: where a hundred ask at once and one is answered, the service is there. What was let
//! through before the breaker opened neither closes it nor keeps it open.
//!
//! Pure but for a lock that is never held across a wait: the caller brings the time.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Guards one service.
#[derive(Debug)]
pub(super) struct Breaker {
    /// Failures in a row that open it.
    most: u32,
    cool_down: Duration,
    record: Mutex<Record>,
}

#[derive(Debug)]
struct Record {
    phase: Phase,
    /// In a row, those of trials included.
    failures: u32,
    /// When the last request was answered that says something about the service.
    answered: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    /// Nobody tries before that moment.
    Open(Instant),
    /// One request is on its way to find out; given up, it leaves the breaker open until that moment, which
    /// has passed.
    Trying(Instant),
}

/// How a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Requests go through.
    Closed,
    /// Requests are refused.
    Open,
    /// One request tries; the others are refused.
    HalfOpen,
}

/// A request may not be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LeftAlone {
    /// So many requests in a row failed.
    pub(super) failures: u32,
    /// Until somebody may try; nothing while somebody does.
    pub(super) wait: Option<Duration>,
}

/// The right to make one request. Say how it went; dropped without a word (the request was given up), it
/// says nothing about the service and lets the next one try.
#[derive(Debug)]
#[must_use = "a request ends with a word on how it went"]
pub(super) struct Permit<'a> {
    breaker: &'a Breaker,
    began: Instant,
    /// The only one that passes at this time.
    is_trial: bool,
}

impl Breaker {
    /// Closed. `most` failures in a row open it for `cool_down`; 0 is taken as 1.
    pub(super) fn new(most: u32, cool_down: Duration) -> Self {
        Self {
            most,
            cool_down,
            record: Mutex::new(Record {
                phase: Phase::Closed,
                failures: 0,
                answered: None,
            }),
        }
    }

    /// The right to make a request that begins now.
    ///
    /// # Errors
    /// While the breaker is open, or half open with a request on its way.
    pub(super) fn enter(&self, now: Instant) -> Result<Permit<'_>, LeftAlone> {
        let mut record = self.record();
        let wait = match record.phase {
            Phase::Closed => return Ok(self.permit(now, false)),
            Phase::Open(until) if now >= until => {
                record.phase = Phase::Trying(until);
                return Ok(self.permit(now, true));
            }
            Phase::Open(until) => Some(until.saturating_duration_since(now)),
            Phase::Trying(_) => None,
        };
        Err(LeftAlone {
            failures: record.failures,
            wait,
        })
    }

    pub(super) fn state(&self) -> BreakerState {
        match self.record().phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open(_) => BreakerState::Open,
            Phase::Trying(_) => BreakerState::HalfOpen,
        }
    }

    /// Whether requests are held back, or only one at a time is made.
    pub(super) fn is_open(&self) -> bool {
        self.state() != BreakerState::Closed
    }

    /// Failures in a row.
    pub(super) fn failures(&self) -> u32 {
        self.record().failures
    }

    fn permit(&self, began: Instant, is_trial: bool) -> Permit<'_> {
        Permit {
            breaker: self,
            began,
            is_trial,
        }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The service answered, whatever it said. True if that closed the breaker.
    pub(super) fn succeeded(mut self, now: Instant) -> bool {
        let closes = std::mem::take(&mut self.is_trial);
        let mut record = self.breaker.record();
        if closes || record.phase == Phase::Closed {
            *record = Record {
                phase: Phase::Closed,
                failures: 0,
                answered: Some(now),
            };
        }
        closes
    }

    /// The service failed. True if that opened the breaker, which the failure of a trial does not: it was
    /// never closed.
    pub(super) fn failed(mut self, now: Instant) -> bool {
        let was_trial = std::mem::take(&mut self.is_trial);
        let breaker = self.breaker;
        let mut record = breaker.record();
        let answered_since = record.answered.is_some_and(|at| at > self.began);
        if answered_since && !was_trial {
            return false;
        }
        record.failures = record.failures.saturating_add(1);
        let opens = record.phase == Phase::Closed && record.failures >= breaker.most;
        if opens || was_trial {
            record.phase = Phase::Open(now.checked_add(breaker.cool_down).unwrap_or(now));
        }
        opens
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_trial {
            let mut record = self.breaker.record();
            if let Phase::Trying(since) = record.phase {
                record.phase = Phase::Open(since);
            }
        }
    }
}

#[cfg(test)]
mod tests;
