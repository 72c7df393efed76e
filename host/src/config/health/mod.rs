//! The section `backend_health_checks`: the servers behind the proxies, and how they are checked.

mod login;
mod transport;

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use super::{
    keys,
    reader::Reader,
    schema::{Encryption, HealthChecks, HealthTarget, Selection, ServerProtocol},
    section::Section,
    source::Span,
    yaml::Node,
};

/// Longest user name, password, name and URI: a check sends them in one line. Bytes.
const LONGEST: usize = 255;

pub(super) fn health_checks(reader: &mut Reader, top: &Section<'_>) -> HealthChecks {
    let section = top.section(reader, "backend_health_checks", &keys::HEALTH_CHECKS);
    let selections = [
        ("round-robin", Selection::RoundRobin),
        ("random", Selection::Random),
        ("priority", Selection::Priority),
        ("least-recently-failed", Selection::LeastRecentlyFailed),
        ("consistent-hash", Selection::ConsistentHash),
    ];
    let selection = section.choice(reader, "selection", &selections, Selection::RoundRobin);
    let pace = Pace::read(reader, &section, &Pace::default());
    let mut targets = Vec::new();
    if let Some(node) = section.value("targets") {
        let path = section.path_of("targets");
        let items = reader.items(node, &path);
        if items.len() > HealthChecks::MOST_TARGETS {
            let message = format!("`{path}` has {} servers", items.len());
            let help = format!("name at most {}", HealthChecks::MOST_TARGETS);
            reader.error(&node.span, message, "", &help);
        } else {
            let mut names = BTreeMap::new();
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                targets.extend(target(reader, item, &path, &pace, &mut names));
            }
        }
    }
    HealthChecks { selection, targets }
}

/// How often, how long, and how many.
struct Pace {
    connect_interval: Duration,
    deep_interval: Duration,
    connect_timeout: Duration,
    deep_timeout: Duration,
    failure_threshold: u32,
    recovery_threshold: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            connect_interval: Duration::from_secs(10),
            deep_interval: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            deep_timeout: Duration::from_secs(5),
            failure_threshold: 1,
            recovery_threshold: 1,
        }
    }
}

impl Pace {
    fn read(reader: &mut Reader, section: &Section<'_>, default: &Self) -> Self {
        let mut time = |key, default| section.duration(reader, key, default);
        let connect_interval = time("connect_interval", default.connect_interval);
        let deep_interval = time("deep_interval", default.deep_interval);
        let connect_timeout = time("connect_timeout", default.connect_timeout);
        let deep_timeout = time("deep_timeout", default.deep_timeout);
        Self {
            connect_interval,
            deep_interval,
            connect_timeout,
            deep_timeout,
            failure_threshold: section.integer(
                reader,
                "failure_threshold",
                default.failure_threshold,
            ),
            recovery_threshold: section.integer(
                reader,
                "recovery_threshold",
                default.recovery_threshold,
            ),
        }
    }
}

fn target(
    reader: &mut Reader,
    node: &Node,
    path: &str,
    pace: &Pace,
    names: &mut BTreeMap<String, Span>,
) -> Option<HealthTarget> {
    let section = Section::open(reader, node, &node.span, path, &keys::HEALTH_TARGET);
    for (key, help) in [
        ("protocol", "write `protocol: imap`"),
        ("host", "write `host: 10.0.0.5`"),
        ("port", "write `port: 143`"),
    ] {
        if section.value(key).is_none() && !section.malformed {
            section.missing(reader, key, help);
        }
    }
    let protocol = section
        .value("protocol")
        .and_then(|node| reader.choice(node, &section.path_of("protocol"), &ServerProtocol::ALL));
    let host = host(reader, &section);
    let port = section
        .whole(reader, "port")
        .and_then(|port| u16::try_from(port).ok());
    let pace = Pace::read(reader, &section, pace);
    let tls = transport::encryption(reader, &section, protocol);
    let tls_skip_verify = section.boolean(reader, "tls_skip_verify", false);
    let authorities = transport::authorities(reader, &section);
    let tls_server_name = transport::server_name(reader, &section);
    transport::warn_of_unused_tls(reader, &section, tls, tls_skip_verify);
    let weight = section.integer(reader, "weight", 1);
    let proxy_protocol = section.boolean(reader, "proxy_protocol", false);
    let request_uri = transport::request_uri(reader, &section, protocol);
    let deep = login::deep_check(reader, &section, protocol);
    let (protocol, host, port) = (protocol?, host?, port?);
    if deep.is_some() && tls == Encryption::None {
        login::warn_of_plain_password(reader, &section, &host);
    }
    let name =
        name(reader, &section)?.unwrap_or_else(|| format!("{}-{host}-{port}", protocol.as_str()));
    let span = section
        .value("name")
        .map_or(&node.span, |name| &name.span)
        .clone();
    if let Some(first) = names.get(&name) {
        let message = format!("two servers have the name `{name}`");
        let help = "give one of them another `name`";
        reader.error(&span, message, "this one", help);
        let first = first.clone();
        reader.and_there(&first, "and this one");
        return None;
    }
    names.insert(name.clone(), span);
    Some(HealthTarget {
        name,
        protocol,
        host,
        port,
        weight,
        tls,
        tls_server_name,
        tls_skip_verify,
        authorities,
        proxy_protocol,
        deep,
        request_uri,
        connect_interval: pace.connect_interval,
        deep_interval: pace.deep_interval,
        connect_timeout: pace.connect_timeout,
        deep_timeout: pace.deep_timeout,
        failure_threshold: pace.failure_threshold,
        recovery_threshold: pace.recovery_threshold,
    })
}

/// The written name, if there is one and it can be one.
#[allow(clippy::option_option)]
fn name(reader: &mut Reader, section: &Section<'_>) -> Option<Option<String>> {
    let Some(node) = section.value("name") else {
        return Some(None);
    };
    let text = reader.text(node, &section.path_of("name"))?;
    let fits = text.len() <= LONGEST && text.chars().all(|symbol| symbol.is_ascii_graphic());
    if !fits {
        let message = format!(
            "`{}` cannot be the name of a server",
            section.path_of("name")
        );
        let help = "use at most 255 printable ASCII characters without blanks";
        reader.error(&node.span, message, "", help);
        return None;
    }
    Some(Some(text.to_owned()))
}

fn host(reader: &mut Reader, section: &Section<'_>) -> Option<String> {
    let node = section.value("host")?;
    let path = section.path_of("host");
    let text = reader.text(node, &path)?;
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical().to_string());
    }
    let is_name = text.len() <= 253
        && !text.starts_with(['-', '.'])
        && text
            .chars()
            .all(|symbol| symbol.is_ascii_alphanumeric() || "-._".contains(symbol));
    if !is_name {
        let message = format!("`{path}` is neither an IP address nor a name");
        let help = "write it like `10.0.0.5`, `\"2001:db8::5\"` or `imap1.example.org`; the port has a key of its own";
        reader.error(&node.span, message, "", help);
        return None;
    }
    Some(text.to_lowercase())
}

#[cfg(test)]
mod tests;
