//! Every response of the API: the one place where decisions and refusals become status, headers and
//! body. Shapes and texts are those of Nauthilus.

mod body;
mod header;
mod login;
mod nginx;
mod plugin_headers;
mod refusal;

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE},
};
use serde_json::{Value, json};

use self::plugin_headers::Place;
pub(super) use self::{
    login::{Frame, accounts, login},
    nginx::Upstream,
    refusal::{refuse, refuse_login},
};
use crate::auth::HookResponse;

const SESSION: HeaderName = HeaderName::from_static("x-nauthilus-session");
const AUTH_STATUS: HeaderName = HeaderName::from_static("auth-status");

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const CBOR: HeaderValue = HeaderValue::from_static("application/cbor");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const REALM: HeaderValue = HeaderValue::from_static(r#"Basic realm="restricted", charset="UTF-8""#);

fn plain(status: StatusCode, content_type: HeaderValue, body: impl Into<Body>) -> Response<Body> {
    let mut response = empty(status);
    *response.body_mut() = body.into();
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A text that is the same for everybody.
pub(super) fn document(content_type: &'static str, text: &'static str) -> Response<Body> {
    plain(StatusCode::OK, HeaderValue::from_static(content_type), text)
}

/// `/ping`
pub(super) fn pong() -> Response<Body> {
    plain(StatusCode::OK, TEXT, "pong")
}

/// `/healthz`
pub(super) fn health(can_work: bool, body: &Value) -> Response<Body> {
    let status = if can_work {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    plain(status, JSON, body.to_string())
}

/// What a hook answered, as it answered it; `content_type` unless it said.
pub(super) fn hook(answer: HookResponse, content_type: Option<&HeaderValue>) -> Response<Body> {
    let Some(status) = StatusCode::from_u16(answer.status)
        .ok()
        .filter(|status| !status.is_informational())
    else {
        return hook_failed("the hook answered with an impossible status");
    };
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = status;
    if let Some(content_type) = content_type {
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type.clone());
    }
    plugin_headers::add(&mut response, &answer.headers, Place::Hook);
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
    empty(StatusCode::NOT_FOUND)
}

/// The answer to an administrator's call, in the envelope that all of them have.
pub(super) fn admin(
    status: StatusCode,
    session: &str,
    object: &str,
    operation: &str,
    result: &Value,
) -> Response<Body> {
    let body = json!({
        "session": session,
        "object": object,
        "operation": operation,
        "result": result,
    });
    let mut response = plain(status, JSON, body.to_string());
    response.headers_mut().insert(SESSION, header_text(session));
    response
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
}
