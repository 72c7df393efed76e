//! The document that is sent: what of a login may leave the house.

use bulkhead_sdk::{Event, Request, clock};
use serde::Serialize;

/// One login. Texts that are unknown are empty. There is no password in it, and no attribute: they
/// may hold secrets of second factors.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// Milliseconds since 1970-01-01 00:00:00 UTC.
    pub time_ms: u64,
    /// What made the action run: `post`, `brute_force` …
    pub event: &'static str,
    /// Bulkhead's id of the request.
    pub session: &'a str,
    /// The caller's id of the login.
    pub external_session: &'a str,
    /// `json`, `nginx` …
    pub service: &'a str,
    /// `imap`, `smtp` …
    pub protocol: &'a str,
    /// `plain`, `login` …
    pub method: &'a str,
    /// The name that was checked.
    pub username: &'a str,
    /// The account that it maps to.
    pub account: &'a str,
    /// `accept`, `reject` or `temporary-failure`.
    pub verdict: &'static str,
    /// Whether a backend knows the user.
    pub user_found: bool,
    /// True if nobody asked for a password check.
    pub no_auth: bool,
    /// The feature or control that rejected.
    pub feature: &'a str,
    /// The backend that answered.
    pub backend: &'a str,
    /// What the client was told.
    pub status_message: &'a str,
    /// The client's address.
    pub client_address: &'a str,
    /// The client's port.
    pub client_port: &'a str,
    /// Whether the client's connection was encrypted.
    pub encrypted: bool,
    /// The brute-force rule that matched.
    pub brute_force_bucket: &'a str,
    /// HTTP status of the answer; 0 before it is known.
    pub http_status: u16,
    /// Time from request to report.
    pub latency_ms: f64,
}

impl<'a> Report<'a> {
    pub(crate) fn new(request: &'a Request, event: Event) -> Self {
        let progress = &request.progress;
        Self {
            time_ms: u64::try_from(clock::now().as_millis()).unwrap_or(u64::MAX),
            event: name(event),
            session: &request.session,
            external_session: &request.external_session,
            service: &request.service,
            protocol: &request.protocol,
            method: &request.method,
            username: &request.username,
            account: &progress.account,
            verdict: verdict(request),
            user_found: progress.user_found,
            no_auth: request.no_auth,
            feature: &progress.feature,
            backend: &progress.backend,
            status_message: &progress.status_message,
            client_address: &request.client.address,
            client_port: &request.client.port,
            encrypted: request.is_encrypted(),
            brute_force_bucket: &progress.brute_force_bucket,
            http_status: progress.http_status,
            latency_ms: progress.latency_ms,
        }
    }
}

/// How the login ended, or stands.
fn verdict(request: &Request) -> &'static str {
    let progress = &request.progress;
    // A temporary failure is the only outcome with a status of 500 and above.
    if progress.http_status >= 500 {
        return "temporary-failure";
    }
    // A filter may have rejected a lookup that the backends answered.
    if progress.http_status >= 400 {
        return "reject";
    }
    let accepted = progress.authenticated || (request.no_auth && progress.user_found);
    if accepted { "accept" } else { "reject" }
}

/// The event's name in configurations.
fn name(event: Event) -> &'static str {
    match event {
        Event::Lua => "lua",
        Event::TlsEncryption => "tls_encryption",
        Event::RelayDomains => "relay_domains",
        Event::Rbl => "rbl",
        Event::BruteForce => "brute_force",
        Event::Post => "post",
    }
}
