//! HTTP requests to the outside, on behalf of a plugin that was granted the destination.
//!
//! A guest chooses the URL, so nothing in it is trusted: the host must match the grant, every address
//! that the name resolves to is checked where the connection is made (so a second answer of the DNS
//! changes nothing), redirects are followed here and checked like the first request, and sizes and
//! times are limited while bytes arrive. Cloud metadata services and the server's own addresses are
//! refused whatever was granted. Proxies, cookies and referrers are not used. A destination that gives no
//! answer, time after time, is left alone for a while: requests to it fail at once.
//!
//! Knows nothing of WebAssembly; `wit/http.wit` documents the records that the types here mirror.

mod address;
mod destinations;
mod failure;
mod grant;
mod redirect;
mod registry;
mod request;
mod resolve;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::RootCertStore;

use self::{failure::failure, grant::Connections, request::Hop};
pub use self::{
    grant::{GrantError, HttpEgress},
    registry::{Condition, Listener, Registry},
    resolve::{NameLookup, SystemLookup},
};
use crate::auth::Header;

/// Header fields of a response, at most.
const HEADERS: usize = 100;
/// Bytes of all header names and values of a response, at most.
const HEADER_BYTES: usize = 64 << 10;

/// What to send.
#[derive(Clone, PartialEq)]
pub struct OutgoingRequest {
    /// Any token, sent as it is.
    pub method: String,
    /// Absolute, `http` or `https`. A user and password in it become an `Authorization` header.
    pub url: String,
    /// `Host`, `Content-Length`, `Transfer-Encoding` and hop-by-hop names are refused.
    pub headers: Vec<Header>,
    /// The content.
    pub body: Option<Vec<u8>>,
    /// For the whole exchange; never longer than the grant's `timeout` and the deadline.
    pub timeout: Option<Duration>,
    /// How many redirects to follow, at most as many as granted. 0: return the redirect.
    pub redirects: u8,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct IncomingResponse {
    /// 100 to 999.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<Header>,
    /// Decompressed.
    pub body: Vec<u8>,
    /// Where it came from, after redirects; without user and password.
    pub url: String,
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No grant covers the destination; the text holds the grant to write.
    #[error("denied: {0}")]
    Denied(String),
    /// The request itself is wrong.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// The name has no address.
    #[error("name lookup failed: {0}")]
    NameLookup(String),
    /// No connection; or none is tried, because the destination gave no answer time after time.
    #[error("connection failed: {0}")]
    Connect(String),
    /// No trustworthy encrypted connection.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The time is over.
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

/// What all plugins' requests share. One per generation of the server.
pub struct HttpClient {
    connections: Connections,
}

impl HttpClient {
    /// A client that never connects to `denied`: the addresses that this server itself listens on.
    /// An unspecified address there stands for every address of this machine.
    pub fn new(denied: Vec<SocketAddr>) -> Self {
        Self::with_lookup(denied, Arc::new(SystemLookup))
    }

    /// As [`HttpClient::new`], with names resolved by `lookup`.
    pub fn with_lookup(denied: Vec<SocketAddr>, lookup: Arc<dyn NameLookup>) -> Self {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            tracing::warn!(
                "the system has no certificate authorities: https needs `ca_file` in the grant"
            );
        }
        Self {
            connections: Connections {
                denied: denied.into(),
                lookup,
                system_roots: Arc::new(roots),
            },
        }
    }

    /// Sends one request and follows redirects, within `egress` and by `deadline`. Must be called
    /// within a tokio runtime; dropping the future abandons the exchange.
    ///
    /// An `HttpEgress` is to be used with one `HttpClient` only: it keeps connections.
    ///
    /// # Errors
    /// [`HttpError`]. A response with an error status is not an error.
    pub async fn send(
        &self,
        egress: &HttpEgress,
        request: OutgoingRequest,
        deadline: Instant,
    ) -> Result<IncomingResponse, HttpError> {
        let own = request
            .timeout
            .map_or(egress.timeout, |timeout| timeout.min(egress.timeout));
        let deadline = Instant::now()
            .checked_add(own)
            .map_or(deadline, |own| own.min(deadline));
        let exchange = self.exchange(egress, request, own);
        tokio::time::timeout_at(deadline.into(), exchange)
            .await
            .unwrap_or(Err(HttpError::TimedOut))
    }

    async fn exchange(
        &self,
        egress: &HttpEgress,
        request: OutgoingRequest,
        patience: Duration,
    ) -> Result<IncomingResponse, HttpError> {
        let allowed = request.redirects.min(egress.redirects);
        let mut hop = Hop::first(request, egress)?;
        let mut followed = 0;
        loop {
            egress.check(hop.method.as_str(), &hop.url, &self.connections)?;
            let client = egress.client(&hop.url, &self.connections)?;
            let destination = egress.destinations.of(&hop.url, Instant::now());
            let asked = egress.destinations.enter(&destination, patience)?;
            let answer = ask(&client, &hop, allowed > 0, egress.response_bytes).await;
            asked.end(answer.as_ref().err());
            let next = match answer? {
                Answer::Response(response) => return Ok(response),
                Answer::Redirect(next) => next?,
            };
            if followed == allowed {
                return Err(HttpError::TooManyRedirects);
            }
            followed += 1;
            hop = next;
        }
    }
}

/// What one server said.
enum Answer {
    Response(IncomingResponse),
    /// Where to go on, or why not.
    Redirect(Result<Hop, HttpError>),
}

/// Sends one request of an exchange. Errors are those of the way to the answer, or of its form.
async fn ask(
    client: &reqwest::Client,
    hop: &Hop,
    follow: bool,
    response_bytes: u64,
) -> Result<Answer, HttpError> {
    let response = client
        .execute(hop.to_request())
        .await
        .map_err(|error| failure(&error, &hop.url))?;
    check_headers(&response)?;
    if follow && let Some(next) = redirect::follow(hop, &response).transpose() {
        return Ok(Answer::Redirect(next));
    }
    read(response, hop, response_bytes)
        .await
        .map(Answer::Response)
}

fn check_headers(response: &reqwest::Response) -> Result<(), HttpError> {
    let headers = response.headers();
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers.len() > HEADERS || bytes > HEADER_BYTES {
        return Err(HttpError::TooLarge(format!(
            "the headers exceed {HEADERS} fields or {HEADER_BYTES} bytes"
        )));
    }
    Ok(())
}

/// Reads the body, stopping at the first byte above the limit.
async fn read(
    mut response: reqwest::Response,
    hop: &Hop,
    limit: u64,
) -> Result<IncomingResponse, HttpError> {
    let too_large = || HttpError::TooLarge(format!("the body exceeds response_bytes ({limit})"));
    if response
        .content_length()
        .is_some_and(|length| length > limit)
        && hop.method != "HEAD"
    {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| failure(&error, &hop.url))?
    {
        let total = body.len() as u64 + chunk.len() as u64;
        if total > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| Header {
            name: name.as_str().to_owned(),
            value: value.as_bytes().to_vec(),
        })
        .collect();
    Ok(IncomingResponse {
        status: response.status().as_u16(),
        headers,
        body,
        url: hop.url.clone().into(),
    })
}
