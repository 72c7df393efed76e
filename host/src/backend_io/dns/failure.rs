//! From the resolver's errors to those that the contract knows. What is not clearly "no such name" or "no
//! such records" is a failure.

use hickory_resolver::{
    net::{DnsError as Semantic, NetError},
    proto::op::ResponseCode,
};

use super::Data;

/// Why there are no records (`wit/dns.wit`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// No grant covers the name.
    #[error("denied: {0}")]
    Denied(String),
    /// The question itself is wrong.
    #[error("invalid question: {0}")]
    Invalid(String),
    /// The name does not exist.
    #[error("no such name")]
    NoSuchName,
    /// A server answered with an error.
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

impl DnsError {
    /// The word for metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Invalid(_) => "invalid",
            Self::NoSuchName => "no-such-name",
            Self::ServerFailure(_) => "server-failure",
            Self::Refused => "refused",
            Self::TimedOut => "timed-out",
            Self::Network(_) => "network",
            Self::Malformed(_) => "malformed",
            Self::Overloaded => "overloaded",
        }
    }

    /// Whether nothing came back that a name server could have said.
    pub(super) fn is_silence(&self) -> bool {
        match self {
            Self::TimedOut | Self::Network(_) | Self::Malformed(_) => true,
            Self::Denied(_)
            | Self::Invalid(_)
            | Self::NoSuchName
            | Self::ServerFailure(_)
            | Self::Refused
            | Self::Overloaded => false,
        }
    }
}

pub(super) fn judge(error: NetError) -> Result<Vec<Data>, DnsError> {
    Err(match error {
        NetError::Dns(Semantic::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => DnsError::NoSuchName,
            ResponseCode::NoError => return Ok(Vec::new()),
            code => by_code(code),
        },
        NetError::Dns(Semantic::ResponseCode(code)) => by_code(code),
        NetError::Timeout => DnsError::TimedOut,
        NetError::NoConnections => DnsError::Network("no connection".to_owned()),
        NetError::Io(error) => match error.kind() {
            std::io::ErrorKind::TimedOut => DnsError::TimedOut,
            _ => DnsError::Network(error.to_string()),
        },
        NetError::Busy => DnsError::Overloaded,
        other => DnsError::Malformed(other.to_string()),
    })
}

fn by_code(code: ResponseCode) -> DnsError {
    match code {
        ResponseCode::NXDomain => DnsError::NoSuchName,
        ResponseCode::Refused => DnsError::Refused,
        code => DnsError::ServerFailure(code.to_str().to_owned()),
    }
}
