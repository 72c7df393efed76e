//! Headers that plugins add to a response.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, header::CONTENT_TYPE},
};

use crate::auth::Header;

/// Adds the headers that plugins may set: none that frame the message, none that carry the decision.
pub(super) fn add(response: &mut Response<Body>, headers: &[Header], place: Place) {
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
pub(super) enum Place {
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
                | "x-request-id"
        )
}
