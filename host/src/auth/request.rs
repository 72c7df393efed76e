//! The login question, and what the stages find out about it.
//!
//! Mirrors `wit/types.wit`, which documents every field. A text that the caller did not supply is
//! empty.

use std::sync::Arc;

use super::{Attribute, Challenge, Password, TraceContext};

/// An IP address and a port, as text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoint {
    /// Canonical IP address, or empty.
    pub address: String,
    /// Decimal port, or empty.
    pub port: String,
}

/// Who wants to log in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Client {
    /// Canonical IP address; IPv4-mapped IPv6 is IPv4.
    pub address: String,
    /// Decimal port.
    pub port: String,
    /// Reverse-resolved name.
    pub hostname: String,
    /// IMAP ID.
    pub id: String,
    /// HTTP user agent.
    pub user_agent: String,
    /// The network that a brute-force rule has banned, in CIDR form; empty unless one has.
    pub network: String,
}

/// What the front end knows of the client's TLS connection.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Tls {
    /// Non-empty means: encrypted.
    pub secured: String,
    pub protocol: String,
    pub cipher: String,
    pub session_id: String,
    pub client_verify: String,
    pub client_dn: String,
    pub client_cn: String,
    pub issuer: String,
    pub client_not_before: String,
    pub client_not_after: String,
    pub subject_dn: String,
    pub issuer_dn: String,
    pub client_subject_dn: String,
    pub client_issuer_dn: String,
    pub serial: String,
    pub fingerprint: String,
}

/// Facts of a browser login through an identity provider.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Identity {
    pub client_id: String,
    pub client_name: String,
    pub grant_type: String,
    pub redirect_uri: String,
    pub saml_entity_id: String,
    pub mfa_completed: bool,
    pub mfa_method: String,
    pub requested_scopes: Vec<String>,
    pub user_groups: Vec<String>,
    pub allowed_client_scopes: Vec<String>,
    pub allowed_client_grant_types: Vec<String>,
}

/// Facts that only Dovecot gives.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Dovecot {
    pub real_client: Endpoint,
    pub real_local: Endpoint,
    pub client_pid: String,
    pub session_pid: String,
    pub original_user: String,
    pub auth_user: String,
    pub login_user: String,
    pub master_user: String,
    pub local_name: String,
    pub secured: String,
    pub certificate: String,
    pub ja3_hash: String,
    pub certificate_fingerprint: String,
    pub certificate_key_fingerprint: String,
}

/// What the caller wants to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// May this user log in with this password?
    #[default]
    Verify,
    /// Who is this user (`mode=no-auth`)?
    LookUp,
    /// Which accounts are there (`mode=list-accounts`)?
    ListAccounts,
}

/// One login question. Immutable once parsed; what the stages find out is [`Progress`].
#[derive(Default)]
pub struct Request {
    /// Bulkhead's id of this request: 27 characters, sortable by time (KSUID).
    pub session: String,
    /// The caller's id of the login.
    pub external_session: String,
    /// The caller's id of this HTTP request (`X-Request-Id`), echoed in the answer: ASCII, at most 128
    /// characters.
    pub request_id: String,
    /// The door that the request came through.
    pub service: String,
    /// `imap`, `smtp` …; never empty.
    pub protocol: String,
    /// SASL mechanism in lower case.
    pub method: String,
    /// The name to check.
    pub username: String,
    /// Shared with the calls that are granted it; wiped with the last of them.
    pub password: Option<Arc<Password>>,
    /// What the client answered to a challenge; there is no password then.
    pub challenge: Option<Challenge>,
    /// What the caller wants to know.
    pub mode: Mode,
    /// Counted from 1; 0 when unknown.
    pub login_attempt: u32,
    /// Who wants to log in.
    pub client: Client,
    /// Where the client connected to.
    pub local: Endpoint,
    /// TLS facts, if any were given.
    pub tls: Option<Tls>,
    /// Identity provider facts, if any were given.
    pub identity: Option<Identity>,
    /// Dovecot's facts, if any were given.
    pub dovecot: Option<Dovecot>,
    /// The HTTP request as it came in; empty for `bulkhead login`.
    pub http: IncomingHttp,
    /// What earlier logins found out may be used to answer this one.
    pub caching: Caching,
    /// The login's span, if traces are configured.
    pub trace: Option<TraceContext>,
}

/// Which caches a login may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caching {
    /// The cache in memory may answer (`in-memory=0` says no).
    pub memory: bool,
    /// The cache in the store may answer (`cache=0` says no).
    pub store: bool,
    /// What is found out may be kept for others.
    pub keep: bool,
}

