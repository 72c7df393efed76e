//! Why a request gets no decision.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// Marks the response to a refusal with its word, for metrics; an extension that never leaves the
/// server.
#[derive(Clone, Copy)]
pub(super) struct Refused(pub(super) &'static str);

/// Every reason, each with one response in `response`.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// The caller of the API did not show the right credentials.
    Unauthorized,
    /// The end user has not given a name and a password yet.
    LoginRequired,
    /// The caller's address may not ask here.
    Forbidden,
    /// As many requests as allowed are in work.
    TooManyRequests { current: u32, max: u32 },
    /// The client guessed the API's credentials (`server.lockout`).
    LockedOut { retry_after: Duration },
    /// The client sends more requests than `server.rate_limit` lets it.
    RateLimited {
        address: IpAddr,
        retry_after: Duration,
    },
    /// The server stops, and will have stopped by then.
    ShuttingDown { retry_after: Duration },
    /// The head can be read in more than one way; how. The connection is closed.
    BadHead(&'static str),
    /// More header fields than `limits.header_count`.
    TooManyHeaders,
    /// The body is compressed in a way that nobody reads here.
    UnsupportedCoding,
    /// Required members are missing; their names as Nauthilus writes them.
    MissingFields(Vec<&'static str>),
    /// No mail system could use the user name.
    InvalidUsername,
    /// The request cannot be understood; why.
    Malformed(String),
    /// The body has a type that nobody reads here.
    UnsupportedMediaType,
    /// None of the types that the client accepts can be made.
    NotAcceptable,
    /// The body is larger than `limits.body_bytes`.
    TooLarge,
    /// The body did not arrive within the request's time.
    BodyTimeout,
    /// There is nothing at this place.
    NotFound,
}

impl Refusal {
    /// The word for the log. Says nothing of what the request held.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::LoginRequired => "login-required",
            Self::Forbidden => "forbidden",
            Self::TooManyRequests { .. } => "too-many-requests",
            Self::LockedOut { .. } => "locked-out",
            Self::RateLimited { .. } => "rate-limited",
            Self::ShuttingDown { .. } => "shutting-down",
            Self::BadHead(_) => "bad-head",
            Self::TooManyHeaders => "too-many-headers",
            Self::UnsupportedCoding => "unsupported-coding",
            Self::MissingFields(_) => "missing-fields",
            Self::InvalidUsername => "invalid-username",
            Self::Malformed(_) => "malformed",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::NotAcceptable => "not-acceptable",
            Self::TooLarge => "too-large",
            Self::BodyTimeout => "body-timeout",
            Self::NotFound => "not-found",
        }
    }

    /// Tells the operator of a request that got no decision. Who tries to get in where he may not is
    /// worth a warning; a browser that has not asked its user yet is everyday life.
    pub(super) fn report(&self, peer: SocketAddr) {
        let reason = self.as_str();
        match self {
            Self::Unauthorized | Self::Forbidden => {
                tracing::warn!(peer = %peer, reason, "A request was refused");
            }
            Self::LoginRequired | Self::NotFound => {
                tracing::debug!(peer = %peer, reason, "A request was refused");
            }
            _ => tracing::info!(peer = %peer, reason, "A request was refused"),
        }
    }
}
