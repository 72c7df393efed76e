//! Questions to the domain name system, under the grant `dns`, which may name zones.
//!
//! The server's resolver answers, from its cache where it can. [`lookup`] asks many questions at the
//! same time. [`Error::NoSuchName`] is knowledge; every other error is the lack of it.

use std::{net::IpAddr, time::Duration};

pub use crate::bindings::bulkhead::policy::dns::{Answer, Data, Kind, MailExchanger, Question};
use crate::host::{Current, Host};

/// Why there are no records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No grant covers the name; the text holds the grant to write.
    #[error("not granted: {0}")]
    Denied(String),
    /// The question itself is wrong.
    #[error("invalid question: {0}")]
    Invalid(String),
    /// The name does not exist (NXDOMAIN).
    #[error("no such name")]
    NoSuchName,
    /// A server answered with an error, such as SERVFAIL.
    #[error("the name server answered {0}")]
    ServerFailure(String),
    /// The servers will not answer such questions.
    #[error("the name server refused")]
    Refused,
    /// No answer in time.
    #[error("timed out")]
    TimedOut,
    /// No server can be reached.
    #[error("no name server can be reached: {0}")]
    Network(String),
    /// What came back is no answer to the question.
    #[error("malformed answer: {0}")]
    Malformed(String),
    /// As many questions as may wait do wait.
    #[error("too many questions wait")]
    Overloaded,
}

impl Question {
    /// A question about a fully qualified name; the final dot may be left out.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
        }
    }
}

/// Asks all questions at the same time; the answers are in their order. The timeout is for the whole
/// call; the server's own, and the call's deadline, apply anyway.
pub fn lookup(questions: &[Question], timeout: Option<Duration>) -> Vec<Answer> {
    let timeout = timeout.map(|timeout| u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX));
    Current::dns_lookup(questions, timeout)
}

/// Asks one question.
///
/// # Errors
/// When there is no answer. A name without records of that kind is none: the list is empty.
pub fn ask(name: impl Into<String>, kind: Kind) -> Result<Vec<Data>, Error> {
    let mut answers = lookup(&[Question::new(name, kind)], None);
    match answers.pop() {
        Some(answer) => answer.records,
        None => Err(Error::Malformed("the server gave no answer".to_owned())),
    }
}

/// The address's digits in reverse, as the names of reverse zones and of block lists begin: octets for
/// IPv4, nibbles for IPv6 (RFC 1035 3.5, RFC 3596 2.5, RFC 5782). IPv4-mapped IPv6 is IPv4.
pub fn reversed(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, third, fourth] = address.octets();
            format!("{fourth}.{third}.{second}.{first}")
        }
        IpAddr::V6(address) => {
            let octets = address.octets();
            let nibbles = octets
                .iter()
                .rev()
                .flat_map(|octet| [octet & 0xf, octet >> 4])
                .map(|nibble| format!("{nibble:x}"));
            nibbles.collect::<Vec<_>>().join(".")
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::TestHost;

    #[test]
    fn addresses_are_reversed_by_octet_and_by_nibble() {
        let cases = [
            ("192.0.2.99", "99.2.0.192"),
            ("::ffff:192.0.2.99", "99.2.0.192"),
            // The example of RFC 5782, section 2.4.
            (
                "2001:db8:1:2:3:4:567:89ab",
                "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2",
            ),
        ];
        for (address, wanted) in cases {
            assert_eq!(reversed(address.parse().unwrap()), wanted, "{address}");
        }
    }

    #[test]
    fn answers_come_in_the_order_of_the_questions_whatever_the_case_and_the_final_dot() {
        let text = vec![Data::Text(b"v=1".to_vec())];
        let host = TestHost::new()
            .with_name("a.example", Kind::Txt, Ok(text.clone()))
            .with_name("b.example", Kind::A, Err(Error::TimedOut));
        let questions = [
            Question::new("c.example", Kind::A),
            Question::new("B.example.", Kind::A),
            Question::new("a.example", Kind::Txt),
            Question::new("a.example", Kind::A),
        ];
        let answers = host.run(|| lookup(&questions, Some(Duration::from_secs(1))));
        let records: Vec<_> = answers.into_iter().map(|answer| answer.records).collect();
        assert_eq!(
            records,
            [
                Err(Error::NoSuchName),
                Err(Error::TimedOut),
                Ok(text),
                Err(Error::NoSuchName)
            ]
        );
        assert_eq!(host.asked(), questions);
    }
}
