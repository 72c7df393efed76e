//! The answer to a login: one table of statuses, one of headers, for all routes.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header::WWW_AUTHENTICATE},
};

use super::{
    AUTH_STATUS, CBOR, JSON, REALM, SESSION, TEXT, body, empty, header, header_text,
    nginx::{self, Upstream},
    plain,
    plugin_headers::{self, Place},
};
use crate::{
    api::{negotiate::ListForm, route::Shape},
    auth::{Decision, Verdict},
};

const AUTH_USER: HeaderName = HeaderName::from_static("auth-user");
const AUTH_WAIT: HeaderName = HeaderName::from_static("auth-wait");
const MEMORY_CACHE: HeaderName = HeaderName::from_static("x-nauthilus-memory-cache");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What a response to a login needs beside the decision.
pub(in crate::api) struct Frame<'a> {
    /// How the answer is written.
    pub(in crate::api) shape: Shape,
    /// Bulkhead's id of the request.
    pub(in crate::api) session: String,
    /// To be echoed.
    pub(in crate::api) idempotency_key: Option<&'a HeaderValue>,
    /// Failed attempts before this one, as the front end counts them.
    pub(in crate::api) failed_attempts: u32,
    /// Upper bound of `Auth-Wait`.
    pub(in crate::api) wait_delay_seconds: u32,
    /// The login's.
    pub(in crate::api) protocol: String,
    /// Where nginx goes on.
    pub(in crate::api) upstream: Upstream,
    /// The numbers of backends, by name.
    pub(in crate::api) backend_numbers: &'a BTreeMap<String, u8>,
    /// The client has answered a challenge.
    pub(in crate::api) is_challenge: bool,
}

/// The answer to a login.
pub(in crate::api) fn login(decision: &Decision, frame: &Frame<'_>) -> Response<Body> {
    let mut response = content(decision, frame);
    *response.status_mut() = status(decision.verdict, frame.shape);
    let headers = response.headers_mut();
    if frame.shape == Shape::Header && decision.verdict == Verdict::Accept {
        header::add_attributes(headers, decision);
    }
    add_frame(&mut response, frame);
    let headers = response.headers_mut();
    match decision.verdict {
        Verdict::Accept => {
            headers.insert(AUTH_STATUS, HeaderValue::from_static("OK"));
            if !decision.progress.account.is_empty() && frame.shape != Shape::Basic {
                headers.insert(AUTH_USER, header_text(&decision.progress.account));
            }
            let hit = if decision.from_memory { "Hit" } else { "Miss" };
            headers.insert(MEMORY_CACHE, HeaderValue::from_static(hit));
            if decision.from_memory {
                headers.insert(REPLAYED, HeaderValue::from_static("true"));
            }
        }
        Verdict::Reject => {
            headers.insert(AUTH_STATUS, header_text(&decision.status_message));
            headers.insert(AUTH_WAIT, HeaderValue::from(wait(decision, frame)));
            if frame.shape == Shape::Basic {
                headers.insert(WWW_AUTHENTICATE, REALM);
            }
        }
        Verdict::TemporaryFailure => {
            headers.insert(AUTH_STATUS, header_text(&decision.status_message));
        }
    }
    if frame.shape == Shape::Nginx
        && let Err(why) = nginx::finish(headers, decision, frame)
    {
        let session = &frame.session;
        tracing::error!(session, why = %why, "An accepted login cannot be passed to nginx");
        let instead = Decision {
            status_message: why.told().to_owned(),
            ..unsendable(decision)
        };
        return login(&instead, frame);
    }
    plugin_headers::add(&mut response, &decision.response_headers, Place::Login);
    response
}

