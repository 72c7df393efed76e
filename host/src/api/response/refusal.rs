//! The answer to a request that gets no decision.

use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, Response, StatusCode,
        header::{CONNECTION, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use serde_json::{Value, json};

use super::{AUTH_STATUS, CBOR, JSON, REALM, TEXT, body, empty, nginx, plain};
use crate::{
    api::{refusal::Refusal, route::Shape},
    auth::Decision,
};

/// As the route writes it, where it has a way of its own; else as everywhere.
pub(in crate::api) fn refuse_login(shape: Shape, refusal: &Refusal) -> Response<Body> {
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
        (Shape::Basic, InvalidUsername) => refuse(&Refusal::LoginRequired),
        (Shape::Cbor, _) => write(refusal, |status, value| {
            plain(status, CBOR, body::cbor(&value))
        }),
        _ => refuse(refusal),
    }
}

/// The answer where nobody expects another.
pub(in crate::api) fn refuse(refusal: &Refusal) -> Response<Body> {
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

/// What is left of the request's body would be read as the next request.
fn closing(response: Response<Body>) -> Response<Body> {
    with(response, CONNECTION, HeaderValue::from_static("close"))
}

fn with(mut response: Response<Body>, name: HeaderName, value: HeaderValue) -> Response<Body> {
    response.headers_mut().insert(name, value);
    response
}
