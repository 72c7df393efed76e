//! The section `server`.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use http::HeaderName;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::auth::Password;

/// `server`
#[derive(Clone)]
pub struct Server {
    /// `listen`: default `127.0.0.1:9080`. Never empty.
    pub listeners: Vec<Listener>,
    /// `basic_auth`: credentials of the API's callers. Without them the server listens on loopback
    /// addresses only, unless `auth: none` is written out.
    pub basic_auth: Option<BasicAuth>,
    /// `auth: none` was written out.
    pub open: bool,
    /// `metrics_auth`: credentials for `/metrics`. Default none.
    pub metrics_auth: Option<BasicAuth>,
    /// `basic_networks`: who may ask `/api/v1/auth/basic`, whose `Authorization` header is the end
    /// user's. Default loopback.
    pub basic_networks: Vec<IpNet>,
    /// `request_timeout`: the one deadline of a request. Default 10 s.
    pub request_timeout: Duration,
    /// `wait_delay`: upper bound of `Auth-Wait`, in seconds. Default 10.
    pub wait_delay_seconds: u32,
    /// `max_login_attempts`: default 15.
    pub max_login_attempts: u32,
    /// `trusted_proxies`: whose forwarding headers and PROXY protocol headers are believed. Default
    /// loopback.
    pub trusted_proxies: Vec<IpNet>,
    /// `headers`: names of the request headers that carry a login on the header and nginx routes.
    pub headers: HeaderNames,
    /// `disabled_endpoints`: answered as if they did not exist.
    pub disabled_endpoints: BTreeSet<EndpointName>,
    /// `upstreams`: where the nginx route sends an accepted login, by protocol. Default `smtp`
    /// 127.0.0.1:5871, `imap` 127.0.0.1:9931, `pop3` 127.0.0.1:9951; protocols that are absent get no
    /// server.
    pub upstreams: BTreeMap<String, SocketAddr>,
    /// `password_attribute`: the attribute in which backends supply the password in plain text, for
    /// APOP and CRAM-MD5. Never sent to clients as an attribute. Default none.
    pub password_attribute: Option<String>,
    /// `rate_limit`: requests per client address. Default none.
    pub rate_limit: Option<RateLimit>,
    /// `lockout`: of addresses that guess the API's credentials. `None` when `failures` is 0.
    pub lockout: Option<Lockout>,
    /// `compression`
    pub compression: Compression,
}

impl Default for Server {
    fn default() -> Self {
        let loopback = || {
            vec![
                IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)),
                IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128)),
            ]
        };
        let upstream = |protocol: &str, port| {
            (
                protocol.to_owned(),
                SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            )
        };
        Self {
            listeners: vec![Listener::plain(SocketAddr::from((
                Ipv4Addr::LOCALHOST,
                9080,
            )))],
            basic_auth: None,
            open: false,
            metrics_auth: None,
            basic_networks: loopback(),
            request_timeout: Duration::from_secs(10),
            wait_delay_seconds: 10,
            max_login_attempts: 15,
            trusted_proxies: loopback(),
            headers: HeaderNames::default(),
            disabled_endpoints: BTreeSet::new(),
            upstreams: BTreeMap::from([
                upstream("smtp", 5871),
                upstream("imap", 9931),
                upstream("pop3", 9951),
            ]),
            password_attribute: None,
            rate_limit: None,
            lockout: Some(Lockout::default()),
            compression: Compression::default(),
        }
    }
}

/// One item of `server.listen`.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// `address`, `unix` or `systemd`
    pub at: ListenAt,
    /// `tls`
    pub tls: Option<TlsFiles>,
    /// `proxy_protocol`: connections of trusted proxies begin with a PROXY protocol v2 header; other
    /// connections are refused. Default false.
    pub proxy_protocol: bool,
}

impl Listener {
    /// Plain HTTP at an address.
    pub fn plain(address: SocketAddr) -> Self {
        Self {
            at: ListenAt::Address(address),
            tls: None,
            proxy_protocol: false,
        }
    }
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq)]
pub enum ListenAt {
    /// `address`: IP address and port.
    Address(SocketAddr),
    /// `unix`: a socket in the file system.
    Unix {
        /// The path.
        path: PathBuf,
        /// `mode`: its permissions, octal. Default 0660.
        mode: u32,
    },
    /// `systemd`: a socket that systemd opened, by its `FileDescriptorName`.
    Systemd(String),
}

/// `tls` of a listener.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsFiles {
    /// `certificate`: the chain in PEM, own certificate first.
    pub certificate: PathBuf,
    /// `key`: in PEM.
    pub key: PathBuf,
    /// `client_ca`: clients must show a certificate of one of these authorities (PEM).
    pub client_ca: Option<PathBuf>,
    /// `minimum_version`: default 1.2.
    pub minimum_version: TlsVersion,
}

/// Versions of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersion {
    /// `1.2`
    #[default]
    Tls12,
    /// `1.3`
    Tls13,
}