fn status(verdict: Verdict, shape: Shape) -> StatusCode {
    match (verdict, shape) {
        (Verdict::Accept, _) | (_, Shape::Nginx) => StatusCode::OK,
        (Verdict::Reject, Shape::Basic) => StatusCode::UNAUTHORIZED,
        (Verdict::Reject, _) => StatusCode::FORBIDDEN,
        (Verdict::TemporaryFailure, _) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The body and its type.
fn content(decision: &Decision, frame: &Frame<'_>) -> Response<Body> {
    use Shape::{Basic, Cbor, Header, Json, Nginx, Text};
    let ok = StatusCode::OK;
    let message = || decision.status_message.clone();
    let backend = || {
        let name = &decision.progress.backend;
        frame.backend_numbers.get(name).copied().unwrap_or(0)
    };
    match (decision.verdict, frame.shape) {
        (Verdict::Accept, Json) => plain(ok, JSON, body::json(&body::success(decision, backend()))),
        (Verdict::Accept, Cbor) => plain(ok, CBOR, body::cbor(&body::success(decision, backend()))),
        (Verdict::Accept, Header | Nginx | Basic | Text) => empty(ok),
        (Verdict::Reject, Json | Header | Nginx) => plain(ok, JSON, "null"),
        (Verdict::Reject, Cbor) => plain(ok, CBOR, body::cbor(&())),
        (Verdict::TemporaryFailure, Json) => plain(ok, JSON, body::json(&body::error(&message()))),
        (Verdict::TemporaryFailure, Cbor) => plain(ok, CBOR, body::cbor(&body::error(&message()))),
        (_, Header | Nginx | Basic | Text) => plain(ok, TEXT, message()),
    }
}

/// The answer to `mode=list-accounts`.
pub(in crate::api) fn accounts(
    decision: &Decision,
    form: ListForm,
    frame: &Frame<'_>,
) -> Response<Body> {
    if decision.verdict != Verdict::Accept {
        return login(decision, frame);
    }
    let accounts = &decision.accounts;
    let (content_type, body) = match form {
        ListForm::Json => (JSON, body::json(accounts)),
        ListForm::Cbor => (CBOR, body::cbor(accounts)),
        ListForm::Lines => {
            // A name with a line end would read as two accounts.
            if accounts.iter().any(|name| name.contains(['\r', '\n'])) {
                let session = &frame.session;
                tracing::error!(
                    session,
                    "An account name holds a line end; it cannot be listed"
                );
                return login(&unsendable(decision), frame);
            }
            let lines: String = accounts.iter().flat_map(|name| [name, "\r\n"]).collect();
            (TEXT, lines.into_bytes())
        }
    };
    let mut response = plain(StatusCode::OK, content_type, body);
    add_frame(&mut response, frame);
    response
        .headers_mut()
        .insert(AUTH_STATUS, HeaderValue::from_static("OK"));
    response
}

/// A temporary failure in place of an answer that cannot be written down.
fn unsendable(decision: &Decision) -> Decision {
    Decision {
        verdict: Verdict::TemporaryFailure,
        status_message: Decision::DEFAULT_TEMPORARY_FAILURE.to_owned(),
        recovered_password: None,
        ..decision.clone()
    }
}

fn add_frame(response: &mut Response<Body>, frame: &Frame<'_>) {
    let headers = response.headers_mut();
    headers.insert(SESSION, header_text(&frame.session));
    if let Some(key) = frame.idempotency_key {
        headers.insert(IDEMPOTENCY_KEY, key.clone());
    }
}

/// Seconds that a front end shall wait before it tells a client of its failure: the more, the more often
/// the client has failed, on this connection or by what is counted of its network.
fn wait(decision: &Decision, frame: &Frame<'_>) -> u32 {
    let failures = frame.failed_attempts.max(decision.progress.failed_logins);
    let seconds = f64::from(frame.wait_delay_seconds) * (0.03 * f64::from(failures)).tanh();
    // Between 0 and wait_delay, so the cast only drops the fraction.
    seconds as u32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;
    use crate::auth::Progress;

    static NO_NUMBERS: BTreeMap<String, u8> = BTreeMap::new();

    fn frame(shape: Shape) -> Frame<'static> {
        Frame {
            shape,
            session: String::new(),
            idempotency_key: None,
            failed_attempts: 0,
            wait_delay_seconds: 10,
            protocol: "imap".to_owned(),
            upstream: Upstream::Unknown,
            backend_numbers: &NO_NUMBERS,
            is_challenge: false,
        }
    }

    fn decision(verdict: Verdict, status_message: &str) -> Decision {
        Decision {
            verdict,
            status_message: status_message.to_owned(),
            progress: Progress::default(),
            accounts: Vec::new(),
            response_headers: Vec::new(),
            recovered_password: None,
            from_memory: false,
        }
    }

    #[test]
    fn no_status_message_makes_nginx_go_on_or_ask_again() {
        for message in ["OK", "WAIT", " OK ", "", "WAIT\r\n"] {
            for (verdict, expected) in [
                (Verdict::Reject, Decision::DEFAULT_REJECT),
                (
                    Verdict::TemporaryFailure,
                    Decision::DEFAULT_TEMPORARY_FAILURE,
                ),
            ] {
                let response = login(&decision(verdict, message), &frame(Shape::Nginx));
                assert_eq!(response.headers()[AUTH_STATUS], expected, "{message:?}");
            }
        }
        let response = login(&decision(Verdict::Reject, "OK?"), &frame(Shape::Nginx));
        assert_eq!(response.headers()[AUTH_STATUS], "OK?");
    }

    #[test]
    fn a_challenge_accepted_without_a_password_is_no_acceptance_to_nginx() {
        let frame = Frame {
            is_challenge: true,
            ..frame(Shape::Nginx)
        };
        let response = login(&decision(Verdict::Accept, ""), &frame);
        assert_eq!(
            response.headers()[AUTH_STATUS],
            Decision::DEFAULT_TEMPORARY_FAILURE
        );
    }

    #[test]
    fn a_login_that_no_server_could_serve_is_a_temporary_failure_to_nginx_alone() {
        for (protocol, code) in [("imap", None), ("smtp", Some("451 4.3.0"))] {
            let frame = |shape| Frame {
                upstream: Upstream::NoneAlive,
                protocol: protocol.to_owned(),
                ..frame(shape)
            };
            let accepted = decision(Verdict::Accept, "");
            let response = login(&accepted, &frame(Shape::Nginx));
            let headers = response.headers();
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(headers[AUTH_STATUS], "Internal failure");
            assert!(!headers.contains_key("auth-server"));
            let told = headers.get(nginx::ERROR_CODE);
            assert_eq!(told.and_then(|value| value.to_str().ok()), code);
            let response = login(&accepted, &frame(Shape::Json));
            assert_eq!(response.headers()[AUTH_STATUS], "OK");
        }
    }

    #[test]
    fn the_wait_grows_with_failed_attempts_up_to_its_bound() {
        let rows = [
            (0, 10, 0),
            (3, 10, 0),
            (4, 10, 1),
            (9, 10, 2),
            (50, 10, 9),
            (u32::MAX, 10, 10),
            (50, 0, 0),
        ];
        for (failed_attempts, wait_delay_seconds, expected) in rows {
            let frame = Frame {
                failed_attempts,
                wait_delay_seconds,
                ..frame(Shape::Json)
            };
            let mut decision = decision(Verdict::Reject, "");
            assert_eq!(wait(&decision, &frame), expected, "{failed_attempts}");
            // What is counted of the network is as good as what the front end has counted.
            let unknown = Frame {
                failed_attempts: 0,
                ..frame
            };
            decision.progress.failed_logins = failed_attempts;
            assert_eq!(wait(&decision, &unknown), expected, "{failed_attempts}");
        }
    }
}
