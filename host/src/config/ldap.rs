//! The section `ldap`, and the grant that names its pools.

use std::collections::BTreeSet;

use super::{
    keys::{self, list, nearest},
    reader::Reader,
    schema::{Ldap, LdapBind, LdapGrant, LdapPassword, LdapPool, ServerUri},
    secrets::secret_value,
    section::Section,
    yaml::{Content, Entry},
};

pub(super) fn ldap(reader: &mut Reader, top: &Section<'_>) -> Ldap {
    let section = top.section(reader, "ldap", &keys::LDAP);
    let mut ldap = Ldap::default();
    let Some(node) = section.value("pools") else {
        return ldap;
    };
    let Content::Mapping(entries) = &node.content else {
        if !node.is_null() {
            let help = "write one key per pool: `main: {uris: [\"ldaps://ldap.example.org\"]}`";
            reader.wrong_type(node, "ldap.pools", "a section with one key per pool", help);
        }
        return ldap;
    };
    for entry in entries {
        let pool = pool(reader, entry);
        ldap.pools.insert(entry.key.clone(), pool);
    }
    ldap
}

fn pool(reader: &mut Reader, entry: &Entry) -> LdapPool {
    let path = format!("ldap.pools.{}", entry.key);
    let keys = &keys::LDAP_POOL;
    let section = Section::open(reader, &entry.value, &entry.key_span, &path, keys);
    let default = LdapPool::default();
    let pool = LdapPool {
        uris: uris(reader, &section),
        spread: section.boolean(reader, "spread", default.spread),
        start_tls: section.boolean(reader, "start_tls", default.start_tls),
        ca_file: section
            .value("ca_file")
            .and_then(|node| reader.existing_file(node, &section.path_of("ca_file"))),
        identity: identity(reader, &section),
        bind: bind(reader, &section),
        search_connections: section.integer(
            reader,
            "search_connections",
            default.search_connections,
        ),
        bind_connections: section.integer(reader, "bind_connections", default.bind_connections),
        idle_timeout: section.duration(reader, "idle_timeout", default.idle_timeout),
        connect_timeout: section.duration(reader, "connect_timeout", default.connect_timeout),
        search_timeout: section.duration(reader, "search_timeout", default.search_timeout),
        bind_timeout: section.duration(reader, "bind_timeout", default.bind_timeout),
        modify_timeout: section.duration(reader, "modify_timeout", default.modify_timeout),
        retries: section.integer(reader, "retries", default.retries),
        retry_delay: section.duration(reader, "retry_delay", default.retry_delay),
        retry_delay_limit: section.duration(reader, "retry_delay_limit", default.retry_delay_limit),
        breaker_failures: section.integer(reader, "breaker_failures", default.breaker_failures),
        breaker_cool_down: section.duration(reader, "breaker_cool_down", default.breaker_cool_down),
        probe_interval: section.duration(reader, "probe_interval", default.probe_interval),
        probe_timeout: section.duration(reader, "probe_timeout", default.probe_timeout),
        referrals_fail: section.choice(
            reader,
            "referrals",
            &[("fail", true), ("ignore", false)],
            default.referrals_fail,
        ),
        max_entries: section.integer(reader, "max_entries", default.max_entries),
        response_bytes: section.size(reader, "response_bytes", default.response_bytes),
    };
    warn_if_cleartext(reader, &section, &pool);
    pool
}

fn uris(reader: &mut Reader, section: &Section<'_>) -> Vec<ServerUri> {
    let path = section.path_of("uris");
    let Some(node) = section.value("uris") else {
        if !section.malformed {
            section.missing(
                reader,
                "uris",
                "write `uris: [\"ldaps://ldap.example.org\"]`",
            );
        }
        return Vec::new();
    };
    let mut uris = Vec::new();
    let texts = reader.texts(node, &path);
    if texts.is_empty() {
        let help = "write `uris: [\"ldaps://ldap.example.org\"]`";
        reader.error(&node.span, format!("`{path}` names no server"), "", help);
    }
    for (text, span) in texts {
        match ServerUri::parse(text) {
            Ok(uri) => uris.push(uri),
            Err(why) => {
                let message = format!("`{text}` is not the URI of an LDAP server");
                let help = "write `ldap://host:port`, `ldaps://host:port` or `ldapi:///socket`";
                reader.error(span, message, &why, help);
            }
        }
    }
    uris
}

