//! What the log, the decision log and metrics know of one login: everything but secrets.

use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::format::rfc3339;
use crate::{
    auth::{Mode, Request, Trace, TraceContext, Value, Verdict},
    pipeline::Outcome,
};

/// The header field whose value `1` has a login written into the decision log.
const TRACE_HEADER: &str = "x-bulkhead-trace";

/// One decided login. Serialises to the object of the decision log.
#[derive(Clone, Debug, Serialize)]
pub struct LoginRecord {
    /// When it was decided: RFC 3339, UTC.
    pub time: String,
    /// The same, for the spans of a trace.
    #[serde(skip)]
    pub decided_at: SystemTime,
    /// Bulkhead's id of the request.
    pub session: String,
    /// The caller's.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub external_session: String,
    /// The caller's id of the HTTP request.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    /// The trace, in hexadecimal digits; empty if it is not recorded.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trace_id: String,
    /// The login's span, if traces are configured.
    #[serde(skip)]
    pub span: Option<TraceContext>,
    /// The caller wants the login in the decision log (`X-Bulkhead-Trace: 1`).
    #[serde(skip)]
    pub is_wanted: bool,
    /// The name that was asked about.
    pub username: String,
    /// The name as the user typed it, if Dovecot changed it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub original_username: String,
    /// A backend knows the name.
    pub user_found: bool,
    /// The account that it maps to; empty when unknown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// Address of the client.
    pub client: String,
    /// Its port.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_port: String,
    /// Its reverse-resolved name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_hostname: String,
    /// IMAP ID.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    /// HTTP user agent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user_agent: String,
    /// Where the client connected to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub local_address: String,
    /// The port there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub local_port: String,
    /// `imap`, `smtp` …
    pub protocol: String,
    /// The door that the request came through.
    pub service: String,
    /// SASL mechanism.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// `auth`, `no-auth` or `list-accounts`.
    #[serde(serialize_with = "mode_word")]
    pub mode: Mode,
    /// TLS version of the client's connection.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tls_protocol: String,
    /// Its cipher.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tls_cipher: String,
    /// Method of the HTTP request.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub http_method: String,
    /// Path of the HTTP request.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The outcome.
    #[serde(serialize_with = "verdict_word")]
    pub verdict: Verdict,
    /// What the client was told.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status_message: String,
    /// The backend that knew the user.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub backend: String,
    /// The feature that ended the login.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub feature: String,
    /// The brute-force rule that matched.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub brute_force_bucket: String,
    /// Failed attempts in that rule's bucket; 0 when none is known.
    #[serde(skip_serializing_if = "is_zero")]
    pub brute_force_counter: u32,
    /// The wrong password is an old one of the account.
    #[serde(skip_serializing_if = "is_false")]
    pub repeated_wrong_password: bool,
    /// The brute-force rule has banned a network because of this login.
    #[serde(rename = "new_ban", skip_serializing_if = "is_false")]
    pub is_new_ban: bool,
    /// How often this wrong password was tried for the account; 0 when unknown.
    #[serde(skip_serializing_if = "is_zero")]
    pub password_retries: u32,
    /// Different wrong passwords of the account at this address; 0 when unknown.
    #[serde(skip_serializing_if = "is_zero")]
    pub account_passwords_seen: u32,
    /// Different wrong passwords of the address; 0 when unknown.
    #[serde(skip_serializing_if = "is_zero")]
    pub total_passwords_seen: u32,
    /// From the arrival of the request to the decision.
    #[serde(rename = "latency_us", serialize_with = "microseconds")]
    pub latency: Duration,
    /// Which plugins ran, and what they said and used.
    #[serde(rename = "stages", serialize_with = "stages")]
    pub trace: Trace,
    /// Pairs that plugins added.
    #[serde(rename = "fields", serialize_with = "pairs")]
    pub log_fields: Vec<(String, Value)>,
}

impl LoginRecord {
    /// Gathers what is to be known of a decided login.
    pub fn new(request: &Request, outcome: &Outcome, latency: Duration) -> Self {
        let progress = &outcome.decision.progress;
        let tls = request.tls.as_ref();
        let decided_at = SystemTime::now();
        let mut trace = outcome.trace.clone();
        trace.shift(latency.saturating_sub(trace.elapsed));
        let recorded = request.trace.as_ref().filter(|span| span.sampled);
        let original = request
            .dovecot
            .as_ref()
            .map(|dovecot| dovecot.original_user.clone())
            .filter(|original| *original != request.username);
        Self {
            time: rfc3339(decided_at),
            decided_at,
            request_id: request.request_id.clone(),
            trace_id: recorded
                .map(TraceContext::trace_id_text)
                .unwrap_or_default(),
            span: request.trace.clone(),
            is_wanted: request
                .http
                .headers
                .iter()
                .any(|header| header.name == TRACE_HEADER && header.value == b"1"),
            original_username: original.unwrap_or_default(),
            user_found: progress.user_found,
            http_method: request.http.method.clone(),
            brute_force_bucket: progress.brute_force_bucket.clone(),
            brute_force_counter: progress.brute_force_counter,
            repeated_wrong_password: progress.repeated_wrong_password,
            is_new_ban: !progress.brute_force_bucket.is_empty() && !progress.repeating,
            password_retries: progress.password_retries,
            account_passwords_seen: progress.account_passwords_seen,
            total_passwords_seen: progress.total_passwords_seen,
            session: request.session.clone(),
            external_session: request.external_session.clone(),
            username: request.username.clone(),
            account: progress.account.clone(),
            client: request.client.address.clone(),
            client_port: request.client.port.clone(),
            client_hostname: request.client.hostname.clone(),
            client_id: request.client.id.clone(),
            user_agent: request.client.user_agent.clone(),
            local_address: request.local.address.clone(),
            local_port: request.local.port.clone(),
            protocol: request.protocol.clone(),
            service: request.service.clone(),
            method: request.method.clone(),
            mode: request.mode,
            tls_protocol: tls.map(|tls| tls.protocol.clone()).unwrap_or_default(),
            tls_cipher: tls.map(|tls| tls.cipher.clone()).unwrap_or_default(),
            path: request.http.path.clone(),
            verdict: outcome.decision.verdict,
            status_message: outcome.decision.status_message.clone(),
            backend: progress.backend.clone(),
            feature: progress.feature.clone(),
            latency,
            trace,
            log_fields: outcome.log_fields.clone(),
        }
    }
}

