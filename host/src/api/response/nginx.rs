//! What nginx' mail proxy needs beside `Auth-Status`: where to go on, and with which password.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::{AUTH_STATUS, header_text, login::Frame};
use crate::auth::{Decision, Verdict};

pub(super) const ERROR_CODE: HeaderName = HeaderName::from_static("auth-error-code");
/// A temporary failure in the words of SMTP. For a reject nginx says `535 5.7.0` by itself.
pub(super) const TRY_LATER: HeaderValue = HeaderValue::from_static("451 4.3.0");

const SERVER: HeaderName = HeaderName::from_static("auth-server");
const PORT: HeaderName = HeaderName::from_static("auth-port");
const PASSWORD: HeaderName = HeaderName::from_static("auth-pass");

/// Status texts that nginx takes for commands: go on, and ask again.
const COMMANDS: [&str; 3] = ["", "OK", "WAIT"];

/// Where an accepted login goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Upstream {
    /// nginx knows, or nobody does.
    Unknown,
    /// There.
    At(SocketAddr),
    /// There are servers, and none of them is alive.
    NoneAlive,
}

/// Why nginx cannot be told of an acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsendable {
    #[error("no server for the login is alive")]
    NoneAlive,
    #[error("the password has characters that no header can hold")]
    Password,
    /// Whoever accepted it, nginx cannot log in at the upstream.
    #[error("a challenge was accepted without the password behind it")]
    Challenge,
}

impl Unsendable {
    /// The text for the client.
    pub(super) fn told(self) -> &'static str {
        match self {
            // Nauthilus' wording.
            Self::NoneAlive => "Internal failure",
            Self::Password | Self::Challenge => Decision::DEFAULT_TEMPORARY_FAILURE,
        }
    }
}

/// Adds what nginx needs. Nothing of it without acceptance.
pub(super) fn finish(
    headers: &mut HeaderMap,
    decision: &Decision,
    frame: &Frame<'_>,
) -> Result<(), Unsendable> {
    let default = match decision.verdict {
        Verdict::Accept => return accept(headers, decision, frame),
        Verdict::Reject => Decision::DEFAULT_REJECT,
        Verdict::TemporaryFailure => Decision::DEFAULT_TEMPORARY_FAILURE,
    };
    if COMMANDS.contains(&decision.status_message.trim()) {
        headers.insert(AUTH_STATUS, header_text(default));
    }
    let is_smtp = frame.protocol.eq_ignore_ascii_case("smtp");
    if is_smtp && decision.verdict == Verdict::TemporaryFailure {
        headers.insert(ERROR_CODE, TRY_LATER);
    }
    Ok(())
}

fn accept(
    headers: &mut HeaderMap,
    decision: &Decision,
    frame: &Frame<'_>,
) -> Result<(), Unsendable> {
    match frame.upstream {
        Upstream::Unknown => {}
        Upstream::At(upstream) => {
            headers.insert(SERVER, header_text(&upstream.ip().to_string()));
            headers.insert(PORT, HeaderValue::from(upstream.port()));
        }
        Upstream::NoneAlive => return Err(Unsendable::NoneAlive),
    }
    match &decision.recovered_password {
        Some(password) => {
            let bytes = password.0.expose();
            let is_trimmed = bytes.trim_ascii().len() == bytes.len();
            let mut value = HeaderValue::from_bytes(bytes)
                .ok()
                .filter(|_| is_trimmed)
                .ok_or(Unsendable::Password)?;
            value.set_sensitive(true);
            headers.insert(PASSWORD, value);
        }
        None if frame.is_challenge => return Err(Unsendable::Challenge),
        None => {}
    }
    Ok(())
}
