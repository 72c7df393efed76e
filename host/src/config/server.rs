//! The section `server`.

use std::sync::Arc;

use ipnet::IpNet;

use super::{
    keys,
    listen::listeners,
    reader::Reader,
    schema::{BasicAuth, Compression, ListenAt, Listener, Lockout, RateLimit, Server},
    secrets::secret_value,
    section::Section,
    wire,
    yaml::Content,
};
use crate::auth::Password;

/// Shortest password of the API's callers (Nauthilus asks for the same).
const SHORTEST_PASSWORD: usize = 16;

/// How to make a good one.
const MAKE_PASSWORD: &str =
    "make one with `openssl rand -hex 24 > api.secret` and write `password: {file: api.secret}`";

pub(super) fn server(reader: &mut Reader, top: &Section<'_>) -> Server {
    let section = top.section(reader, "server", &keys::SERVER);
    let default = Server::default();
    let listeners = listeners(reader, &section).unwrap_or(default.listeners);
    let local = listeners.iter().all(is_local);
    let credentials = |reader: &mut Reader, key: &str| {
        section.entry(key).and_then(|_| {
            let inner = section.section(reader, key, &keys::BASIC_AUTH);
            basic_auth(reader, &inner, local)
        })
    };
    let basic = credentials(reader, "basic_auth");
    warn_if_everybody(reader, &section);
    let metrics_auth = credentials(reader, "metrics_auth");
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
    if !local && section.entry("basic_auth").is_none() && !open {
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
    Server {
        basic_auth: basic,
        open,
        metrics_auth,
        basic_networks: networks(reader, &section, "basic_networks")
            .unwrap_or(default.basic_networks),
        request_timeout: section.duration(reader, "request_timeout", default.request_timeout),
        wait_delay_seconds: section.integer(reader, "wait_delay", default.wait_delay_seconds),
        max_login_attempts: section.integer(
            reader,
            "max_login_attempts",
            default.max_login_attempts,
        ),
        trusted_proxies: networks(reader, &section, "trusted_proxies")
            .unwrap_or(default.trusted_proxies),
        headers: wire::headers(reader, &section),
        disabled_endpoints: wire::disabled_endpoints(reader, &section),
        upstreams: wire::upstreams(reader, &section),
        password_attribute: section
            .text(reader, "password_attribute")
            .map(str::to_owned),
        rate_limit: rate_limit(reader, &section),
        lockout: lockout(reader, &section),
        compression: compression(reader, &section),
        listeners,
    }
}

/// Only this machine can connect. What systemd opened is looked at when the server starts.
fn is_local(listener: &Listener) -> bool {
    match &listener.at {
        ListenAt::Address(address) => address.ip().is_loopback(),
        ListenAt::Unix { .. } | ListenAt::Systemd(_) => true,
    }
}

fn rate_limit(reader: &mut Reader, server: &Section<'_>) -> Option<RateLimit> {
    server.value("rate_limit")?;
    let section = server.section(reader, "rate_limit", &keys::RATE_LIMIT);
    if section.value("per_second").is_none() {
        section.missing(reader, "per_second", "write `per_second: 100`");
        return None;
    }
    let per_second = section.integer(reader, "per_second", 100);
    Some(RateLimit {
        per_second,
        burst: section.integer(reader, "burst", per_second.saturating_mul(2)),
    })
}

fn lockout(reader: &mut Reader, server: &Section<'_>) -> Option<Lockout> {
    let section = server.section(reader, "lockout", &keys::LOCKOUT);
    let default = Lockout::default();
    let lockout = Lockout {
        failures: section.integer(reader, "failures", default.failures),
        window: section.duration(reader, "window", default.window),
        duration: section.duration(reader, "duration", default.duration),
    };
    (lockout.failures > 0).then_some(lockout)
}

fn compression(reader: &mut Reader, server: &Section<'_>) -> Compression {
    let section = server.section(reader, "compression", &keys::COMPRESSION);
    let default = Compression::default();
    Compression {
        requests: section.boolean(reader, "requests", default.requests),
        responses: section.boolean(reader, "responses", default.responses),
        minimum_bytes: section.size(reader, "minimum_bytes", default.minimum_bytes),
    }
}

/// A list of addresses and networks.
pub(super) fn networks(
    reader: &mut Reader,
    section: &Section<'_>,
    key: &str,
) -> Option<Vec<IpNet>> {
    let node = section.value(key)?;
    let mut networks = Vec::new();
    for (text, span) in reader.texts(node, &section.path_of(key)) {
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
    Some(networks)
}

/// Whoever is trusted as a proxy chooses the client's address.
fn warn_if_everybody(reader: &mut Reader, server: &Section<'_>) {
    let Some(Content::Sequence(items)) = server.value("trusted_proxies").map(|node| &node.content)
    else {
        return;
    };
    for item in items {
        let Content::Scalar { text, .. } = &item.content else {
            continue;
        };
        if network(text).is_some_and(|network| network.prefix_len() == 0) {
            reader.warning(
                &item.span,
                "every client is trusted as a proxy".to_owned(),
                "anybody can claim any address",
                "write the addresses of the proxies",
            );
        }
    }
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
    let path = section.path_of("password");
    let password = secret_value(reader, &entry.value, &entry.key_span, &path)?;
    if password.len() < SHORTEST_PASSWORD {
        let message = format!("`{path}` is shorter than {SHORTEST_PASSWORD} characters");
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
