//! The section `ldap`.

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use zeroize::Zeroizing;

use super::ldap_uri::ServerUri;

/// `ldap`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ldap {
    /// `pools`, by name.
    pub pools: BTreeMap<String, LdapPool>,
}

/// `ldap.pools.NAME`: one directory, on one or several servers with the same content.
#[derive(Clone, Debug, PartialEq)]
pub struct LdapPool {
    /// `uris`: at least one.
    pub uris: Vec<ServerUri>,
    /// `spread`: each request begins with another server instead of with the first. Default false.
    pub spread: bool,
    /// `start_tls`: for servers without `ldaps`. Default false.
    pub start_tls: bool,
    /// `ca_file`: certificate authorities in PEM, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// `certificate` and `key`: shown to servers that ask, in PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// As whom searches and changes are made.
    pub bind: LdapBind,
    /// `search_connections`: to each server. Default 10.
    pub search_connections: u32,
    /// `bind_connections`: to each server, for the passwords of users alone. Default 10.
    pub bind_connections: u32,
    /// `idle_timeout`: an idle connection is closed after that. Default 5 min.
    pub idle_timeout: Duration,
    /// `connect_timeout`: TLS and the pool's own bind included. Default 2 s.
    pub connect_timeout: Duration,
    /// `search_timeout`: of a whole search. Default 3 s.
    pub search_timeout: Duration,
    /// `bind_timeout`: of a user's bind. Default 3 s.
    pub bind_timeout: Duration,
    /// `modify_timeout`: default 5 s.
    pub modify_timeout: Duration,
    /// `retries`: further rounds over all servers after one in which none answered. Default 2.
    pub retries: u32,
    /// `retry_delay`: before the first of them; doubles. Default 200 ms.
    pub retry_delay: Duration,
    /// `retry_delay_limit`: default 2 s.
    pub retry_delay_limit: Duration,
    /// `breaker_failures`: in a row, after which a server is left alone. Default 5.
    pub breaker_failures: u32,
    /// `breaker_cool_down`: for how long. Default 30 s.
    pub breaker_cool_down: Duration,
    /// `probe_interval`: how often each server is tried out. Default 10 s.
    pub probe_interval: Duration,
    /// `probe_timeout`: default 1500 ms.
    pub probe_timeout: Duration,
    /// `referrals`: whether a search fails when the directory says that more may be found elsewhere.
    /// Default true.
    pub referrals_fail: bool,
    /// `max_entries`: of one search. Default 100,000.
    pub max_entries: u32,
    /// `response_bytes`: of one search. Default 16 MiB.
    pub response_bytes: u64,
}

/// As whom a pool binds.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LdapBind {
    /// Anonymously.
    #[default]
    Nobody,
    /// `bind_dn`, `bind_password`
    Simple(String, LdapPassword),
    /// `external: true`: as the certificate or the socket says.
    External,
}

/// The pool's own password. It does not print itself, and is wiped.
#[derive(Clone, PartialEq)]
pub struct LdapPassword(Zeroizing<Vec<u8>>);

impl LdapPassword {
    /// Takes the bytes over.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The bytes, for the bind.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for LdapPassword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LdapPassword(***)")
    }
}

impl Default for LdapPool {
    fn default() -> Self {
        Self {
            uris: Vec::new(),
            spread: false,
            start_tls: false,
            ca_file: None,
            identity: None,
            bind: LdapBind::Nobody,
            search_connections: 10,
            bind_connections: 10,
            idle_timeout: Duration::from_secs(300),
            connect_timeout: Duration::from_secs(2),
            search_timeout: Duration::from_secs(3),
            bind_timeout: Duration::from_secs(3),
            modify_timeout: Duration::from_secs(5),
            retries: 2,
            retry_delay: Duration::from_millis(200),
            retry_delay_limit: Duration::from_secs(2),
            breaker_failures: 5,
            breaker_cool_down: Duration::from_secs(30),
            probe_interval: Duration::from_secs(10),
            probe_timeout: Duration::from_millis(1500),
            referrals_fail: true,
            max_entries: 100_000,
            response_bytes: 16 << 20,
        }
    }
}

/// `plugins.NAME.grants.ldap`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LdapGrant {
    /// `pools`: names in `ldap.pools`.
    pub pools: std::collections::BTreeSet<String>,
    /// `modify`: change entries as well. Default false.
    pub modify: bool,
}
