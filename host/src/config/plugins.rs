//! The section `plugins`: what each plugin is told, what it may do, and how much it may use.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use super::{
    keys::{self, list, nearest},
    ldap, lookups,
    pipeline::{Listed, Part},
    reader::Reader,
    schema::{Grants, HttpGrant, Instances, Limits, PluginConfig, SecretSource, SqlDatabases},
    section::Section,
    server::network,
    source::Span,
    yaml::{Content, Entry},
};
use crate::pipeline::OnError;

/// One entry for every plugin of the pipeline.
pub(super) fn plugins(
    reader: &mut Reader,
    top: &Section<'_>,
    listed: &BTreeMap<String, Listed>,
    known: &Known<'_>,
) -> BTreeMap<String, PluginConfig> {
    let mut plugins: BTreeMap<_, _> = listed
        .keys()
        .map(|name| (name.clone(), PluginConfig::default()))
        .collect();
    let Some(node) = top.value("plugins") else {
        return plugins;
    };
    let Content::Mapping(entries) = &node.content else {
        if !node.is_null() {
            let help = "write one key per plugin, named as in `pipeline`";
            reader.wrong_type(node, "plugins", "a section with one key per plugin", help);
        }
        return plugins;
    };
    for entry in entries {
        let place = listed.get(&entry.key);
        let config = plugin(reader, entry, place, known);
        if place.is_some() {
            plugins.insert(entry.key.clone(), config);
        } else {
            unused(reader, entry, listed);
        }
    }
    plugins
}

/// Names that grants may refer to.
pub(super) struct Known<'a> {
    pub(super) secrets: &'a BTreeMap<String, SecretSource>,
    /// Those that are written down, readable or not.
    pub(super) secret_names: &'a BTreeSet<&'a str>,
    /// Those of `geoip`, usable or not.
    pub(super) databases: &'a BTreeSet<&'a str>,
    /// `ldap.pools`
    pub(super) ldap_pools: BTreeSet<&'a str>,
    /// `sql`
    pub(super) sql_databases: &'a SqlDatabases,
}

fn unused(reader: &mut Reader, entry: &Entry, listed: &BTreeMap<String, Listed>) {
    let names = || listed.keys().map(String::as_str);
    let label = nearest(&entry.key, names()).map(|near| format!("did you mean `{near}`?"));
    let help = if listed.is_empty() {
        "the pipeline has no plugins".to_owned()
    } else {
        format!("the pipeline has {}", list(names()))
    };
    reader.warning(
        &entry.key_span,
        format!("no plugin in `pipeline` has the name `{}`", entry.key),
        label.as_deref().unwrap_or("this has no effect"),
        &help,
    );
}

fn plugin(
    reader: &mut Reader,
    entry: &Entry,
    place: Option<&Listed>,
    known: &Known<'_>,
) -> PluginConfig {
    let path = format!("plugins.{}", entry.key);
    let section = Section::open(reader, &entry.value, &entry.key_span, &path, &keys::PLUGIN);
    let verdicts = [
        ("tempfail", OnError::TemporaryFailure),
        ("reject", OnError::Reject),
        ("skip", OnError::Skip),
    ];
    let on_error = section.choice(reader, "on_error", &verdicts, OnError::TemporaryFailure);
    if let (OnError::Skip, Some(Part::Filter), Some(node)) = (
        on_error,
        place.map(|place| place.part),
        section.value("on_error"),
    ) {
        reader.warning(
            &node.span,
            format!(
                "logins pass without the filter `{}` while it fails",
                entry.key
            ),
            "skip means: as if it were not configured",
            "write `on_error: tempfail` unless that is what you want",
        );
    }
    if place.is_some_and(|place| place.may_name_secret) {
        secret_of_configuration(reader, &section, &entry.key, known);
    }
    let kinds = [("fresh", Instances::Fresh), ("pooled", Instances::Pooled)];
    PluginConfig {
        configuration: section
            .value("configuration")
            .map_or(serde_json::Value::Null, |node| node.to_json()),
        grants: grants(reader, &section, place, known),
        limits: limits(reader, &section),
        on_error,
        instances: section.choice(reader, "instances", &kinds, Instances::Fresh),
    }
}

