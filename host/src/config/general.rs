//! The sections `server`, `store`, `secrets`, `limits` and `observe`.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
use zeroize::Zeroizing;

use super::{
    keys,
    reader::{Reader, Section},
    schema::{BasicAuth, Observe, SecretSource, Server, ServerLimits, StoreConfig},
    source::Span,
    yaml::{Content, Node},
};
use crate::auth::Password;

/// Shortest password of the API's callers (Nauthilus asks for the same).
const SHORTEST_PASSWORD: usize = 16;

/// How to make a good one.
const MAKE_PASSWORD: &str =
    "make one with `openssl rand -hex 24 > api.secret` and write `password: {file: api.secret}`";

pub(super) fn server(reader: &mut Reader, top: &Section<'_>) -> Server {
    let section = top.section(reader, "server", &keys::SERVER);
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 9080));
    let listen = section
        .value("listen")
        .and_then(|node| address(reader, node))
        .unwrap_or(default);
    let basic_auth = section.entry("basic_auth").and_then(|_| {
        let inner = section.section(reader, "basic_auth", &keys::BASIC_AUTH);
        basic_auth(reader, &inner, listen.ip().is_loopback())
    });
    let open = section
        .value("auth")
        .and_then(|node| reader.choice(node, "server.auth", &[("none", true)]))
        .unwrap_or(false);
    if let (true, Some(auth), Some(basic)) =
        (open, section.entry("auth"), section.entry("basic_auth"))
    {
        reader.error(
            &auth.key_span,
            "`auth: none` contradicts `basic_auth`".to_owned(),
            "no credentials here",
            "keep one of the two",
        );
        reader.and_there(&basic.key_span, "credentials here");
    }
    if !listen.ip().is_loopback() && section.entry("basic_auth").is_none() && !open {
        let span = section
            .value("listen")
            .map_or(section.span.clone(), |node| node.span.clone());
        reader.error(
            &span,
            "the server would answer everybody: there is no `server.basic_auth`".to_owned(),
            "other machines can reach this address",
            "set `basic_auth: {username: …, password: {file: …}}`, or write `auth: none` if \
             something else guards the port",
        );
    }
    let second = Duration::from_secs(10);
    Server {
        listen,
        basic_auth,
        open,
        request_timeout: section.duration(reader, "request_timeout", 10..=600_000, second),
        wait_delay_seconds: section.integer(reader, "wait_delay", 0..=255, 10),
        max_login_attempts: section.integer(reader, "max_login_attempts", 1..=255, 15),
        trusted_proxies: trusted_proxies(reader, &section),
    }
}

fn address(reader: &mut Reader, node: &Node) -> Option<SocketAddr> {
    let text = reader.text(node, "server.listen")?;
    match text.parse() {
        Ok(address) => Some(address),
        Err(_) => {
            let label = if text.parse::<std::net::IpAddr>().is_ok() {
                "the port is missing"
            } else if text.parse::<u16>().is_ok() || text.starts_with(':') {
                "the address is missing"
            } else {
                ""
            };
            reader.error(
                &node.span,
                "`server.listen` must be an IP address and a port".to_owned(),
                label,
                "write it like `127.0.0.1:9080`, `0.0.0.0:9080` or `\"[::]:9080\"`",
            );
            None
        }
    }
}

fn trusted_proxies(reader: &mut Reader, section: &Section<'_>) -> Vec<IpNet> {
    let Some(node) = section.value("trusted_proxies") else {
        return ["127.0.0.0/8", "::1/128"]
            .iter()
            .filter_map(|text| network(text))
            .collect();
    };
    let mut networks = Vec::new();
    for (text, span) in reader.texts(node, "server.trusted_proxies") {
        match network(text) {
            Some(network) => networks.push(network),
            None => reader.error(
                span,
                format!("`{text}` is neither an IP address nor a network"),
                "",
                "write it like `10.0.0.5`, `10.0.0.0/8` or `\"2001:db8::/32\"`",
            ),
        }
    }
    networks
}

/// An address or a network.
pub(super) fn network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>()
        .ok()
        .or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

