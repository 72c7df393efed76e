//! What an import means: free for all, needing a grant, for scripts only, or unknown.
//!
//! Grants are deny by default. The decision is made from the names that a component really imports,
//! before anything of it runs. Knows no wasmtime types, only names.

use crate::config::Grants;

/// The package that all of our interfaces live in.
const PACKAGE: &str = "bulkhead:policy/";

/// What has to be true before a component that has this import may load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Free,
    /// Nothing, but it exists in the stages of a login only.
    Login,
    /// The grant of that name.
    Grant(Grant),
    /// Only the Lua runtime may have it.
    Script,
    /// Standard WASI 0.2: linked with nothing behind it.
    Wasi,
    /// `wasi:http`.
    WasiHttp,
    /// Nobody provides it.
    Unknown,
}

/// A grant that an import stands under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    /// `store: true`
    Store,
    /// `http: { hosts: [ … ] }`
    Http,
    /// `ldap: { pools: [ … ] }`
    Ldap,
    /// `password: true`
    Password,
    /// `metrics: true`
    Metrics,
    /// `secret: [ … ]`
    Secret,
    /// `dns: true`, or zones
    Dns,
    /// `geoip: [ … ]`
    Geoip,
    /// `sql: { databases: [ … ] }`
    Sql,
}

impl Grant {
    /// The key under `grants`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Http => "http",
            Self::Ldap => "ldap",
            Self::Password => "password",
            Self::Metrics => "metrics",
            Self::Secret => "secret",
            Self::Dns => "dns",
            Self::Geoip => "geoip",
            Self::Sql => "sql",
        }
    }

    /// What to write under `plugins.NAME.grants`, in YAML.
    pub fn example(self) -> &'static str {
        match self {
            Self::Store => "store: true",
            Self::Http => "http: { hosts: [ \"host.example\" ] }",
            Self::Ldap => "ldap: { pools: [ NAME ] }",
            Self::Password => "password: true",
            Self::Metrics => "metrics: true",
            Self::Secret => "secret: [ NAME ]",
            Self::Dns => "dns: true",
            Self::Geoip => "geoip: [ NAME ]",
            Self::Sql => "sql: { databases: [ NAME ] }",
        }
    }

    /// Whether the configuration gives it.
    pub fn given(self, grants: &Grants) -> bool {
        match self {
            Self::Store => grants.store,
            Self::Http => grants.http.is_some(),
            Self::Ldap => grants.ldap.is_some(),
            Self::Password => grants.password,
            Self::Metrics => grants.metrics,
            Self::Secret => !grants.secret.is_empty(),
            Self::Dns => grants.dns.is_some(),
            Self::Geoip => !grants.geoip.is_empty(),
            Self::Sql => grants.sql.is_some(),
        }
    }
}

/// Judges the name of an import, such as `bulkhead:policy/http@0.1.0`.
pub fn need(import: &str) -> Need {
    let name = import.split('@').next().unwrap_or(import);
    if let Some(interface) = name.strip_prefix(PACKAGE) {
        return match interface {
            "types" | "log" | "clock" | "random" => Need::Free,
            "context" | "incoming" => Need::Login,
            "store" => Need::Grant(Grant::Store),
            "http" => Need::Grant(Grant::Http),
            "ldap" => Need::Grant(Grant::Ldap),
            "password" => Need::Grant(Grant::Password),
            "metrics" => Need::Grant(Grant::Metrics),
            "secret" => Need::Grant(Grant::Secret),
            "dns" => Need::Grant(Grant::Dns),
            "geoip" => Need::Grant(Grant::Geoip),
            "sql" => Need::Grant(Grant::Sql),
            "sources" | "files" | "environment" | "output" => Need::Script,
            // An interface of a plugin kind appears among the imports when only its types are used.
            "feature" | "backend" | "filter" | "action" | "hook" | "init" | "cache-flush"
            | "lifecycle" | "script" => Need::Free,
            _ => Need::Unknown,
        };
    }
    if name.starts_with("wasi:http/") {
        return Need::WasiHttp;
    }
    let wasi = ["cli", "io", "clocks", "random", "filesystem", "sockets"];
    let package = name
        .strip_prefix("wasi:")
        .and_then(|rest| rest.split('/').next());
    match package {
        Some(package) if wasi.contains(&package) => Need::Wasi,
        _ => Need::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_import_has_its_need() {
        let table = [
            ("bulkhead:policy/log@0.1.0", Need::Free),
            ("bulkhead:policy/context@0.1.0", Need::Login),
            ("bulkhead:policy/http@0.1.0", Need::Grant(Grant::Http)),
            ("bulkhead:policy/ldap@0.1.0", Need::Grant(Grant::Ldap)),
            (
                "bulkhead:policy/password@0.1.9",
                Need::Grant(Grant::Password),
            ),
            ("bulkhead:policy/dns@0.1.0", Need::Grant(Grant::Dns)),
            ("bulkhead:policy/geoip@0.1.0", Need::Grant(Grant::Geoip)),
            ("bulkhead:policy/sql@0.1.0", Need::Grant(Grant::Sql)),
            ("bulkhead:policy/sources@0.1.0", Need::Script),
            ("bulkhead:policy/shell@0.1.0", Need::Unknown),
            ("bulkhead:policyx/log@0.1.0", Need::Unknown),
            ("wasi:cli/environment@0.2.3", Need::Wasi),
            ("wasi:http/outgoing-handler@0.2.3", Need::WasiHttp),
            ("wasi:nn/tensor@0.2.0", Need::Unknown),
            ("env", Need::Unknown),
        ];
        for (import, expected) in table {
            assert_eq!(need(import), expected, "{import}");
        }
    }

    #[test]
    fn nothing_is_granted_by_default() {
        let grants = Grants::default();
        for grant in [
            Grant::Store,
            Grant::Http,
            Grant::Ldap,
            Grant::Password,
            Grant::Metrics,
            Grant::Secret,
            Grant::Dns,
            Grant::Geoip,
            Grant::Sql,
        ] {
            assert!(!grant.given(&grants), "{}", grant.key());
        }
    }
}