/// Complains about a secret that the plugin's configuration names and no grant opens. Whether a granted one
/// exists is said where it is granted.
fn secret_of_configuration(
    reader: &mut Reader,
    section: &Section<'_>,
    plugin: &str,
    known: &Known<'_>,
) {
    let member = |key: &str, member: &str| {
        let Content::Mapping(entries) = &section.value(key)?.content else {
            return None;
        };
        let mut entries = entries.iter();
        entries.find(|entry| entry.key == member)
    };
    let Some(entry) = member("configuration", "secret") else {
        return;
    };
    let named = entry.value.to_json();
    let Some(name) = named.as_str().filter(|name| !name.is_empty()) else {
        return;
    };
    let is_granted = member("grants", "secret").is_some_and(|granted| {
        let granted = granted.value.to_json();
        let in_list = |list: &Vec<serde_json::Value>| list.contains(&named);
        granted == named || granted.as_array().is_some_and(in_list)
    });
    if is_granted {
        return;
    }
    let path = section.path_of("configuration");
    let (message, help) = match known.secret_names.contains(name) {
        true => (
            format!("`{path}.secret` names the secret `{name}`, which is not granted"),
            format!("write `secret: [{name}]` under `plugins.{plugin}.grants`"),
        ),
        // It may be the secret itself, which no message shows.
        false => (
            format!("`{path}.secret` is not the name of a secret"),
            format!(
                "write a name there, `secrets: {{NAME: {{file: PATH}}}}` at the top of the file, and \
                 `secret: [NAME]` under `plugins.{plugin}.grants`"
            ),
        ),
    };
    reader.error(&entry.value.span, message, "", &help);
}

fn grants(
    reader: &mut Reader,
    plugin: &Section<'_>,
    place: Option<&Listed>,
    known: &Known<'_>,
) -> Grants {
    let section = plugin.section(reader, "grants", &keys::GRANTS);
    let may_accept = section.boolean(reader, "may-accept", false);
    if let (true, Some(entry), Some(place)) = (may_accept, section.entry("may-accept"), place)
        && place.part != Part::Filter
    {
        let message = format!("`{}` is for filters only", section.path_of("may-accept"));
        reader.warning(&entry.key_span, message, "this has no effect", "remove it");
    }
    Grants {
        password: section.boolean(reader, "password", false),
        store: section.boolean(reader, "store", false),
        metrics: section.boolean(reader, "metrics", false),
        may_accept,
        http: section.entry("http").and_then(|_| http(reader, &section)),
        ldap: ldap::grant(reader, &section, &known.ldap_pools),
        sql: super::sql::grant(reader, &section, known.sql_databases),
        secret: secrets(reader, &section, known),
        dns: lookups::dns_grant(reader, &section),
        geoip: lookups::geoip_grant(reader, &section, known.databases),
        environment: environment(reader, &section, place),
        files: files(reader, &section, place),
    }
}

fn secrets(reader: &mut Reader, section: &Section<'_>, known: &Known<'_>) -> BTreeSet<String> {
    let path = section.path_of("secret");
    let Some(node) = section.value("secret") else {
        return BTreeSet::new();
    };
    let mut granted = BTreeSet::new();
    for (name, span) in reader.texts(node, &path) {
        if known.secrets.contains_key(name) {
            granted.insert(name.to_owned());
        } else if !known.secret_names.contains(name) {
            let label = nearest(name, known.secret_names.iter().copied())
                .map(|near| format!("did you mean `{near}`?"));
            reader.error(
                span,
                format!("`{path}` names the secret `{name}`, which does not exist"),
                &label.unwrap_or_default(),
                &format!("add `secrets: {{{name}: {{file: NAME}}}}` at the top of the file"),
            );
        }
    }
    granted
}

fn environment(
    reader: &mut Reader,
    section: &Section<'_>,
    place: Option<&Listed>,
) -> BTreeSet<String> {
    let Some(entry) = section.entry("environment") else {
        return BTreeSet::new();
    };
    let path = section.path_of("environment");
    scripts_only(reader, entry, &path, place);
    let mut granted = BTreeSet::new();
    for (name, span) in reader.texts(&entry.value, &path) {
        if name.contains(['=', '*', ' ']) {
            let message = format!("`{name}` is not the name of an environment variable");
            reader.error(span, message, "", "write each variable's full name");
        } else {
            granted.insert(name.to_owned());
        }
    }
    granted
}

fn files(reader: &mut Reader, section: &Section<'_>, place: Option<&Listed>) -> BTreeSet<PathBuf> {
    let Some(entry) = section.entry("files") else {
        return BTreeSet::new();
    };
    let path = section.path_of("files");
    scripts_only(reader, entry, &path, place);
    let mut granted = BTreeSet::new();
    for (name, span) in reader.texts(&entry.value, &path) {
        if name.contains(['*', '?']) {
            let message = format!("`{name}` is not the path of a file or folder");
            let help = "name each file, or the folder: all that is below it is granted";
            reader.error(span, message, "", help);
            continue;
        }
        let file = reader.resolve(name, span);
        let file = std::path::absolute(&file).unwrap_or(file);
        // It may come later, and a script can be written to expect that.
        if let Err(error) = std::fs::metadata(&file) {
            let message = format!("`{path}` names `{name}`, which cannot be found");
            let help = format!("looked for {}: {error}", file.display());
            reader.warning(span, message, "", &help);
        }
        granted.insert(file);
    }
    granted
}

