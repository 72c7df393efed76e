//! The HTTP request that brought the login, as the front end sent it. Always available in a login.
//!
//! Without the grant `password` the body is empty and credential headers are missing.

use crate::{
    Header,
    host::{Current, Host},
};

/// In upper case; empty when the request did not come over HTTP.
pub fn method() -> String {
    Current::incoming_method()
}

/// The path without the query.
pub fn path() -> String {
    Current::incoming_path()
}

/// All header fields.
pub fn headers() -> Vec<Header> {
    Current::incoming_headers()
}

/// The first header field of that name, whatever its case.
pub fn header(name: &str) -> Option<Vec<u8>> {
    headers()
        .into_iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value)
}

/// The first query parameter of that name, decoded.
pub fn query_parameter(name: &str) -> Option<String> {
    Current::incoming_query_parameter(name)
}

/// The body.
pub fn body() -> Vec<u8> {
    Current::incoming_body()
}
