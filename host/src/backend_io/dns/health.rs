//! Whether the name servers answer at all, and when they are left alone.
//!
//! Only silence counts: a server that answers with an error is there, and one zone whose servers are ill
//! must not take the others away.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::DnsError;
use crate::backend_io::breaker::{Breaker, LeftAlone, Permit};

/// So many questions in a row without an answer are worth a look, if the breaker does not open earlier.
pub(super) const IN_A_ROW: u32 = 5;

/// How the name servers do.
pub(super) struct Health {
    breaker: Breaker,
    /// Failures in a row that are a problem.
    worth_a_look: u32,
    asked: AtomicBool,
    /// What the last failure was.
    last: Mutex<String>,
}

impl Health {
    pub(super) fn new(most: u32, cool_down: Duration) -> Self {
        Self {
            breaker: Breaker::new(most, cool_down),
            worth_a_look: IN_A_ROW.min(most),
            asked: AtomicBool::new(false),
            last: Mutex::default(),
        }
    }

    /// The right to ask a question now.
    pub(super) fn enter(&self, now: Instant) -> Result<Permit<'_>, DnsError> {
        self.asked.store(true, Relaxed);
        self.breaker
            .enter(now)
            .map_err(|LeftAlone { failures, wait }| {
                let until = match wait {
                    Some(wait) => format!("none is asked for {} ms", wait.as_millis()),
                    None => "one is on its way, and none is asked beside it".to_owned(),
                };
                DnsError::Network(format!(
                    "{failures} questions in a row had no answer; {until}"
                ))
            })
    }

    /// What came of a question. True if that opened the breaker.
    pub(super) fn heard(&self, permit: Permit<'_>, error: Option<&DnsError>, now: Instant) -> bool {
        match error {
            Some(error) if error.is_silence() => {
                *self.last() = error.to_string();
                permit.failed(now)
            }
            // It says nothing about the servers.
            Some(DnsError::Denied(_) | DnsError::Invalid(_) | DnsError::Overloaded) => false,
            _ => {
                permit.succeeded(now);
                false
            }
        }
    }

    pub(super) fn problem(&self) -> Option<String> {
        let failures = self.breaker.failures();
        (failures >= self.worth_a_look).then(|| {
            let last = self.last();
            format!("{failures} questions in a row had no answer; the last one: {last}")
        })
    }

    pub(super) fn in_use(&self) -> bool {
        self.asked.load(Relaxed)
    }

    fn last(&self) -> MutexGuard<'_, String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOL_DOWN: Duration = Duration::from_secs(2);

    fn after(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    /// Asks at one time and hears 9 ms later. True if that opened the breaker.
    fn ask(health: &Health, started: Instant, error: Option<DnsError>) -> bool {
        let permit = health.enter(started);
        permit.is_ok_and(|permit| health.heard(permit, error.as_ref(), after(started, 9)))
    }

    #[test]
    fn silence_in_a_row_is_a_problem_until_one_question_is_answered() {
        let health = Health::new(20, COOL_DOWN);
        let start = Instant::now();
        assert!(!health.in_use());
        for _ in 1..IN_A_ROW {
            ask(&health, start, Some(DnsError::TimedOut));
        }
        ask(&health, start, Some(DnsError::Invalid("a".to_owned())));
        assert_eq!(health.problem(), None);
        let silence = DnsError::Network("no connection".to_owned());
        ask(&health, start, Some(silence));
        let text = "5 questions in a row had no answer; the last one: no name server can be reached: \
                    no connection";
        assert_eq!(health.problem().as_deref(), Some(text));
        ask(&health, after(start, 10), Some(DnsError::NoSuchName));
        assert_eq!(health.problem(), None);
        assert!(health.in_use());
    }

    #[test]
    fn who_is_held_back_hears_why_and_for_how_long() {
        let health = Health::new(3, COOL_DOWN);
        let start = Instant::now();
        for opens in [false, false, true] {
            assert_eq!(ask(&health, start, Some(DnsError::TimedOut)), opens);
        }
        let refused = |at| health.enter(after(start, at)).err();
        let message = |text: &str| Some(DnsError::Network(text.to_owned()));
        assert_eq!(
            refused(1_009),
            message("3 questions in a row had no answer; none is asked for 1000 ms")
        );
        let trial = health.enter(after(start, 2_009));
        assert!(trial.is_ok());
        assert_eq!(
            refused(2_009),
            message(
                "3 questions in a row had no answer; one is on its way, and none is asked beside it"
            )
        );
    }

    #[test]
    fn servers_that_answer_with_errors_are_there() {
        let health = Health::new(1, COOL_DOWN);
        let start = Instant::now();
        for error in [
            DnsError::Refused,
            DnsError::ServerFailure("SERVFAIL".to_owned()),
            DnsError::Overloaded,
            DnsError::NoSuchName,
        ] {
            assert!(!ask(&health, start, Some(error)));
        }
        assert!(ask(&health, after(start, 10), Some(DnsError::TimedOut)));
    }
}
