//! Questions and answers as plain data, and which names can be asked about.

use std::{net::IpAddr, time::Duration};

use hickory_resolver::proto::rr::{Name, RecordType};

use super::DnsError;

/// Longest name in its text form, in characters, without the final dot (RFC 1035 2.3.4).
const NAME: usize = 253;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Mail exchangers.
    Mx,
    /// The name behind a reverse name.
    Ptr,
    /// Texts.
    Txt,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Fully qualified, with or without the final dot.
    pub name: String,
    /// What is asked for.
    pub kind: Kind,
}

/// What one record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// A, AAAA
    Address(IpAddr),
    /// MX
    Mail {
        /// Lower is better.
        preference: u16,
        /// In lower case, without the final dot.
        host: String,
    },
    /// PTR: in lower case, without the final dot.
    Name(String),
    /// TXT: the record's strings, joined.
    Text(Vec<u8>),
}

/// What came of one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Empty: the name exists, without records of that kind.
    pub records: Result<Vec<Data>, DnsError>,
    /// From the question to the answer.
    pub elapsed: Duration,
}

impl Kind {
    /// The word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::Aaaa => "aaaa",
            Self::Mx => "mx",
            Self::Ptr => "ptr",
            Self::Txt => "txt",
        }
    }

    pub(super) fn record_type(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Mx => RecordType::MX,
            Self::Ptr => RecordType::PTR,
            Self::Txt => RecordType::TXT,
        }
    }
}

impl Question {
    /// The name as the resolver takes it: nothing is appended, and nothing in it is an escape.
    pub(super) fn checked_name(&self) -> Result<Name, DnsError> {
        let invalid = |why: &str| DnsError::Invalid(format!("the name {why}"));
        let text = self.name.strip_suffix('.').unwrap_or(&self.name);
        if text.is_empty() || text.len() > NAME {
            return Err(invalid(&format!("must have 1 to {NAME} characters")));
        }
        let fits = |symbol: char| symbol.is_ascii_graphic() && symbol != '\\';
        if !text.chars().all(fits) {
            return Err(invalid("may hold visible ASCII characters only"));
        }
        if text
            .split('.')
            .any(|label| label.is_empty() || label.len() > 63)
        {
            return Err(invalid("must have labels of 1 to 63 characters"));
        }
        let mut name = Name::from_ascii(text).map_err(|error| invalid(&error.to_string()))?;
        name.set_fqdn(true);
        Ok(name)
    }
}

/// A host's name as plugins see it.
pub(super) fn host_text(name: &Name) -> String {
    let text = name.to_lowercase().to_ascii();
    text.strip_suffix('.').map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(name: &str) -> Result<Name, DnsError> {
        let question = Question {
            name: name.to_owned(),
            kind: Kind::A,
        };
        question.checked_name()
    }

    #[test]
    fn names_are_taken_as_they_are_up_to_the_limits() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "b".repeat(61));
        assert_eq!(longest.len(), NAME);
        for name in [
            "example.org",
            "example.org.",
            "_dmarc.example.org",
            "99.2.0.192.zen.example",
            "localhost",
            &longest,
        ] {
            let text = checked(name).map(|name| name.to_ascii());
            let wanted = format!("{}.", name.trim_end_matches('.'));
            assert_eq!(text, Ok(wanted), "{name}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_reason() {
        let label = "a".repeat(63);
        let too_long = format!("{label}.{label}.{label}.{}", "b".repeat(62));
        for (name, reason) in [
            ("", "1 to 253"),
            (".", "1 to 253"),
            (&too_long, "1 to 253"),
            (&"a".repeat(64), "1 to 63"),
            ("a..b", "1 to 63"),
            (".a", "1 to 63"),
            ("a b", "visible ASCII"),
            ("a\\046b", "visible ASCII"),
            ("ä.example", "visible ASCII"),
            ("a\n.example", "visible ASCII"),
        ] {
            match checked(name) {
                Err(DnsError::Invalid(text)) => assert!(text.contains(reason), "{name:?}: {text}"),
                other => assert!(other.is_err(), "{name:?}: {other:?}"),
            }
        }
    }
}