impl Caching {
    /// As if there were no cache: for logins that test the backends.
    pub const NONE: Self = Self {
        memory: false,
        store: false,
        keep: false,
    };
}

impl Default for Caching {
    fn default() -> Self {
        Self {
            memory: true,
            store: true,
            keep: true,
        }
    }
}

impl Request {
    /// The same question about another user.
    pub fn about(&self, username: &str) -> Self {
        Self {
            username: username.to_owned(),
            password: self.password.clone(),
            challenge: self.challenge.clone(),
            http: self.http.clone(),
            ..self.without_password()
        }
    }

    /// True if the user gave nothing that could be checked.
    pub fn lacks_password(&self) -> bool {
        let given = match &self.challenge {
            Some(challenge) => Some(&challenge.response),
            None => self.password.as_ref(),
        };
        given.is_none_or(|password| password.is_empty())
    }

    /// A copy without the password, the answer to a challenge, and the HTTP body that carried them.
    pub fn without_password(&self) -> Self {
        Self {
            session: self.session.clone(),
            external_session: self.external_session.clone(),
            request_id: self.request_id.clone(),
            service: self.service.clone(),
            protocol: self.protocol.clone(),
            method: self.method.clone(),
            username: self.username.clone(),
            password: None,
            challenge: None,
            mode: self.mode,
            login_attempt: self.login_attempt,
            client: self.client.clone(),
            local: self.local.clone(),
            tls: self.tls.clone(),
            identity: self.identity.clone(),
            dovecot: self.dovecot.clone(),
            http: IncomingHttp {
                body: None,
                ..self.http.clone()
            },
            caching: self.caching,
            trace: self.trace.clone(),
        }
    }
}

/// The HTTP request that brought the login, for plugins that look at it.
#[derive(Clone, Default)]
pub struct IncomingHttp {
    /// Upper case; empty when there was no HTTP request.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Decoded pairs in order.
    pub query: Vec<(String, String)>,
    /// As received. May hold credentials: shown in full only under the grant `password`.
    pub headers: Vec<Header>,
    /// As received. May hold the password: shown only under the grant `password`.
    pub body: Option<Arc<Password>>,
}

/// One HTTP header field.
#[derive(Clone, PartialEq, Debug)]
pub struct Header {
    /// Lower case.
    pub name: String,
    /// As received.
    pub value: Vec<u8>,
}

/// What earlier stages found out. Everything is empty, false or zero before the backends ran.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// A backend (or a filter that may) accepted.
    pub authenticated: bool,
    /// A backend knows the user.
    pub user_found: bool,
    /// The account that the user name maps to.
    pub account: String,
    /// Name of the attribute that carries the account.
    pub account_field: String,
    /// Name of the attribute that carries the TOTP secret; never sent to clients.
    pub totp_secret_field: String,
    /// Name of the attribute that carries recovery codes; never sent to clients.
    pub totp_recovery_field: String,
    /// Value of the unique user id attribute.
    pub unique_user_id: String,
    /// Value of the display name attribute.
    pub display_name: String,
    /// The backend plugin that answered.
    pub backend: String,
    /// What the client gets, in order.
    pub attributes: Vec<Attribute>,
    /// The feature or control that ended the request.
    pub feature: String,
    /// Text for the client; empty means the default.
    pub status_message: String,
    /// The brute-force rule that matched.
    pub brute_force_bucket: String,
    /// Failed attempts in that bucket.
    pub brute_force_counter: u32,
    /// Rejected for the same reason a moment ago.
    pub repeating: bool,
    /// The wrong password is an old one of this account.
    pub repeated_wrong_password: bool,
    /// How often this wrong password was tried; 0 when unknown.
    pub password_retries: u32,
    /// Different wrong passwords of the account at this address; 0 when unknown.
    pub account_passwords_seen: u32,
    /// Different wrong passwords of the address; 0 when unknown.
    pub total_passwords_seen: u32,
    /// Failed logins of the client's network, this one included; 0 when none is counted.
    pub failed_logins: u32,
    /// Since the request arrived.
    pub latency_ms: f64,
    /// Zero before it is known.
    pub http_status: u16,
}

/// What can make actions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// A feature plugin triggered.
    Lua,
    /// The client's connection is not encrypted.
    TlsEncryption,
    /// The user's domain is not served.
    RelayDomains,
    /// The client is on block lists.
    Rbl,
    /// The client tries too often.
    BruteForce,
    /// The answer has been sent.
    Post,
}