fn identity(
    reader: &mut Reader,
    section: &Section<'_>,
) -> Option<(std::path::PathBuf, std::path::PathBuf)> {
    let file = |reader: &mut Reader, key: &str| {
        let node = section.value(key)?;
        reader.existing_file(node, &section.path_of(key))
    };
    for (one, other) in [("certificate", "key"), ("key", "certificate")] {
        if section.entry(one).is_some() && section.entry(other).is_none() {
            section.missing(reader, other, "a certificate and its key belong together");
        }
    }
    let certificate = file(reader, "certificate")?;
    Some((certificate, file(reader, "key")?))
}

fn bind(reader: &mut Reader, section: &Section<'_>) -> LdapBind {
    let external = section.boolean(reader, "external", false);
    if external {
        if let Some(entry) = section.entry("bind_dn") {
            let message = format!(
                "`{}` contradicts `external: true`",
                section.path_of("bind_dn")
            );
            reader.error(&entry.key_span, message, "", "keep one of the two");
        }
        return LdapBind::External;
    }
    let missing = |reader: &mut Reader, key: &str| {
        let help = "without a password a bind is anonymous: write both, or neither";
        section.missing(reader, key, help);
    };
    match (section.entry("bind_dn"), section.entry("bind_password")) {
        (None, None) => LdapBind::Nobody,
        (Some(_), None) => {
            missing(reader, "bind_password");
            LdapBind::Nobody
        }
        (None, Some(_)) => {
            missing(reader, "bind_dn");
            LdapBind::Nobody
        }
        (Some(_), Some(entry)) => {
            let path = section.path_of("bind_password");
            let password = secret_value(reader, &entry.value, &entry.key_span, &path);
            match (section.text(reader, "bind_dn"), password) {
                (Some(dn), Some(password)) => {
                    LdapBind::Simple(dn.to_owned(), LdapPassword::new(password))
                }
                _ => LdapBind::Nobody,
            }
        }
    }
}

/// Passwords of users travel over these connections.
fn warn_if_cleartext(reader: &mut Reader, section: &Section<'_>, pool: &LdapPool) {
    if pool.start_tls {
        return;
    }
    let open = pool
        .uris
        .iter()
        .find(|uri| !uri.encrypted && !uri.is_local());
    if let (Some(uri), Some(node)) = (open, section.value("uris")) {
        let message = format!("passwords go to {} unencrypted", uri.text);
        let help = "write `ldaps://`, or `start_tls: true`";
        reader.warning(&node.span, message, "", help);
    }
}

/// `plugins.NAME.grants.ldap`; `known` are the pools that there are.
pub(super) fn grant(
    reader: &mut Reader,
    grants: &Section<'_>,
    known: &BTreeSet<&str>,
) -> Option<LdapGrant> {
    grants.entry("ldap")?;
    let section = grants.section(reader, "ldap", &keys::LDAP_GRANT);
    let path = section.path_of("pools");
    let mut grant = LdapGrant {
        modify: section.boolean(reader, "modify", false),
        ..LdapGrant::default()
    };
    let Some(node) = section.value("pools") else {
        section.missing(reader, "pools", "write `pools: [main]`");
        return Some(grant);
    };
    for (name, span) in reader.texts(node, &path) {
        if known.contains(name) {
            grant.pools.insert(name.to_owned());
            continue;
        }
        let label = nearest(name, known.iter().copied())
            .map(|near| format!("did you mean `{near}`?"))
            .unwrap_or_default();
        let help = match known.is_empty() {
            true => {
                format!("add `ldap: {{pools: {{{name}: {{uris: […]}}}}}}` at the top of the file")
            }
            false => format!("there are {}", list(known.iter().copied())),
        };
        let message = format!("`{path}` names the LDAP pool `{name}`, which does not exist");
        reader.error(span, message, &label, &help);
    }
    Some(grant)
}
