//! The section `backend_health_checks`: the servers behind the proxies, and how they are checked.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc, time::Duration};

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};

use super::{
    keys,
    reader::Reader,
    schema::{
        AuthMechanism, Authorities, DeepCheck, Encryption, HealthChecks, HealthTarget, Selection,
        ServerProtocol,
    },
    secrets::secret_value,
    section::Section,
    source::Span,
    yaml::Node,
};
use crate::auth::Password;

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
    let protocol = section.value("protocol").and_then(|node| {
        reader.choice(node, &section.path_of("protocol"), &ServerProtocol::ALL)
    });
    let host = host(reader, &section);
    let port = section
        .whole(reader, "port")
        .and_then(|port| u16::try_from(port).ok());
    let pace = Pace::read(reader, &section, pace);
    let tls = encryption(reader, &section, protocol);
    let tls_skip_verify = section.boolean(reader, "tls_skip_verify", false);
    let authorities = authorities(reader, &section);
    let tls_server_name = server_name(reader, &section);
    warn_of_unused_tls(reader, &section, tls, tls_skip_verify);
    let weight = section.integer(reader, "weight", 1);
    let proxy_protocol = section.boolean(reader, "proxy_protocol", false);
    let request_uri = request_uri(reader, &section, protocol);
    let deep = deep_check(reader, &section, protocol);
    let (protocol, host, port) = (protocol?, host?, port?);
    if deep.is_some() && tls == Encryption::None {
        warn_of_plain_password(reader, &section, &host);
    }
    let name = name(reader, &section)?
        .unwrap_or_else(|| format!("{}-{host}-{port}", protocol.as_str()));
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
        let message = format!("`{}` cannot be the name of a server", section.path_of("name"));
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

fn encryption(
    reader: &mut Reader,
    section: &Section<'_>,
    protocol: Option<ServerProtocol>,
) -> Encryption {
    let words = [
        ("none", Encryption::None),
        ("implicit", Encryption::Implicit),
        ("starttls", Encryption::StartTls),
    ];
    let tls = section.choice(reader, "tls", &words, Encryption::None);
    if let (Encryption::StartTls, Some(ServerProtocol::Http), Some(node)) =
        (tls, protocol, section.value("tls"))
    {
        let message = "HTTP has no STARTTLS".to_owned();
        reader.error(&node.span, message, "", "write `tls: implicit` for https");
    }
    tls
}

fn authorities(reader: &mut Reader, section: &Section<'_>) -> Option<Authorities> {
    let node = section.value("ca_file")?;
    let path = section.path_of("ca_file");
    let file = reader.existing_file(node, &path)?;
    let pem = std::fs::read(&file).unwrap_or_default();
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let why = match certificates {
        Ok(certificates) if certificates.is_empty() => "it holds no certificate".to_owned(),
        Ok(certificates) => {
            let mut roots = rustls::RootCertStore::empty();
            let wrong = certificates
                .iter()
                .find_map(|one| roots.add(one.clone()).err());
            match wrong {
                Some(error) => error.to_string(),
                None => return Some(Authorities { file, certificates }),
            }
        }
        Err(error) => error.to_string(),
    };
    let help = "give a file of certificates in PEM";
    reader.error(&node.span, format!("`{path}` cannot be used"), &why, help);
    None
}

fn server_name(reader: &mut Reader, section: &Section<'_>) -> Option<String> {
    let node = section.value("tls_server_name")?;
    let path = section.path_of("tls_server_name");
    let text = reader.text(node, &path)?;
    if ServerName::try_from(text).is_err() {
        let message = format!("`{path}` is no name that a certificate could have");
        reader.error(&node.span, message, "", "write it like `imap.example.org`");
        return None;
    }
    Some(text.to_owned())
}

fn warn_of_unused_tls(
    reader: &mut Reader,
    section: &Section<'_>,
    tls: Encryption,
    skip_verify: bool,
) {
    if tls == Encryption::None {
        for key in ["tls_server_name", "tls_skip_verify", "ca_file"] {
            if let Some(entry) = section.entry(key) {
                let message = format!("`{}` has no use without TLS", section.path_of(key));
                let help = "write `tls: implicit` or `tls: starttls`, or remove it";
                reader.warning(&entry.key_span, message, "", help);
            }
        }
        return;
    }
    if let (true, Some(entry)) = (skip_verify, section.entry("tls_skip_verify")) {
        let message = "the check believes every certificate".to_owned();
        let help = "name the authority of the certificate: `ca_file: ca.pem`";
        let label = "whoever answers counts as this server, and gets the test password";
        reader.warning(&entry.key_span, message, label, help);
    }
}

