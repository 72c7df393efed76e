//! The answer to a request that gets no decision.

use std::time::Duration;

use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, Response, StatusCode,
        header::{ACCEPT_ENCODING, CONNECTION, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use serde_json::{Value, json};

use super::{AUTH_STATUS, CBOR, JSON, REALM, TEXT, body, empty, nginx, plain};
use crate::{
    api::{
        refusal::{Refusal, Refused},
        route::Shape,
    },
    auth::Decision,
};

/// As the route writes it, where it has a way of its own; else as everywhere.
pub(in crate::api) fn refuse_login(shape: Shape, refusal: &Refusal) -> Response<Body> {
    marked(refusal, login_page(shape, refusal))
}

/// The answer where nobody expects another.
pub(in crate::api) fn refuse(refusal: &Refusal) -> Response<Body> {
    marked(refusal, page(refusal))
}

/// For metrics.
fn marked(refusal: &Refusal, mut response: Response<Body>) -> Response<Body> {
    response.extensions_mut().insert(Refused(refusal.as_str()));
    response
}

fn login_page(shape: Shape, refusal: &Refusal) -> Response<Body> {
    use Refusal::{InvalidUsername, Malformed, MissingFields};
    match (shape, refusal) {
        (Shape::Header, InvalidUsername | Malformed(_) | MissingFields(_)) => {
            empty(StatusCode::BAD_REQUEST)
        }
        // The end user's mistake, and nginx has words for that only in a 200.
        (Shape::Nginx, InvalidUsername) => {
            let mut response = plain(StatusCode::OK, JSON, "null");
            let status = HeaderValue::from_static(Decision::DEFAULT_REJECT);
            response.headers_mut().insert(AUTH_STATUS, status);
            response
        }
        (Shape::Nginx, Malformed(_) | MissingFields(_)) => {
            let message = Decision::DEFAULT_TEMPORARY_FAILURE;
            let mut response = plain(StatusCode::OK, TEXT, message);
            let headers = response.headers_mut();
            headers.insert(AUTH_STATUS, HeaderValue::from_static(message));
            headers.insert(nginx::ERROR_CODE, nginx::TRY_LATER);
            response
        }
        (Shape::Basic, InvalidUsername) => page(&Refusal::LoginRequired),
        (Shape::Cbor, _) => write(refusal, |status, value| {
            plain(status, CBOR, body::cbor(&value))
        }),
        _ => page(refusal),
    }
}

fn page(refusal: &Refusal) -> Response<Body> {
    write(refusal, |status, value| {
        plain(status, JSON, value.to_string())
    })
}

fn write(
    refusal: &Refusal,
    object: impl Fn(StatusCode, Value) -> Response<Body>,
) -> Response<Body> {
    let error = |status, why: &str| object(status, body::error(why));
    match refusal {
        Refusal::Unauthorized | Refusal::LoginRequired => {
            with(empty(StatusCode::UNAUTHORIZED), WWW_AUTHENTICATE, REALM)
        }
        Refusal::Forbidden => plain(StatusCode::FORBIDDEN, TEXT, "403 - Forbidden"),
        Refusal::TooManyRequests { current, max } => {
            let body = json!({
                "msg": "Too many requests",
                "scope": "concurrency",
                "current": current,
                "max": max,
            });
            let response = object(StatusCode::TOO_MANY_REQUESTS, body);
            with(response, RETRY_AFTER, HeaderValue::from_static("1"))
        }
        Refusal::LockedOut { retry_after } => {
            let body = json!({
                "msg": "Too many authentication failures",
                "scope": "brute-force",
            });
            later(object(StatusCode::TOO_MANY_REQUESTS, body), *retry_after)
        }
        Refusal::RateLimited {
            address,
            retry_after,
        } => {
            let body = json!({
                "msg": "Rate limit exceeded",
                "scope": "rate",
                "ip": address.to_string(),
            });
            later(object(StatusCode::TOO_MANY_REQUESTS, body), *retry_after)
        }
        Refusal::ShuttingDown { retry_after } => {
            let body = json!({ "msg": "The server is shutting down", "scope": "shutdown" });
            let response = object(StatusCode::SERVICE_UNAVAILABLE, body);
            closing(later(response, *retry_after))
        }
        Refusal::BadHead(why) => closing(error(StatusCode::BAD_REQUEST, why)),
        Refusal::TooManyHeaders => error(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "too many header fields",
        ),
        Refusal::UnsupportedCoding => with(
            error(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported content encoding",
            ),
            ACCEPT_ENCODING,
            HeaderValue::from_static("gzip, br, zstd"),
        ),
        Refusal::MissingFields(fields) => {
            let errors: Vec<Value> = fields
                .iter()
                .map(|field| json!({ "field": field, "message": "This field is required" }))
                .collect();
            object(StatusCode::BAD_REQUEST, json!({ "errors": errors }))
        }
        Refusal::InvalidUsername => error(StatusCode::BAD_REQUEST, "invalid username"),
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
        Refusal::NotFound => plain(StatusCode::NOT_FOUND, TEXT, "404 - Page Not Found"),
    }
}

/// With the number of seconds after which it is worth asking again, rounded up.
fn later(response: Response<Body>, after: Duration) -> Response<Body> {
    let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
    with(response, RETRY_AFTER, HeaderValue::from(seconds.max(1)))
}

/// What is left of the request's body would be read as the next request.
fn closing(response: Response<Body>) -> Response<Body> {
    with(response, CONNECTION, HeaderValue::from_static("close"))
}

fn with(mut response: Response<Body>, name: HeaderName, value: HeaderValue) -> Response<Body> {
    response.headers_mut().insert(name, value);
    response
}