/// Complains about a grant that only scripts can have.
fn scripts_only(reader: &mut Reader, entry: &Entry, path: &str, place: Option<&Listed>) {
    if place.is_some_and(|place| !place.is_script) {
        let message = format!("`{path}` is for scripts only");
        let help = "give a component its settings under `configuration` and its secrets under \
                    `grants.secret`";
        reader.error(&entry.key_span, message, "", help);
    }
}

fn http(reader: &mut Reader, grants: &Section<'_>) -> Option<HttpGrant> {
    let section = grants.section(reader, "http", &keys::HTTP_GRANT);
    let default = HttpGrant::default();
    let mut hosts = Vec::new();
    match section.value("hosts") {
        None => section.missing(reader, "hosts", "write `hosts: [hook.example.org]`"),
        Some(node) => {
            for (host, span) in reader.texts(node, &section.path_of("hosts")) {
                match host_problem(host) {
                    None => hosts.push(host.to_owned()),
                    Some(why) => reader.error(
                        span,
                        format!("`{host}` is not a host"),
                        &why,
                        "write `name`, `name:port`, `*.name`, an IP address, `\"[v6]:port\"` or a \
                         network such as `10.0.0.0/8`",
                    ),
                }
            }
        }
    }
    let path = section.path_of("methods");
    let methods = section
        .value("methods")
        .map(|node| reader.texts(node, &path))
        .unwrap_or_default();
    Some(HttpGrant {
        hosts,
        private: section.boolean(reader, "private", default.private),
        methods: methods
            .into_iter()
            .map(|(method, _)| method.to_ascii_uppercase())
            .collect(),
        response_bytes: section.size(reader, "response_bytes", default.response_bytes),
        request_bytes: section.size(reader, "request_bytes", default.request_bytes),
        timeout: section.duration(reader, "timeout", default.timeout),
        redirects: u8::try_from(section.integer(reader, "redirects", u32::from(default.redirects)))
            .unwrap_or(default.redirects),
        ca_file: section
            .value("ca_file")
            .and_then(|node| reader.existing_file(node, &section.path_of("ca_file"))),
        breaker_failures: section.integer(reader, "breaker_failures", default.breaker_failures),
        breaker_cool_down: section.duration(reader, "breaker_cool_down", default.breaker_cool_down),
    })
}

/// Why the text is no host of a grant; nothing if it is one.
fn host_problem(host: &str) -> Option<String> {
    if network(host).is_some() {
        return None;
    }
    if host.contains("://") || host.contains('/') {
        return Some("schemes and paths have no place here".to_owned());
    }
    if let Some(rest) = host.strip_prefix('[') {
        let (address, port) = rest.split_once(']').unwrap_or(("", ""));
        let port_fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return (address.parse::<std::net::Ipv6Addr>().is_err() || !port_fits)
            .then(|| "this is no IPv6 address in brackets".to_owned());
    }
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    if port.is_some_and(|port| !is_port(port)) {
        return Some("the port must be a number from 1 to 65535".to_owned());
    }
    let plain = name.strip_prefix("*.").unwrap_or(name);
    if plain.contains('*') {
        return Some(
            "a star stands for all names below a domain, as in `*.example.org`".to_owned(),
        );
    }
    let fits = |symbol: char| symbol.is_ascii_alphanumeric() || "-_.".contains(symbol);
    let bad = plain.is_empty() || plain.split('.').any(str::is_empty) || !plain.chars().all(fits);
    bad.then(|| "a name has letters, digits, `-`, `_` and single dots".to_owned())
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port != 0)
}

fn limits(reader: &mut Reader, plugin: &Section<'_>) -> Limits {
    let section = plugin.section(reader, "limits", &keys::PLUGIN_LIMITS);
    let default = Limits::default();
    let limits = Limits {
        memory_bytes: section.size(reader, "memory", default.memory_bytes),
        cpu: section.duration(reader, "cpu", default.cpu),
        wall_clock: section.duration(reader, "wall_clock", default.wall_clock),
        concurrency: section.integer(reader, "concurrency", default.concurrency),
        queue: section.integer(reader, "queue", default.queue),
        boundary_bytes: section.size(reader, "boundary_bytes", default.boundary_bytes),
        file_bytes: section.size(reader, "file_bytes", default.file_bytes),
        log_lines: section.integer(reader, "log_lines", default.log_lines),
        host_calls: section.integer(reader, "host_calls", default.host_calls),
    };
    warn_if_unreachable(reader, &section, &limits);
    limits
}

fn warn_if_unreachable(reader: &mut Reader, section: &Section<'_>, limits: &Limits) {
    let written = |key| section.value(key).map(|node| node.span.clone());
    let span: Option<Span> = written("cpu");
    if let Some(span) = span
        && limits.cpu > limits.wall_clock
        && limits.wall_clock > Duration::ZERO
    {
        let message = format!("`{}` can never be reached", section.path_of("cpu"));
        let label = "it is longer than `wall_clock`, which ends the call first";
        reader.warning(&span, message, label, "raise `wall_clock`, or lower `cpu`");
    }
}
