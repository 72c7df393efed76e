//! Every response of the API: the one place where decisions and refusals become status, headers and
//! body. Shapes and texts are those of Nauthilus.

use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, Response, StatusCode,
        header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use serde_json::{Map, Value, json};

use super::{negotiate::ListForm, refusal::Refusal};
use crate::auth::{Decision, Header, HookResponse, Verdict};

const AUTH_STATUS: HeaderName = HeaderName::from_static("auth-status");
const AUTH_USER: HeaderName = HeaderName::from_static("auth-user");
const AUTH_WAIT: HeaderName = HeaderName::from_static("auth-wait");
const SESSION: HeaderName = HeaderName::from_static("x-nauthilus-session");
const MEMORY_CACHE: HeaderName = HeaderName::from_static("x-nauthilus-memory-cache");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// What a response to a login needs beside the decision.
pub(super) struct Frame<'a> {
    /// Bulkhead's id of the request.
    pub(super) session: &'a str,
    /// To be echoed.
    pub(super) idempotency_key: Option<&'a HeaderValue>,
    /// Failed attempts before this one, as the front end counts them.
    pub(super) failed_attempts: u32,
    /// Upper bound of `Auth-Wait`.
    pub(super) wait_delay_seconds: u32,
}

/// The answer to a login on the JSON route. `backend` is the number of the backend that answered.
pub(super) fn login(decision: &Decision, backend: u8, frame: &Frame<'_>) -> Response<Body> {
    let (status, body) = match decision.verdict {
        Verdict::Accept => (StatusCode::OK, success(decision, backend)),
        Verdict::Reject => (StatusCode::FORBIDDEN, Value::Null),
        Verdict::TemporaryFailure => (
            StatusCode::INTERNAL_SERVER_ERROR,
            json!({ "error": decision.status_message }),
        ),
    };
    let mut response = framed(status, JSON, body.to_string(), frame);
    let headers = response.headers_mut();
    match decision.verdict {
        Verdict::Accept => {
            headers.insert(AUTH_STATUS, HeaderValue::from_static("OK"));
            if !decision.progress.account.is_empty() {
                headers.insert(AUTH_USER, header_text(&decision.progress.account));
            }
            headers.insert(MEMORY_CACHE, HeaderValue::from_static("Miss"));
        }
        Verdict::Reject => {
            headers.insert(AUTH_STATUS, header_text(&decision.status_message));
            headers.insert(AUTH_WAIT, HeaderValue::from(wait(frame)));
        }
        Verdict::TemporaryFailure => {
            headers.insert(AUTH_STATUS, header_text(&decision.status_message));
        }
    }
    add_plugin_headers(&mut response, &decision.response_headers, Place::Login);
    response
}

/// The answer to `mode=list-accounts`.
pub(super) fn accounts(decision: &Decision, form: ListForm, frame: &Frame<'_>) -> Response<Body> {
    if decision.verdict != Verdict::Accept {
        return login(decision, 0, frame);
    }
    let accounts = &decision.accounts;
    let mut response = match form {
        ListForm::Json => framed(StatusCode::OK, JSON, json!(accounts).to_string(), frame),
        ListForm::Lines => {
            // A name with a line end would read as two accounts.
            if accounts.iter().any(|name| name.contains(['\r', '\n'])) {
                let failure = Decision {
                    verdict: Verdict::TemporaryFailure,
                    status_message: Decision::DEFAULT_TEMPORARY_FAILURE.to_owned(),
                    accounts: Vec::new(),
                    ..decision.clone()
                };
                return login(&failure, 0, frame);
            }
            let lines: String = accounts.iter().flat_map(|name| [name, "\r\n"]).collect();
            framed(StatusCode::OK, TEXT, lines, frame)
        }
    };
    response
        .headers_mut()
        .insert(AUTH_STATUS, HeaderValue::from_static("OK"));
    response
}

/// The members of a success, exactly these.
fn success(decision: &Decision, backend: u8) -> Value {
    let progress = &decision.progress;
    let attributes: Map<String, Value> = decision
        .public_attributes()
        .map(|attribute| (attribute.name.clone(), json!(attribute.values)))
        .collect();
    json!({
        "ok": true,
        "account_field": progress.account_field,
        "totp_secret_field": progress.totp_secret_field,
        "backend": backend,
        "attributes": attributes,
    })
}

/// Seconds that a front end shall wait before it tells a client of its failure.
fn wait(frame: &Frame<'_>) -> u32 {
    let seconds =
        f64::from(frame.wait_delay_seconds) * (0.03 * f64::from(frame.failed_attempts)).tanh();
    // Between 0 and wait_delay, so the cast only drops the fraction.
    seconds as u32
}

fn framed(
    status: StatusCode,
    content_type: HeaderValue,
    body: String,
    frame: &Frame<'_>,
) -> Response<Body> {
    let mut response = plain(status, content_type, body);
    let headers = response.headers_mut();
    headers.insert(SESSION, header_text(frame.session));
    if let Some(key) = frame.idempotency_key {
        headers.insert(IDEMPOTENCY_KEY, key.clone());
    }
    response
}