fn basic_auth(reader: &mut Reader, section: &Section<'_>, loopback: bool) -> Option<BasicAuth> {
    let username = section.text(reader, "username");
    if section.value("username").is_none() {
        section.missing(reader, "username", "write `username: dovecot`");
    }
    if let (Some(name), Some(node)) = (username, section.value("username"))
        && name.contains(':')
    {
        reader.error(
            &node.span,
            "a user name of HTTP Basic authentication cannot hold a colon".to_owned(),
            "",
            "choose another name (RFC 7617, section 2)",
        );
    }
    let Some(entry) = section.entry("password") else {
        section.missing(reader, "password", MAKE_PASSWORD);
        return None;
    };
    let password = secret_value(
        reader,
        &entry.value,
        &entry.key_span,
        "server.basic_auth.password",
    )?;
    if password.len() < SHORTEST_PASSWORD {
        let message =
            format!("`server.basic_auth.password` is shorter than {SHORTEST_PASSWORD} characters");
        if loopback {
            let label = "good enough for a test on this machine only";
            reader.warning(&entry.key_span, message, label, MAKE_PASSWORD);
        } else {
            reader.error(&entry.key_span, message, "too easy to guess", MAKE_PASSWORD);
        }
    }
    Some(BasicAuth {
        username: username?.to_owned(),
        password: Arc::new(Password::new(password.to_vec())),
    })
}

/// The value of a secret that is written out, or stands in a file or an environment variable.
fn secret_value(
    reader: &mut Reader,
    node: &Node,
    span: &Span,
    path: &str,
) -> Option<Zeroizing<Vec<u8>>> {
    let value = match &node.content {
        Content::Scalar { .. } => reader
            .text(node, path)
            .map(|text| Zeroizing::new(text.as_bytes().to_vec()))?,
        _ => match secret_source(reader, node, span, path)? {
            SecretSource::File(file) => Zeroizing::new(std::fs::read(file).ok()?),
            SecretSource::Environment(name) => {
                Zeroizing::new(std::env::var(name).ok()?.into_bytes())
            }
        },
    };
    let line = value
        .strip_suffix(b"\r\n")
        .or_else(|| value.strip_suffix(b"\n"))
        .unwrap_or(&value);
    if line.is_empty() {
        reader.error(span, format!("`{path}` is empty"), "", MAKE_PASSWORD);
        return None;
    }
    Some(Zeroizing::new(line.to_vec()))
}

pub(super) fn secrets(reader: &mut Reader, top: &Section<'_>) -> BTreeMap<String, SecretSource> {
    let mut secrets = BTreeMap::new();
    let Some(node) = top.value("secrets") else {
        return secrets;
    };
    let Content::Mapping(entries) = &node.content else {
        if !node.is_null() {
            let help = "write one line per secret: `hook-token: {file: hook.token}`";
            reader.wrong_type(node, "secrets", "a section with one key per secret", help);
        }
        return secrets;
    };
    for entry in entries {
        let path = format!("secrets.{}", entry.key);
        if let Some(source) = secret_source(reader, &entry.value, &entry.key_span, &path) {
            secrets.insert(entry.key.clone(), source);
        }
    }
    secrets
}

/// Where a secret is; complains if it is not there.
fn secret_source(
    reader: &mut Reader,
    node: &Node,
    span: &Span,
    path: &str,
) -> Option<SecretSource> {
    if let (Content::Scalar { .. }, false) = (&node.content, node.is_null()) {
        reader.error(
            span,
            format!("`{path}` must say where the secret is"),
            "secrets are not written into the configuration",
            "write `{file: NAME}` or `{env: VARIABLE}`",
        );
        return None;
    }
    let section = Section::open(reader, node, span, path, &keys::SECRET);
    match (section.value("file"), section.value("env")) {
        (Some(node), None) => {
            let file = reader.existing_file(node, &section.path_of("file"))?;
            warn_if_public(reader, &file, &node.span);
            Some(SecretSource::File(file))
        }
        (None, Some(node)) => {
            let name = reader.text(node, &section.path_of("env"))?;
            if std::env::var(name).is_err() {
                reader.error(
                    &node.span,
                    format!("the environment variable `{name}` is not set"),
                    "",
                    "set it before the server starts, or use `{file: NAME}`",
                );
                return None;
            }
            Some(SecretSource::Environment(name.to_owned()))
        }
        (Some(_), Some(env)) => {
            let message = format!("`{path}` has two sources");
            reader.error(&env.span, message, "and `file`", "keep `file` or `env`");
            None
        }
        (None, None) => {
            section.missing(reader, "file", "write `{file: NAME}` or `{env: VARIABLE}`");
            None
        }
    }
}

/// A secret that every user of the machine may read is hardly one.
fn warn_if_public(reader: &mut Reader, file: &Path, span: &Span) {
    use std::os::unix::fs::PermissionsExt;
    let public = std::fs::metadata(file)
        .map(|metadata| metadata.permissions().mode() & 0o004 != 0)
        .unwrap_or(false);
    if public {
        let help = format!("run `chmod o-rwx {}`", file.display());
        let message = "every user of this machine can read this secret".to_owned();
        reader.warning(span, message, "", &help);
    }
}

