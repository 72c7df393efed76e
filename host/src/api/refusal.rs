//! Why a request gets no decision.

/// Marks the response to a refusal with its word, for metrics; an extension that never leaves the
/// server.
#[derive(Clone, Copy)]
pub(super) struct Refused(pub(super) &'static str);

/// Every reason, each with one response in `response`.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// The caller of the API did not show the right credentials.
    Unauthorized,
    /// As many requests as allowed are in work.
    TooManyRequests { current: u32, max: u32 },
    /// Required members are missing; their names as Nauthilus writes them.
    MissingFields(Vec<&'static str>),
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
            Self::TooManyRequests { .. } => "too-many-requests",
            Self::MissingFields(_) => "missing-fields",
            Self::Malformed(_) => "malformed",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::NotAcceptable => "not-acceptable",
            Self::TooLarge => "too-large",
            Self::BodyTimeout => "body-timeout",
            Self::NotFound => "not-found",
        }
    }
}