/// `server.basic_auth`
#[derive(Clone)]
pub struct BasicAuth {
    /// `username`
    pub username: String,
    /// `password`
    pub password: Arc<Password>,
}

/// `server.rate_limit`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// `per_second`: requests of one client address.
    pub per_second: u32,
    /// `burst`: most at once. Default twice `per_second`.
    pub burst: u32,
}

/// `server.lockout`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// `failures`: wrong credentials from one address that lock it out. Default 5; 0 turns it off.
    pub failures: u32,
    /// `window`: the time in which they count. Default 1 min.
    pub window: Duration,
    /// `duration`: of the lock-out. Default 2 min.
    pub duration: Duration,
}

impl Default for Lockout {
    fn default() -> Self {
        Self {
            failures: 5,
            window: Duration::from_secs(60),
            duration: Duration::from_secs(120),
        }
    }
}

/// `server.compression`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compression {
    /// `requests`: compressed bodies are read (gzip, br, zstd). Default true.
    pub requests: bool,
    /// `responses`: bodies are compressed for clients that accept it. Default false.
    pub responses: bool,
    /// `minimum_bytes`: smaller bodies go out as they are. Default 1 KiB.
    pub minimum_bytes: u64,
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            requests: true,
            responses: false,
            minimum_bytes: 1 << 10,
        }
    }
}

/// Endpoints that can be switched off, by their names in `server.disabled_endpoints`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndpointName {
    /// `auth_json`
    AuthJson,
    /// `auth_cbor`
    AuthCbor,
    /// `auth_header`
    AuthHeader,
    /// `auth_nginx`
    AuthNginx,
    /// `auth_basic`
    AuthBasic,
    /// `auth_saslauthd`
    AuthSaslauthd,
    /// `custom_hooks`
    CustomHooks,
    /// `admin`: everything below `/api/v1/admin/`.
    Admin,
    /// `metrics`
    Metrics,
    /// `openapi`
    OpenApi,
}

impl EndpointName {
    /// All, with their names.
    pub const ALL: [(&'static str, Self); 10] = [
        ("auth_json", Self::AuthJson),
        ("auth_cbor", Self::AuthCbor),
        ("auth_header", Self::AuthHeader),
        ("auth_nginx", Self::AuthNginx),
        ("auth_basic", Self::AuthBasic),
        ("auth_saslauthd", Self::AuthSaslauthd),
        ("custom_hooks", Self::CustomHooks),
        ("admin", Self::Admin),
        ("metrics", Self::Metrics),
        ("openapi", Self::OpenApi),
    ];
}

/// `server.headers`: the name of the request header for each fact, by the keys of [`DEFAULT_HEADERS`].
#[derive(Clone, Debug, PartialEq)]
pub struct HeaderNames(pub BTreeMap<&'static str, HeaderName>);

impl HeaderNames {
    /// The header that carries the fact, if one does.
    pub fn get(&self, key: &str) -> Option<&HeaderName> {
        self.0.get(key)
    }
}

impl Default for HeaderNames {
    fn default() -> Self {
        Self(
            DEFAULT_HEADERS
                .iter()
                .filter(|(_, header)| !header.is_empty())
                .map(|(key, header)| (*key, HeaderName::from_static(header)))
                .collect(),
        )
    }
}

/// The keys of `server.headers` and their default headers (Nauthilus' own); empty means none.
pub const DEFAULT_HEADERS: [(&str, &str); 30] = [
    ("username", "auth-user"),
    ("password", "auth-pass"),
    ("password_encoded", "x-auth-password-encoded"),
    ("protocol", "auth-protocol"),
    ("auth_method", "auth-method"),
    ("login_attempt", "auth-login-attempt"),
    ("client_ip", "client-ip"),
    ("client_port", "x-client-port"),
    ("client_id", "x-client-id"),
    ("client_host", ""),
    ("external_session_id", "x-external-session-id"),
    ("local_ip", "x-local-ip"),
    ("local_port", "x-auth-port"),
    ("oidc_cid", "x-oidc-cid"),
    ("ssl", "x-ssl"),
    ("ssl_session_id", "x-ssl-session-id"),
    ("ssl_verify", "x-ssl-client-verify"),
    ("ssl_subject", "x-ssl-client-dn"),
    ("ssl_client_cn", "x-ssl-client-cn"),
    ("ssl_issuer", "x-ssl-issuer"),
    ("ssl_client_not_before", "x-ssl-client-notbefore"),
    ("ssl_client_not_after", "x-ssl-client-notafter"),
    ("ssl_subject_dn", "x-ssl-subject-dn"),
    ("ssl_issuer_dn", "x-ssl-issuer-dn"),
    ("ssl_client_subject_dn", "x-ssl-client-subject-dn"),
    ("ssl_client_issuer_dn", "x-ssl-client-issuer-dn"),
    ("ssl_cipher", "x-ssl-cipher"),
    ("ssl_protocol", "x-ssl-protocol"),
    ("ssl_serial", "auth-ssl-serial"),
    ("ssl_fingerprint", "auth-ssl-fingerprint"),
];
