//! Whether the name servers answer at all, as `/healthz` shows it.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use super::{Data, DnsError};

/// So many questions in a row without an answer are worth a look.
pub(super) const IN_A_ROW: u64 = 5;

/// The last outcomes.
#[derive(Default)]
pub(super) struct Health {
    asked: AtomicBool,
    in_a_row: AtomicU64,
    last: Mutex<String>,
}

impl Health {
    pub(super) fn heard(&self, records: &Result<Vec<Data>, DnsError>) {
        self.asked.store(true, Relaxed);
        match records {
            Err(error) if error.is_outage() => {
                self.in_a_row.fetch_add(1, Relaxed);
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = error.to_string();
            }
            // It says nothing about the servers.
            Err(DnsError::Denied(_) | DnsError::Invalid(_)) => {}
            _ => self.in_a_row.store(0, Relaxed),
        }
    }

    pub(super) fn problem(&self) -> Option<String> {
        let failures = self.in_a_row.load(Relaxed);
        (failures >= IN_A_ROW).then(|| {
            let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            format!("{failures} questions in a row had no answer; the last one: {last}")
        })
    }

    pub(super) fn in_use(&self) -> bool {
        self.asked.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_in_a_row_are_a_problem_until_one_question_is_answered() {
        let health = Health::default();
        assert!(!health.in_use());
        for _ in 1..IN_A_ROW {
            health.heard(&Err(DnsError::TimedOut));
        }
        health.heard(&Err(DnsError::Invalid("a".to_owned())));
        assert_eq!(health.problem(), None);
        health.heard(&Err(DnsError::Refused));
        let text = "5 questions in a row had no answer; the last one: the name server refused";
        assert_eq!(health.problem().as_deref(), Some(text));
        health.heard(&Err(DnsError::NoSuchName));
        assert_eq!(health.problem(), None);
        assert!(health.in_use());
    }
}