fn request_uri(
    reader: &mut Reader,
    section: &Section<'_>,
    protocol: Option<ServerProtocol>,
) -> String {
    let default = "/".to_owned();
    let Some(node) = section.value("request_uri") else {
        return default;
    };
    let path = section.path_of("request_uri");
    let Some(text) = reader.text(node, &path) else {
        return default;
    };
    if protocol.is_some_and(|protocol| protocol != ServerProtocol::Http) {
        let message = format!("`{path}` is for HTTP only");
        reader.error(&node.span, message, "", "remove it");
        return default;
    }
    let fits = text.len() <= 2048
        && text.starts_with('/')
        && text.chars().all(|symbol| symbol.is_ascii_graphic());
    if !fits {
        let message = format!("`{path}` is no path");
        let help = "begin with `/`; write blanks and other characters as `%20`";
        reader.error(&node.span, message, "", help);
        return default;
    }
    text.to_owned()
}

fn deep_check(
    reader: &mut Reader,
    section: &Section<'_>,
    protocol: Option<ServerProtocol>,
) -> Option<DeepCheck> {
    if !section.boolean(reader, "deep_check", false) {
        return None;
    }
    let mechanism = mechanism(reader, section, protocol);
    let username = match section.value("test_username") {
        Some(_) => credential(reader, section, "test_username"),
        None => {
            section.missing(reader, "test_username", "write `test_username: monitor`");
            None
        }
    };
    let password = match section.entry("test_password") {
        Some(entry) => {
            let path = section.path_of("test_password");
            let value = secret_value(reader, &entry.value, &entry.key_span, &path);
            value.and_then(|value| {
                let text = std::str::from_utf8(&value).unwrap_or("\0");
                fits_a_line(reader, text, &entry.key_span, &path).then(|| value.to_vec())
            })
        }
        // Few servers ask for a login before mail is delivered locally.
        None if protocol == Some(ServerProtocol::Lmtp) => Some(Vec::new()),
        None => {
            let help = "write `test_password: {file: monitor.secret}`";
            section.missing(reader, "test_password", help);
            None
        }
    };
    Some(DeepCheck {
        username: username?,
        password: Arc::new(Password::new(password?)),
        mechanism,
    })
}

fn mechanism(
    reader: &mut Reader,
    section: &Section<'_>,
    protocol: Option<ServerProtocol>,
) -> AuthMechanism {
    let chosen = section.choice(
        reader,
        "auth_mechanism",
        &AuthMechanism::ALL,
        AuthMechanism::Auto,
    );
    let (Some(protocol), Some(node)) = (protocol, section.value("auth_mechanism")) else {
        return chosen;
    };
    let known = protocol.mechanisms();
    if chosen != AuthMechanism::Auto && !known.contains(&chosen) {
        let message = format!("{} has no `{}`", protocol.as_str(), chosen.as_str());
        let names = known.iter().map(|mechanism| mechanism.as_str());
        let help = format!("write `auto`, or one of {}", keys::list(names));
        reader.error(&node.span, message, "", &help);
    }
    chosen
}

fn credential(reader: &mut Reader, section: &Section<'_>, key: &str) -> Option<String> {
    let node = section.value(key)?;
    let path = section.path_of(key);
    let text = reader.text(node, &path)?;
    fits_a_line(reader, text, &node.span, &path).then(|| text.to_owned())
}

fn fits_a_line(reader: &mut Reader, text: &str, span: &Span, path: &str) -> bool {
    let fits = text.len() <= LONGEST && !text.contains(char::is_control);
    if !fits {
        let message = format!("`{path}` cannot be sent");
        let help = "use at most 255 bytes of UTF-8 without control characters";
        reader.error(span, message, "", help);
    }
    fits
}