fn plain(status: StatusCode, content_type: HeaderValue, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// The answer to a request that gets no decision.
pub(super) fn refuse(refusal: &Refusal) -> Response<Body> {
    match refusal {
        Refusal::Unauthorized => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            response.headers_mut().insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static(r#"Basic realm="restricted", charset="UTF-8""#),
            );
            response
        }
        Refusal::TooManyRequests { current, max } => {
            let body = json!({
                "msg": "Too many requests",
                "scope": "concurrency",
                "current": current,
                "max": max,
            });
            let mut response = plain(StatusCode::TOO_MANY_REQUESTS, JSON, body.to_string());
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
        Refusal::MissingFields(fields) => {
            let errors: Vec<Value> = fields
                .iter()
                .map(|field| json!({ "field": field, "message": "This field is required" }))
                .collect();
            let body = json!({ "errors": errors });
            plain(StatusCode::BAD_REQUEST, JSON, body.to_string())
        }
        Refusal::Malformed(why) => error(StatusCode::BAD_REQUEST, why),
        Refusal::UnsupportedMediaType => error(StatusCode::BAD_REQUEST, "Unsupported media type"),
        Refusal::NotAcceptable => {
            error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type")
        }
        Refusal::TooLarge => closing(error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "http: request body too large",
        )),
        Refusal::BodyTimeout => closing(error(
            StatusCode::REQUEST_TIMEOUT,
            "the request body did not arrive in time",
        )),
        Refusal::NotFound => plain(
            StatusCode::NOT_FOUND,
            TEXT,
            "404 - Page Not Found".to_owned(),
        ),
    }
}

fn error(status: StatusCode, why: &str) -> Response<Body> {
    plain(status, JSON, json!({ "error": why }).to_string())
}

/// What is left of the request's body would be read as the next request.
fn closing(mut response: Response<Body>) -> Response<Body> {
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A text that is the same for everybody.
pub(super) fn document(content_type: &'static str, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// `/ping`
pub(super) fn pong() -> Response<Body> {
    plain(StatusCode::OK, TEXT, "pong".to_owned())
}

/// `/healthz`
pub(super) fn health(store_is_well: bool, latency_ms: f64) -> Response<Body> {
    let (status, word) = if store_is_well {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "error")
    };
    let body = json!({
        "status": word,
        "checks": { "store": { "status": word, "meta": { "latency_ms": latency_ms } } },
    });
    plain(status, JSON, body.to_string())
}

/// What a hook answered, as it answered it.
pub(super) fn hook(answer: HookResponse) -> Response<Body> {
    let Some(status) = StatusCode::from_u16(answer.status)
        .ok()
        .filter(|status| !status.is_informational())
    else {
        return hook_failed("the hook answered with an impossible status");
    };
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = status;
    add_plugin_headers(&mut response, &answer.headers, Place::Hook);
    response
}

/// A hook that has no answer.
pub(super) fn hook_failed(why: &str) -> Response<Body> {
    plain(
        StatusCode::INTERNAL_SERVER_ERROR,
        JSON,
        json!({ "msg": why }).to_string(),
    )
}

/// A place where no hook is.
pub(super) fn no_hook() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Adds the headers that plugins may set: none that frame the message, none that carry the decision.
fn add_plugin_headers(response: &mut Response<Body>, headers: &[Header], place: Place) {
    for header in headers {
        let Ok(name) = HeaderName::try_from(header.name.as_str()) else {
            continue;
        };
        let Ok(value) = HeaderValue::from_bytes(&header.value) else {
            continue;
        };
        if is_reserved(name.as_str(), place) {
            continue;
        }
        if name == CONTENT_TYPE {
            response.headers_mut().insert(name, value);
        } else {
            response.headers_mut().append(name, value);
        }
    }
}

/// Where a plugin adds headers. Only a hook's body is its own to describe.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Login,
    Hook,
}

fn is_reserved(name: &str, place: Place) -> bool {
    name.starts_with("auth-")
        || (place == Place::Login && name.starts_with("content-"))
        || matches!(
            name,
            "connection"
                | "keep-alive"
                | "proxy-authenticate"
                | "proxy-authorization"
                | "proxy-connection"
                | "te"
                | "trailer"
                | "transfer-encoding"
                | "upgrade"
                | "content-length"
                | "date"
                | "x-nauthilus-session"
                | "x-nauthilus-memory-cache"
        )
}

/// Text as a header value: what would end the line becomes a space.
fn header_text(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| {
        let bytes: Vec<u8> = text
            .bytes()
            .map(|byte| {
                if byte < 0x20 || byte == 0x7f {
                    b' '
                } else {
                    byte
                }
            })
            .collect();
        // Only control characters are refused, and none is left.
        HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static(""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_a_header_cannot_end_it() {
        let rows: [(&str, &[u8]); 3] = [
            ("Account not enabled", b"Account not enabled"),
            ("no\r\nX-Evil: 1", b"no  X-Evil: 1"),
            ("gesperrt \u{fc}", "gesperrt \u{fc}".as_bytes()),
        ];
        for (text, expected) in rows {
            assert_eq!(header_text(text).as_bytes(), expected);
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
                session: "",
                idempotency_key: None,
                failed_attempts,
                wait_delay_seconds,
            };
            assert_eq!(wait(&frame), expected, "{failed_attempts}");
        }
    }
}
