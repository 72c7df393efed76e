//! The section `server`.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;

use super::{
    keys,
    reader::Reader,
    schema::{BasicAuth, Server},
    secrets::secret_value,
    section::Section,
    yaml::Node,
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