fn warn_of_plain_password(reader: &mut Reader, section: &Section<'_>, host: &str) {
    let is_local = match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    };
    if let (false, Some(entry)) = (is_local, section.entry("test_password")) {
        let message = "the test password goes over the network unencrypted".to_owned();
        let help = "write `tls: implicit` or `tls: starttls`";
        reader.warning(&entry.key_span, message, "", help);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use std::path::Path;

    use super::*;
    use crate::config;

    fn parsed(section: &str) -> Result<config::Loaded, Vec<config::Diagnostic>> {
        let pipeline = "pipeline: {backends: [{name: b, component: \"builtin:users-file\"}]}";
        let text = format!("backend_health_checks:\n{section}\n{pipeline}\n");
        config::parse(Path::new("/etc/bulkhead.yaml"), &text)
    }

    fn checks(section: &str) -> HealthChecks {
        parsed(section)
            .unwrap_or_else(|all| panic!("{}", config::render(&all, false)))
            .config
            .health_checks
    }

    /// The first complaint, or warning.
    fn complaint(section: &str) -> String {
        let found = match parsed(section) {
            Ok(loaded) => loaded.warnings,
            Err(problems) => problems,
        };
        found.first().map(ToString::to_string).unwrap_or_default()
    }

    #[test]
    fn a_target_takes_from_the_section_what_it_does_not_say() {
        let checks = checks(
            "  connect_interval: 3s\n  failure_threshold: 4\n  targets:\n    \
             - {protocol: imap, host: 10.0.0.5, port: 143}\n    \
             - {protocol: imap, host: MX.example.org, port: 143, failure_threshold: 2, weight: 7}",
        );
        let [first, second] = checks.targets.as_slice() else {
            panic!("{checks:?}");
        };
        assert_eq!(first.name, "imap-10.0.0.5-143");
        assert_eq!(first.connect_interval, Duration::from_secs(3));
        assert_eq!(first.deep_interval, Duration::from_secs(10));
        assert_eq!((first.failure_threshold, first.weight), (4, 1));
        assert_eq!(second.name, "imap-mx.example.org-143");
        assert_eq!((second.failure_threshold, second.weight), (2, 7));
        assert_eq!(checks.selection, Selection::RoundRobin);
    }

    #[test]
    fn what_cannot_work_is_refused_and_what_is_unwise_gives_a_warning() {
        let imap = |rest: &str| {
            format!("  targets: [{{protocol: imap, host: 10.0.0.5, port: 143{rest}}}]")
        };
        for (section, expected) in [
            (
                "  targets: [{host: 10.0.0.5, port: 143}]".to_owned(),
                "`backend_health_checks.targets[0].protocol` is missing",
            ),
            (
                "  targets: [{protocol: http, host: a, port: 1, tls: starttls}]".to_owned(),
                "HTTP has no STARTTLS",
            ),
            (
                "  targets: [{protocol: imap, host: \"a b\", port: 1}]".to_owned(),
                "`backend_health_checks.targets[0].host` is neither an IP address nor a name",
            ),
            (
                imap(", deep_check: true, test_username: x"),
                "`backend_health_checks.targets[0].test_password` is missing",
            ),
            (
                imap(", deep_check: true, test_username: x, test_password: y"),
                "the test password goes over the network unencrypted",
            ),
            (
                imap(
                    ", tls: implicit, deep_check: true, test_username: x, test_password: y, auth_mechanism: BASIC",
                ),
                "imap has no `BASIC`",
            ),
            (
                imap(", tls: implicit, deep_check: true, test_username: \"a\\nb\", test_password: y"),
                "`backend_health_checks.targets[0].test_username` cannot be sent",
            ),
            (
                imap(", tls: implicit, tls_skip_verify: true"),
                "the check believes every certificate",
            ),
            (
                imap(", tls_server_name: a.example"),
                "`backend_health_checks.targets[0].tls_server_name` has no use without TLS",
            ),
            (
                imap(", request_uri: /x"),
                "`backend_health_checks.targets[0].request_uri` is for HTTP only",
            ),
            (
                "  targets: [{protocol: imap, host: a, port: 1}, {protocol: imap, host: A, port: 1}]"
                    .to_owned(),
                "two servers have the name `imap-a-1`",
            ),
        ] {
            assert_eq!(complaint(&section), expected, "{section}");
        }
    }

    #[test]
    fn there_is_a_most_of_targets() {
        let many = |count: usize| {
            let list: String = (0..count)
                .map(|number| format!("    - {{protocol: imap, host: h{number}, port: 1}}\n"))
                .collect();
            format!("  targets:\n{list}")
        };
        let most = HealthChecks::MOST_TARGETS;
        assert_eq!(checks(&many(most)).targets.len(), most);
        assert_eq!(
            complaint(&many(most + 1)),
            "`backend_health_checks.targets` has 1025 servers"
        );
    }
}
