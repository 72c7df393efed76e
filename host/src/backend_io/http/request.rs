//! What a guest asks to send, checked and ready for the HTTP library.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::AUTHORIZATION};
use percent_encoding::percent_decode_str;
use url::Url;

use super::{HttpEgress, HttpError, OutgoingRequest};
use crate::auth::Header;

/// Longest URL, in bytes.
const URL_BYTES: usize = 8 << 10;
/// Header fields of a request, at most, and their bytes.
const HEADERS: usize = 100;
const HEADER_BYTES: usize = 64 << 10;

/// Fields that frame the message or belong to one connection (RFC 9110, section 7.6.1): the library
/// writes them.
const REFUSED: [&str; 12] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "proxy-connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "proxy-authorization",
    "http2-settings",
];

/// One request of an exchange.
#[derive(Clone)]
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<bytes::Bytes>,
}

impl Hop {
    /// Checks a guest's request.
    pub(super) fn first(request: OutgoingRequest, egress: &HttpEgress) -> Result<Self, HttpError> {
        let method = Method::from_bytes(request.method.as_bytes())
            .ok()
            .filter(|method| method != Method::CONNECT)
            .ok_or_else(|| invalid("the method is not one that can be sent"))?;
        let mut url = parse_url(&request.url)?;
        let mut headers = parse_headers(request.headers)?;
        if let Some(credentials) = take_credentials(&mut url)
            && !headers.contains_key(AUTHORIZATION)
        {
            headers.insert(AUTHORIZATION, credentials);
        }
        let length = request.body.as_ref().map_or(0, |body| body.len() as u64);
        if length > egress.request_bytes {
            return Err(HttpError::Invalid(format!(
                "the body has {length} bytes, which exceeds request_bytes ({})",
                egress.request_bytes
            )));
        }
        Ok(Self {
            method,
            url,
            headers,
            body: request.body.map(Into::into),
        })
    }

    /// The request for the library.
    pub(super) fn to_request(&self) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        *request.body_mut() = self.body.clone().map(Into::into);
        request
    }
}

fn invalid(why: &str) -> HttpError {
    HttpError::Invalid(why.to_owned())
}

/// Accepts `http` and `https` only. Control characters, which URL parsers drop without a word, are
/// refused: they are attempts to break out of the request line.
pub(super) fn parse_url(text: &str) -> Result<Url, HttpError> {
    if text.len() > URL_BYTES {
        return Err(invalid("the URL is longer than 8192 bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid("the URL holds control characters"));
    }
    let mut url = Url::parse(text).map_err(|error| HttpError::Invalid(format!("URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("the URL is neither http nor https"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Removes `user:password@` from the URL and returns it as a header's value.
pub(super) fn take_credentials(url: &mut Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    // Neither can fail: the URL has a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn parse_headers(headers: Vec<Header>) -> Result<HeaderMap, HttpError> {
    let bytes: usize = headers
        .iter()
        .map(|header| header.name.len() + header.value.len())
        .sum();
    if headers.len() > HEADERS || bytes > HEADER_BYTES {
        return Err(invalid(
            "more than 100 headers, or more than 65536 bytes of them",
        ));
    }
    let mut map = HeaderMap::with_capacity(headers.len());
    for header in headers {
        let name = HeaderName::from_bytes(header.name.as_bytes())
            .map_err(|_| invalid("a header name holds characters that it may not hold"))?;
        if REFUSED.contains(&name.as_str()) {
            return Err(HttpError::Invalid(format!(
                "the header {name} is not yours to set"
            )));
        }
        let value = HeaderValue::from_bytes(&header.value).map_err(|_| {
            HttpError::Invalid(format!(
                "the value of header {name} holds control characters"
            ))
        })?;
        map.append(name, value);
    }
    Ok(map)
}
