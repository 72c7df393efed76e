//! The import `dns`: questions to the domain name system, each within the zones of the grant.

use std::time::{Duration, Instant};

use super::{
    bindings::bulkhead::policy::dns::{self, Data, Kind},
    grant::Grant,
    state::CallState,
};
use crate::backend_io::dns::{
    Answer as Found, Data as Record, DnsError, Kind as RecordKind, Question,
};

impl dns::Host for CallState {
    async fn lookup(
        &mut self,
        questions: Vec<dns::Question>,
        timeout_ms: Option<u32>,
    ) -> wasmtime::Result<Vec<dns::Answer>> {
        // Each has its kind, its place in a list, and its answer.
        let bytes: usize = questions.iter().map(|one| one.name.len() + 16).sum();
        self.charge(bytes)?;
        self.touched_outside = true;
        let mut denied = Vec::new();
        let mut asked = Vec::new();
        let grant = self.rights.grants.dns.clone();
        for question in questions {
            let covered = grant.as_ref().map(|grant| grant.covers(&question.name));
            denied.push(match covered {
                Some(true) => None,
                Some(false) => {
                    let zone = question.name.trim_end_matches('.').to_ascii_lowercase();
                    Some(self.deny_as("dns", &format!("dns: [ \"{zone}\" ]")))
                }
                None => Some(self.deny(Grant::Dns)),
            });
            if covered == Some(true) {
                asked.push(self::question(question));
            }
        }
        let own = timeout_ms
            .and_then(|timeout| Instant::now().checked_add(Duration::from_millis(timeout.into())));
        let deadline = before(self.meter.deadline());
        let deadline = own.map_or(deadline, |own| own.min(deadline));
        let names = self.rights.services.names.clone();
        let found = match asked.is_empty() {
            true => Vec::new(),
            false => names.lookup(asked, deadline).await,
        };
        let mut found = found.into_iter();
        Ok(denied
            .into_iter()
            .map(|denied| match denied {
                Some(text) => refusal(DnsError::Denied(text)),
                None => found.next().map_or_else(
                    || refusal(DnsError::Malformed("there is no answer".to_owned())),
                    answer,
                ),
            })
            .collect())
    }
}

/// Leaves the call a tenth of its time, 100 ms at most, to say what it makes of a question that nobody
/// answers: some answers may be missing.
fn before(deadline: Instant) -> Instant {
    let left = deadline.saturating_duration_since(Instant::now());
    let kept = (left / 10).min(Duration::from_millis(100));
    deadline.checked_sub(kept).unwrap_or(deadline)
}

fn question(question: dns::Question) -> Question {
    Question {
        name: question.name,
        kind: match question.kind {
            Kind::A => RecordKind::A,
            Kind::Aaaa => RecordKind::Aaaa,
            Kind::Mx => RecordKind::Mx,
            Kind::Ptr => RecordKind::Ptr,
            Kind::Txt => RecordKind::Txt,
        },
    }
}

fn refusal(error: DnsError) -> dns::Answer {
    answer(Found {
        records: Err(error),
        elapsed: Duration::ZERO,
    })
}

fn answer(found: Found) -> dns::Answer {
    dns::Answer {
        records: found
            .records
            .map(|records| records.into_iter().map(data).collect())
            .map_err(error),
        elapsed_ms: found.elapsed.as_secs_f64() * 1000.0,
    }
}

fn data(record: Record) -> Data {
    match record {
        Record::Address(address) => Data::Address(address.to_string()),
        Record::Mail { preference, host } => Data::Mail(dns::MailExchanger { preference, host }),
        Record::Name(name) => Data::Name(name),
        Record::Text(text) => Data::Text(text),
    }
}

fn error(error: DnsError) -> dns::Error {
    match error {
        DnsError::Denied(text) => dns::Error::Denied(text),
        DnsError::Invalid(text) => dns::Error::Invalid(text),
        DnsError::NoSuchName => dns::Error::NoSuchName,
        DnsError::ServerFailure(text) => dns::Error::ServerFailure(text),
        DnsError::Refused => dns::Error::Refused,
        DnsError::TimedOut => dns::Error::TimedOut,
        DnsError::Network(text) => dns::Error::Network(text),
        DnsError::Malformed(text) => dns::Error::Malformed(text),
        DnsError::Overloaded => dns::Error::Overloaded,
    }
}