pub(super) fn store(reader: &mut Reader, top: &Section<'_>) -> StoreConfig {
    let section = top.section(reader, "store", &keys::STORE);
    let memory = section.choice(reader, "kind", &[("redb", false), ("memory", true)], false);
    if memory {
        if let Some(entry) = section.entry("path") {
            let message = "`store.path` has no use with `kind: memory`".to_owned();
            reader.warning(
                &entry.key_span,
                message,
                "",
                "remove it, or write `kind: redb`",
            );
        }
        return StoreConfig::Memory;
    }
    let Some(written) = section.text(reader, "path") else {
        return StoreConfig::Redb {
            path: state_directory().join("bulkhead.redb"),
        };
    };
    StoreConfig::Redb {
        path: reader.resolve(written),
    }
}

pub(super) fn limits(reader: &mut Reader, top: &Section<'_>) -> ServerLimits {
    let section = top.section(reader, "limits", &keys::LIMITS);
    let default = ServerLimits::default();
    let kib = 1 << 10;
    let mib = 1 << 20;
    let gib = 1 << 30;
    ServerLimits {
        body_bytes: section.size(reader, "body_bytes", kib..=64 * mib, default.body_bytes),
        concurrent_requests: section.integer(
            reader,
            "concurrent_requests",
            1..=1_000_000,
            default.concurrent_requests,
        ),
        context_bytes: section.size(reader, "context_bytes", kib..=gib, default.context_bytes),
        store_value_bytes: section.size(
            reader,
            "store_value_bytes",
            kib..=gib,
            default.store_value_bytes,
        ),
        password_threads: section.integer(
            reader,
            "password_threads",
            1..=1024,
            default.password_threads,
        ),
        password_queue: section.integer(
            reader,
            "password_queue",
            0..=1_000_000,
            default.password_queue,
        ),
        password_memory_bytes: section.size(
            reader,
            "password_memory",
            mib..=16 * gib,
            default.password_memory_bytes,
        ),
        password_rounds: section.integer(
            reader,
            "password_rounds",
            1000..=999_999_999,
            default.password_rounds,
        ),
        component_bytes: section.size(
            reader,
            "component_bytes",
            kib..=gib,
            default.component_bytes,
        ),
        instances: section.integer(reader, "instances", 1..=100_000, default.instances),
        load_timeout: section.duration(reader, "load_timeout", 100..=600_000, default.load_timeout),
        metric_series: section.integer(
            reader,
            "metric_series",
            0..=1_000_000,
            default.metric_series,
        ),
        post_actions: section.integer(reader, "post_actions", 0..=1_000_000, default.post_actions),
        post_action_timeout: section.duration(
            reader,
            "post_action_timeout",
            100..=3_600_000,
            default.post_action_timeout,
        ),
    }
}

pub(super) fn observe(reader: &mut Reader, top: &Section<'_>) -> Observe {
    let section = top.section(reader, "observe", &keys::OBSERVE);
    let levels = ["error", "warn", "info", "debug"].map(|level| (level, level));
    let log_level = section.choice(reader, "log_level", &levels, "info");
    let formats = [("text", false), ("json", true)];
    let log_json = section.choice(reader, "log_format", &formats, false);
    let decision_log = section
        .text(reader, "decision_log")
        .map(|written| reader.resolve(written));
    if let (Some(file), Some(node)) = (&decision_log, section.value("decision_log"))
        && !file.parent().is_some_and(Path::is_dir)
    {
        reader.error(
            &node.span,
            "the folder of `observe.decision_log` does not exist".to_owned(),
            "",
            "make the folder first, or write another path",
        );
    }
    Observe {
        log_level: log_level.to_owned(),
        log_json,
        decision_log,
    }
}

pub(super) fn cache_directory(reader: &mut Reader, top: &Section<'_>) -> PathBuf {
    match top.text(reader, "cache_directory") {
        Some(written) => reader.resolve(written),
        None => default_directory("/var/cache/bulkhead", "XDG_CACHE_HOME", ".cache"),
    }
}

fn state_directory() -> PathBuf {
    default_directory("/var/lib/bulkhead", "XDG_STATE_HOME", ".local/state")
}

/// The system's folder for root, and the user's own (XDG Base Directory Specification) for others.
fn default_directory(system: &str, variable: &str, in_home: &str) -> PathBuf {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if let Some(folder) = absolute(variable) {
        return folder.join("bulkhead");
    }
    match absolute("HOME") {
        Some(home) if !rustix::process::geteuid().is_root() => home.join(in_home).join("bulkhead"),
        _ => PathBuf::from(system),
    }
}
