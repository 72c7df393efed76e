//! Whether the name servers answer at all, and the circuit breaker that follows from it.
//!
//! Only silence counts: a server that answers with an error is there, and one zone whose servers are ill
//! must not take the others away. A question that failed while another one was answered says nothing
//! either. After so many failures in a row questions fail at once; one of them in each cool-down is asked
//! nevertheless, and its answer closes the breaker.
//!
//! Pure but for a lock that is never held across a wait: the caller brings the time.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::DnsError;

/// So many questions in a row without an answer are worth a look, if the breaker does not open earlier.
pub(super) const IN_A_ROW: u32 = 5;

/// How the name servers do.
pub(super) struct Health {
    /// Failures in a row that open the breaker.
    most: u32,
    cool_down: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Anything was ever asked.
    asked: bool,
    answered_at: Option<Instant>,
    in_a_row: u32,
    /// What the last one of them was.
    last: String,
    /// The breaker is open, and until then nothing is tried.
    open_until: Option<Instant>,
}

impl Health {
    pub(super) fn new(most: u32, cool_down: Duration) -> Self {
        Self {
            most,
            cool_down,
            state: Mutex::default(),
        }
    }

    /// Whether a question may be asked now.
    pub(super) fn enter(&self, now: Instant) -> Result<(), DnsError> {
        let mut state = self.lock();
        state.asked = true;
        match state.open_until {
            Some(until) if now < until => Err(DnsError::Network(format!(
                "{} questions in a row had no answer; none is asked for {} ms",
                state.in_a_row,
                (until - now).as_millis()
            ))),
            Some(_) => {
                // This one tries; the others wait for what comes of it.
                state.open_until = now.checked_add(self.cool_down);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// What came of a question that was asked at `started`. True if that opened the breaker.
    pub(super) fn heard(&self, error: Option<&DnsError>, started: Instant, now: Instant) -> bool {
        let mut state = self.lock();
        match error {
            Some(error) if error.is_silence() => {
                if state.answered_at.is_some_and(|at| at >= started) {
                    return false;
                }
                state.in_a_row = state.in_a_row.saturating_add(1);
                state.last = error.to_string();
                if state.in_a_row < self.most {
                    return false;
                }
                let was_closed = state.open_until.is_none();
                state.open_until = now.checked_add(self.cool_down);
                was_closed
            }
            // It says nothing about the servers.
            Some(DnsError::Denied(_) | DnsError::Invalid(_) | DnsError::Overloaded) => false,
            _ => {
                state.answered_at = Some(now);
                state.in_a_row = 0;
                state.open_until = None;
                false
            }
        }
    }

    pub(super) fn problem(&self) -> Option<String> {
        let state = self.lock();
        (state.in_a_row >= IN_A_ROW.min(self.most)).then(|| {
            format!(
                "{} questions in a row had no answer; the last one: {}",
                state.in_a_row, state.last
            )
        })
    }

    pub(super) fn in_use(&self) -> bool {
        self.lock().asked
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOL_DOWN: Duration = Duration::from_secs(2);

    fn after(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    /// Asks at one time and hears at another.
    fn ask(health: &Health, started: Instant, ended: Instant, error: Option<DnsError>) -> bool {
        health.enter(started).is_ok() && health.heard(error.as_ref(), started, ended)
    }

    #[test]
    fn silence_in_a_row_is_a_problem_until_one_question_is_answered() {
        let health = Health::new(20, COOL_DOWN);
        let start = Instant::now();
        assert!(!health.in_use());
        for _ in 1..IN_A_ROW {
            ask(&health, start, after(start, 9), Some(DnsError::TimedOut));
        }
        let invalid = DnsError::Invalid("a".to_owned());
        ask(&health, start, after(start, 9), Some(invalid));
        assert_eq!(health.problem(), None);
        let silence = DnsError::Network("no connection".to_owned());
        ask(&health, start, after(start, 9), Some(silence));
        let text = "5 questions in a row had no answer; the last one: no name server can be reached: \
                    no connection";
        assert_eq!(health.problem().as_deref(), Some(text));
        ask(&health, start, after(start, 9), Some(DnsError::NoSuchName));
        assert_eq!(health.problem(), None);
        assert!(health.in_use());
    }

    #[test]
    fn the_breaker_opens_at_the_limit_and_lets_one_question_try() {
        let health = Health::new(3, COOL_DOWN);
        let start = Instant::now();
        let timed_out = || Some(DnsError::TimedOut);
        assert!(!ask(&health, start, start, timed_out()));
        assert!(!ask(&health, start, start, timed_out()));
        assert!(health.enter(start).is_ok());
        assert!(ask(&health, start, start, timed_out()));
        let refused = health.enter(after(start, 1_999));
        assert!(matches!(refused, Err(DnsError::Network(text)) if text.contains("3 questions")));
        // One tries; nobody else until it has failed, and the pause is over again.
        assert!(health.enter(after(start, 2_000)).is_ok());
        assert!(health.enter(after(start, 2_001)).is_err());
        health.heard(
            timed_out().as_ref(),
            after(start, 2_000),
            after(start, 2_500),
        );
        assert!(health.enter(after(start, 4_499)).is_err());
        assert!(health.enter(after(start, 4_500)).is_ok());
        health.heard(None, after(start, 4_500), after(start, 4_510));
        assert!(health.enter(after(start, 4_511)).is_ok());
        assert!(health.enter(after(start, 4_511)).is_ok());
    }

    #[test]
    fn a_zone_that_stays_silent_beside_one_that_answers_opens_nothing() {
        let health = Health::new(2, COOL_DOWN);
        let start = Instant::now();
        // A hundred logins ask both at once: the answers come soon, the silence ends all at once.
        ask(&health, start, after(start, 1), None);
        for _ in 0..100 {
            assert!(!ask(
                &health,
                start,
                after(start, 5_000),
                Some(DnsError::TimedOut)
            ));
        }
        assert!(health.enter(after(start, 5_001)).is_ok());
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
            assert!(!ask(&health, start, start, Some(error)));
        }
        assert!(ask(
            &health,
            after(start, 1),
            after(start, 2),
            Some(DnsError::TimedOut)
        ));
    }
}
