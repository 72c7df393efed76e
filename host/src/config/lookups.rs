//! The sections `dns` and `geoip`, and the grants that stand for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
};

use super::{
    keys::{self, nearest},
    reader::Reader,
    schema::{DnsConfig, DnsGrant, GeoipDatabase},
    section::Section,
    yaml::Content,
};

/// Where name servers listen unless a port is written (RFC 1035 4.2).
const PORT: u16 = 53;

pub(super) fn dns(reader: &mut Reader, top: &Section<'_>) -> DnsConfig {
    let section = top.section(reader, "dns", &keys::DNS);
    let default = DnsConfig::default();
    let config = DnsConfig {
        servers: servers(reader, &section),
        timeout: section.duration(reader, "timeout", default.timeout),
        attempts: section.integer(reader, "attempts", default.attempts),
        cache_entries: section.integer(reader, "cache_entries", default.cache_entries),
        min_ttl: section.duration(reader, "min_ttl", default.min_ttl),
        max_ttl: section.duration(reader, "max_ttl", default.max_ttl),
        max_negative_ttl: section.duration(reader, "max_negative_ttl", default.max_negative_ttl),
        concurrency: section.integer(reader, "concurrency", default.concurrency),
        questions: section.integer(reader, "questions", default.questions),
        breaker_failures: section.integer(reader, "breaker_failures", default.breaker_failures),
        breaker_cool_down: section.duration(reader, "breaker_cool_down", default.breaker_cool_down),
    };
    for (key, value) in [
        ("max_ttl", config.max_ttl),
        ("max_negative_ttl", config.max_negative_ttl),
    ] {
        if value < config.min_ttl
            && let Some(node) = section.value("min_ttl")
        {
            let message = format!("`dns.min_ttl` is longer than `dns.{key}`");
            reader.error(&node.span, message, "", "lower it, or raise the other");
        }
    }
    config
}

fn servers(reader: &mut Reader, section: &Section<'_>) -> Vec<SocketAddr> {
    let path = section.path_of("servers");
    let Some(node) = section.value("servers") else {
        return Vec::new();
    };
    let mut servers = Vec::new();
    for (text, span) in reader.texts(node, &path) {
        let address = text
            .parse::<SocketAddr>()
            .or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, PORT)));
        match address {
            Ok(address) if address.port() != 0 => servers.push(address),
            _ => reader.error(
                span,
                format!("`{text}` is not the address of a name server"),
                "",
                "write `192.0.2.53`, `192.0.2.53:5353`, `\"2001:db8::53\"` or \
                 `\"[2001:db8::53]:5353\"`",
            ),
        }
    }
    servers
}

pub(super) fn geoip(reader: &mut Reader, top: &Section<'_>) -> BTreeMap<String, GeoipDatabase> {
    let mut databases = BTreeMap::new();
    let Some(node) = top.value("geoip") else {
        return databases;
    };
    let Content::Mapping(entries) = &node.content else {
        if !node.is_null() {
            let help = "name each database: `geoip: {city: {file: GeoLite2-City.mmdb}}`";
            reader.wrong_type(node, "geoip", "a section with one key per database", help);
        }
        return databases;
    };
    for entry in entries {
        let path = format!("geoip.{}", entry.key);
        let section = Section::open(
            reader,
            &entry.value,
            &entry.key_span,
            &path,
            &keys::GEOIP_DATABASE,
        );
        let max_bytes = section.size(reader, "max_bytes", 512 << 20);
        let Some(file) = section.value("file") else {
            section.missing(
                reader,
                "file",
                "write `file: /var/lib/GeoIP/GeoLite2-City.mmdb`",
            );
            continue;
        };
        if let Some(file) = reader.existing_file(file, &section.path_of("file")) {
            databases.insert(entry.key.clone(), GeoipDatabase { file, max_bytes });
        }
    }
    databases
}

/// `grants.dns`: `true`, or zones.
pub(super) fn dns_grant(reader: &mut Reader, grants: &Section<'_>) -> Option<DnsGrant> {
    let node = grants.value("dns")?;
    let path = grants.path_of("dns");
    if let serde_json::Value::Bool(all) = node.to_json() {
        return all.then_some(DnsGrant::All);
    }
    if !matches!(node.content, Content::Sequence(_)) {
        let help = "write `dns: true`, or zones: `dns: [zen.example.org]`";
        reader.wrong_type(node, &path, "`true` or a list of zones", help);
        return None;
    }
    let mut zones = Vec::new();
    for (text, span) in reader.texts(node, &path) {
        let zone = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let fits = |symbol: char| symbol.is_ascii_alphanumeric() || "-_".contains(symbol);
        let label = |label: &str| !label.is_empty() && label.chars().all(fits);
        if zone.len() <= 253 && zone.split('.').all(label) {
            zones.push(zone);
        } else {
            let help = "write the name of a zone, such as `zen.example.org`; all names below it are \
                        granted";
            reader.error(span, format!("`{text}` is not a zone"), "", help);
        }
    }
    (!zones.is_empty()).then_some(DnsGrant::Zones(zones))
}

/// `grants.geoip`: names of databases.
pub(super) fn geoip_grant(
    reader: &mut Reader,
    grants: &Section<'_>,
    databases: &BTreeSet<&str>,
) -> BTreeSet<String> {
    let path = grants.path_of("geoip");
    let Some(node) = grants.value("geoip") else {
        return BTreeSet::new();
    };
    let mut granted = BTreeSet::new();
    for (name, span) in reader.texts(node, &path) {
        if databases.contains(name) {
            granted.insert(name.to_owned());
        } else {
            let label = nearest(name, databases.iter().copied())
                .map(|near| format!("did you mean `{near}`?"));
            reader.error(
                span,
                format!("`{path}` names the database `{name}`, which does not exist"),
                &label.unwrap_or_default(),
                &format!("add `geoip: {{{name}: {{file: NAME.mmdb}}}}` at the top of the file"),
            );
        }
    }
    granted
}
