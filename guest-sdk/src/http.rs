//! Requests to the outside, under the grant `http`, which names the hosts.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

pub use crate::bindings::bulkhead::policy::http::{IncomingResponse as Response, OutgoingRequest};
use crate::{
    Header,
    host::{Current, Host},
};

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No grant covers the destination; the text holds the grant to write.
    #[error("not granted: {0}")]
    Denied(String),
    /// The request itself is wrong.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// The host's name could not be resolved.
    #[error("name look-up failed: {0}")]
    NameLookup(String),
    /// No connection.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// No trust, or no common ground.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The exchange took longer than it may.
    #[error("timed out")]
    TimedOut,
    /// The response exceeds a limit; the text names it.
    #[error("response too large: {0}")]
    TooLarge(String),
    /// More redirects than asked for.
    #[error("too many redirects")]
    TooManyRedirects,
    /// The peer does not speak HTTP properly, or broke off.
    #[error("protocol error: {0}")]
    Protocol(String),
}

/// A request under construction.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request(OutgoingRequest);

impl Request {
    /// Any method on an absolute `http` or `https` URL. No redirects are followed unless asked for.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self(OutgoingRequest {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            timeout_ms: None,
            redirects: 0,
        })
    }

    /// A GET request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A POST request.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// Adds a header field. `Host`, `Content-Length`, `Transfer-Encoding` and hop-by-hop names are
    /// the server's, and refused.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.0.headers.push(Header::new(name, value));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.0.body = Some(body.into());
        self
    }

    /// Sets a JSON body and its `Content-Type`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the value cannot be written as JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self, Error> {
        let body = serde_json::to_vec(value).map_err(|error| Error::Invalid(error.to_string()))?;
        Ok(self.header("Content-Type", "application/json").body(body))
    }

    /// Limits the whole exchange. The call's own deadline applies anyway.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout_ms = Some(u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// How many redirects to follow; each target must be granted as well.
    pub fn redirects(mut self, redirects: u8) -> Self {
        self.0.redirects = redirects;
        self
    }

    /// Sends the request and waits for the whole response.
    ///
    /// # Errors
    /// When there is no response. A response of any status is no error.
    pub fn send(self) -> Result<Response, Error> {
        Current::http_send(&self.0)
    }
}

impl Response {
    /// True for 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header field of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.as_slice())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`Error::Protocol`] when the body is not JSON of that shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::Protocol(format!("unexpected JSON: {error}")))
    }
}