/// The mode's word in logs.
pub(super) fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Verify => "auth",
        Mode::LookUp => "no-auth",
        Mode::ListAccounts => "list-accounts",
    }
}

fn mode_word<S: Serializer>(mode: &Mode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(mode_name(*mode))
}

fn verdict_word<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(verdict.as_str())
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_false(truth: &bool) -> bool {
    !truth
}

fn microseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

fn stages<S: Serializer>(trace: &Trace, serializer: S) -> Result<S::Ok, S::Error> {
    trace.stages.serialize(serializer)
}

fn pairs<S: Serializer>(pairs: &[(String, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    // A key that came twice has one member: the later.
    let unique: serde_json::Map<String, serde_json::Value> = pairs
        .iter()
        .map(|(key, value)| {
            let value = serde_json::to_value(value).unwrap_or_default();
            (key.clone(), value)
        })
        .collect();
    let mut map = serializer.serialize_map(Some(unique.len()))?;
    for (key, value) in &unique {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

#[cfg(test)]
use crate::auth::{PluginTrace, Stage, StageTrace, Usage};

#[cfg(test)]
impl LoginRecord {
    /// A rejected login of `alice`.
    pub(super) fn example() -> Self {
        Self {
            time: String::new(),
            decided_at: SystemTime::UNIX_EPOCH,
            session: "s1".into(),
            external_session: String::new(),
            request_id: String::new(),
            trace_id: String::new(),
            span: None,
            is_wanted: false,
            original_username: String::new(),
            user_found: false,
            http_method: String::new(),
            brute_force_bucket: String::new(),
            brute_force_counter: 0,
            repeated_wrong_password: false,
            is_new_ban: false,
            password_retries: 0,
            account_passwords_seen: 0,
            total_passwords_seen: 0,
            username: "alice".into(),
            account: String::new(),
            client: "192.0.2.1".into(),
            client_port: String::new(),
            client_hostname: String::new(),
            client_id: String::new(),
            user_agent: String::new(),
            local_address: String::new(),
            local_port: String::new(),
            protocol: "imap".into(),
            service: "json".into(),
            method: String::new(),
            mode: Mode::Verify,
            tls_protocol: String::new(),
            tls_cipher: String::new(),
            path: String::new(),
            verdict: Verdict::Reject,
            status_message: "No".into(),
            backend: String::new(),
            feature: String::new(),
            latency: Duration::from_micros(1500),
            trace: Trace::default(),
            log_fields: vec![
                ("authenticated".into(), Value::Text("ok".into())),
                ("score".into(), Value::Integer(7)),
            ],
        }
    }

    /// An accepted login in which everything is known.
    pub(super) fn full() -> Self {
        let text = |text: &str| text.to_owned();
        let plugin = |verdict: &str| PluginTrace {
            plugin: text("p"),
            verdict: text(verdict),
            usage: Usage {
                elapsed: Duration::from_millis(1),
                ..Usage::default()
            },
            ..PluginTrace::default()
        };
        let stage = |stage, verdict| StageTrace {
            stage,
            started: Duration::ZERO,
            elapsed: Duration::from_millis(1),
            plugins: vec![plugin(verdict)],
        };
        Self {
            external_session: text("e"),
            request_id: text("r"),
            trace_id: text("t"),
            original_username: text("Alice"),
            user_found: true,
            account: text("a"),
            client_port: text("1"),
            client_hostname: text("h"),
            client_id: text("i"),
            user_agent: text("u"),
            local_address: text("l"),
            local_port: text("2"),
            method: text("plain"),
            tls_protocol: text("TLSv1.3"),
            tls_cipher: text("c"),
            http_method: text("POST"),
            path: text("/p"),
            backend: text("b"),
            feature: text("f"),
            brute_force_bucket: text("bucket"),
            brute_force_counter: 3,
            repeated_wrong_password: true,
            is_new_ban: true,
            password_retries: 2,
            account_passwords_seen: 3,
            total_passwords_seen: 4,
            trace: Trace {
                elapsed: Duration::from_millis(3),
                stages: vec![
                    stage(Stage::Features, "pass"),
                    stage(Stage::Backends, "authenticated"),
                    stage(Stage::Filters, "keep"),
                ],
            },
            ..Self::example()
        }
    }
}
