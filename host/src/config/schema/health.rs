//! The section `backend_health_checks`.

use std::{net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use rustls::pki_types::CertificateDer;

use crate::auth::Password;

/// `backend_health_checks`: the servers behind the proxies. Without targets nothing is checked, and the
/// nginx route answers with `server.upstreams`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HealthChecks {
    /// `selection`: which of the servers that live gets a login. Default `round-robin`.
    pub selection: Selection,
    /// `targets`, in order. At most [`HealthChecks::MOST_TARGETS`].
    pub targets: Vec<HealthTarget>,
}

impl HealthChecks {
    /// Most servers: each has a task and a connection of its own.
    pub const MOST_TARGETS: usize = 1024;
}

/// How one of several servers that live is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// `round-robin`: in turn, by weight.
    #[default]
    RoundRobin,
    /// `random`: by weight.
    Random,
    /// `priority`: the first of the list.
    Priority,
    /// `least-recently-failed`: the one whose last failure is the longest ago; those that never failed
    /// take turns.
    LeastRecentlyFailed,
    /// `consistent-hash`: the same account gets the same server as long as it lives, by weight.
    ConsistentHash,
}

/// One of `backend_health_checks.targets`, with everything that the section says for all of them filled
/// in. Two that are equal are checked in the same way.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthTarget {
    /// `name`: unique. Default `PROTOCOL-HOST-PORT`.
    pub name: String,
    /// `protocol`
    pub protocol: ServerProtocol,
    /// `host`: an address, or a name that is looked up at each check.
    pub host: String,
    /// `port`
    pub port: u16,
    /// `weight`: 1 to 1,000. Default 1.
    pub weight: u32,
    /// `tls`: default `none`.
    pub tls: Encryption,
    /// `tls_server_name`: the name in the certificate, if it is not `host`.
    pub tls_server_name: Option<String>,
    /// `tls_skip_verify`: default false.
    pub tls_skip_verify: bool,
    /// `ca_file`: certificate authorities instead of the system's.
    pub authorities: Option<Authorities>,
    /// `proxy_protocol`: send a PROXY protocol v2 header first. Default false.
    pub proxy_protocol: bool,
    /// `deep_check` with `test_username`, `test_password` and `auth_mechanism`.
    pub deep: Option<DeepCheck>,
    /// `request_uri`: of HTTP. Default `/`.
    pub request_uri: String,
    /// `connect_interval`: default 10 s.
    pub connect_interval: Duration,
    /// `deep_interval`: default 10 s.
    pub deep_interval: Duration,
    /// `connect_timeout`: until the greeting, TLS included. Default 5 s.
    pub connect_timeout: Duration,
    /// `deep_timeout`: for the login. Default 5 s.
    pub deep_timeout: Duration,
    /// `failure_threshold`: checks that must fail in a row. Default 1.
    pub failure_threshold: u32,
    /// `recovery_threshold`: checks that must pass in a row. Default 1.
    pub recovery_threshold: u32,
}

impl HealthTarget {
    /// The host, if it is written as an address.
    pub fn fixed_address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// `ca_file`, read.
#[derive(Clone, PartialEq)]
pub struct Authorities {
    /// The file.
    pub file: PathBuf,
    /// What it holds. Never empty.
    pub certificates: Vec<CertificateDer<'static>>,
}

/// The name of the file says it all.
impl std::fmt::Debug for Authorities {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.file.fmt(formatter)
    }
}

/// A login that must succeed.
#[derive(Clone)]
pub struct DeepCheck {
    /// `test_username`
    pub username: String,
    /// `test_password`; empty for LMTP, which has none.
    pub password: Arc<Password>,
    /// `auth_mechanism`
    pub mechanism: AuthMechanism,
}

/// Without the password.
impl std::fmt::Debug for DeepCheck {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DeepCheck")
            .field("username", &self.username)
            .field("mechanism", &self.mechanism)
            .finish_non_exhaustive()
    }
}

impl PartialEq for DeepCheck {
    fn eq(&self, other: &Self) -> bool {
        self.username == other.username
            && self.mechanism == other.mechanism
            && self.password.expose() == other.password.expose()
    }
}

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServerProtocol {
    /// `smtp`, submission included.
    Smtp,
    /// `lmtp`
    Lmtp,
    /// `imap`
    Imap,
    /// `pop3`
    Pop3,
    /// `sieve`: ManageSieve.
    Sieve,
    /// `http`
    Http,
}

impl ServerProtocol {
    /// All, by the words of the configuration.
    pub const ALL: [(&'static str, Self); 6] = [
        ("smtp", Self::Smtp),
        ("lmtp", Self::Lmtp),
        ("imap", Self::Imap),
        ("pop3", Self::Pop3),
        ("sieve", Self::Sieve),
        ("http", Self::Http),
    ];

    /// The word of the configuration, which is also what front ends name in `Auth-Protocol`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Lmtp => "lmtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Sieve => "sieve",
            Self::Http => "http",
        }
    }

    /// The ways of logging in that it has; the first are tried first.
    pub fn mechanisms(self) -> &'static [AuthMechanism] {
        use AuthMechanism::{Basic, Login, Plain, UserPass};
        match self {
            Self::Imap | Self::Pop3 => &[Plain, Login, UserPass],
            Self::Smtp | Self::Lmtp | Self::Sieve => &[Plain, Login],
            Self::Http => &[Basic],
        }
    }
}

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// `none`
    #[default]
    None,
    /// `implicit`: TLS from the first byte.
    Implicit,
    /// `starttls`: STARTTLS, or POP3's STLS.
    StartTls,
}

/// How a check logs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthMechanism {
    /// `auto`: what the server offers.
    #[default]
    Auto,
    /// `PLAIN`: SASL (RFC 4616).
    Plain,
    /// `LOGIN`: SASL.
    Login,
    /// `USERPASS`: POP3's USER and PASS, IMAP's LOGIN command.
    UserPass,
    /// `BASIC`: of HTTP (RFC 7617).
    Basic,
}

impl AuthMechanism {
    /// All, by the words of the configuration.
    pub const ALL: [(&'static str, Self); 5] = [
        ("auto", Self::Auto),
        ("PLAIN", Self::Plain),
        ("LOGIN", Self::Login),
        ("USERPASS", Self::UserPass),
        ("BASIC", Self::Basic),
    ];

    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::UserPass => "USERPASS",
            Self::Basic => "BASIC",
        }
    }
}
