//! `server.listen`: one address, or a list of places with TLS and PROXY protocol.

use std::{net::SocketAddr, path::PathBuf};

use super::{
    keys,
    reader::Reader,
    schema::{ListenAt, Listener, TlsFiles, TlsVersion},
    secrets::warn_if_public,
    section::Section,
    yaml::{Content, Node},
};

/// Permissions of a socket file if none are given: its owner and group may connect.
const SOCKET_MODE: u32 = 0o660;

/// All places; `None` if the key is absent or nothing in it can be used.
pub(super) fn listeners(reader: &mut Reader, server: &Section<'_>) -> Option<Vec<Listener>> {
    let node = server.value("listen")?;
    let path = server.path_of("listen");
    let placed: Vec<_> = match &node.content {
        Content::Sequence(items) => {
            if items.is_empty() {
                let help = "write `listen: 127.0.0.1:9080`";
                reader.error(&node.span, format!("`{path}` is empty"), "", help);
            }
            items
                .iter()
                .enumerate()
                .filter_map(|(index, item)| {
                    let listener = listener(reader, item, &format!("{path}[{index}]"))?;
                    Some((listener, item))
                })
                .collect()
        }
        _ => listener(reader, node, &path)
            .map(|listener| (listener, node))
            .into_iter()
            .collect(),
    };
    for (index, (later, there)) in placed.iter().enumerate() {
        let clash = placed
            .iter()
            .take(index)
            .find_map(|(earlier, first)| Some((clash(&earlier.at, &later.at)?, &first.span)));
        if let Some(((message, help), first)) = clash {
            reader.error(&there.span, message, "this one", help);
            reader.and_there(first, "and this one");
        }
    }
    let listeners: Vec<_> = placed.into_iter().map(|(listener, _)| listener).collect();
    (!listeners.is_empty()).then_some(listeners)
}

/// Why the server could not open both places: what is wrong, and what to do.
fn clash(one: &ListenAt, other: &ListenAt) -> Option<(String, &'static str)> {
    let twice = |what: String| Some((format!("the server would listen {what} twice"), "keep one"));
    match (one, other) {
        // Port 0 is another free port each time.
        (ListenAt::Address(one), ListenAt::Address(other))
            if one.port() != other.port()
                || one.port() == 0
                || one.is_ipv4() != other.is_ipv4() =>
        {
            None
        }
        (ListenAt::Address(one), ListenAt::Address(other)) if one == other => {
            twice(format!("on {one}"))
        }
        (ListenAt::Address(one), ListenAt::Address(other)) => {
            let (all, covered) = if one.ip().is_unspecified() {
                (one, other)
            } else if other.ip().is_unspecified() {
                (other, one)
            } else {
                return None;
            };
            Some((
                format!("{all} means every address of this machine, {covered} too"),
                "keep the first, or write out each address that is meant",
            ))
        }
        (ListenAt::Unix { path: one, .. }, ListenAt::Unix { path: other, .. }) if one == other => {
            twice(format!("on {}", one.display()))
        }
        (ListenAt::Systemd(one), ListenAt::Systemd(other)) if one == other => {
            twice(format!("on systemd's socket `{one}`"))
        }
        _ => None,
    }
}

fn listener(reader: &mut Reader, node: &Node, path: &str) -> Option<Listener> {
    if matches!(node.content, Content::Scalar { .. }) {
        return address(reader, node, path).map(Listener::plain);
    }
    let section = Section::open(reader, node, &node.span, path, &keys::LISTEN);
    if section.malformed {
        return None;
    }
    let tls = section.entry("tls").and_then(|_| {
        let inner = section.section(reader, "tls", &keys::TLS);
        tls(reader, &inner)
    });
    let proxy_protocol = section.boolean(reader, "proxy_protocol", false);
    Some(Listener {
        at: place(reader, &section)?,
        tls,
        proxy_protocol,
    })
}

fn place(reader: &mut Reader, section: &Section<'_>) -> Option<ListenAt> {
    let places: Vec<_> = ["address", "unix", "systemd"]
        .into_iter()
        .filter_map(|key| section.entry(key))
        .collect();
    let [entry] = places.as_slice() else {
        let help = "write one of `address: 127.0.0.1:9080`, `unix: /run/bulkhead/http.sock` and \
                    `systemd: NAME`";
        match places.as_slice() {
            [first, second, ..] => {
                let message = format!("`{}` names two places", section.path);
                reader.error(&second.key_span, message, "this one", help);
                reader.and_there(&first.key_span, "and this one");
            }
            _ => section.missing(reader, "address", help),
        }
        return None;
    };
    let path = section.path_of(&entry.key);
    if let (Some(mode), true) = (section.entry("mode"), entry.key != "unix") {
        let message = format!("`{}` is for `unix` only", section.path_of("mode"));
        reader.error(&mode.key_span, message, "", "remove it");
    }
    match entry.key.as_str() {
        "address" => address(reader, &entry.value, &path).map(ListenAt::Address),
        "unix" => Some(ListenAt::Unix {
            path: socket(reader, &entry.value, &path)?,
            mode: mode(reader, section),
        }),
        _ => reader
            .text(&entry.value, &path)
            .map(|name| ListenAt::Systemd(name.to_owned())),
    }
}

fn socket(reader: &mut Reader, node: &Node, path: &str) -> Option<PathBuf> {
    let written = reader.text(node, path)?;
    let file = reader.resolve(written, &node.span);
    // The kernel's limit (unix(7)), with its final zero byte.
    if file.as_os_str().len() > 107 {
        let message = format!("`{path}` is longer than 107 bytes");
        reader.error(&node.span, message, "", "choose a shorter path");
        return None;
    }
    if !file.parent().is_some_and(std::path::Path::is_dir) {
        let message = format!("the folder of `{path}` does not exist");
        let help = "make the folder first, or write another path";
        reader.error(&node.span, message, "", help);
        return None;
    }
    Some(file)
}

fn mode(reader: &mut Reader, section: &Section<'_>) -> u32 {
    let Some(text) = section.text(reader, "mode") else {
        return SOCKET_MODE;
    };
    let digits = text.strip_prefix("0o").unwrap_or(text);
    match u32::from_str_radix(digits, 8) {
        Ok(mode) if mode <= 0o777 => mode,
        _ => {
            if let Some(node) = section.value("mode") {
                let message = format!("`{}` is no file mode", section.path_of("mode"));
                reader.error(&node.span, message, "", "write it like `\"0660\"`");
            }
            SOCKET_MODE
        }
    }
}

fn address(reader: &mut Reader, node: &Node, path: &str) -> Option<SocketAddr> {
    let text = reader.text(node, path)?;
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
                format!("`{path}` must be an IP address and a port"),
                label,
                "write it like `127.0.0.1:9080`, `0.0.0.0:9080` or `\"[::]:9080\"`",
            );
            None
        }
    }
}

fn tls(reader: &mut Reader, section: &Section<'_>) -> Option<TlsFiles> {
    let versions = [("1.2", TlsVersion::Tls12), ("1.3", TlsVersion::Tls13)];
    let minimum_version = section.choice(reader, "minimum_version", &versions, TlsVersion::Tls12);
    let mut file = |key: &str| {
        let path = section.path_of(key);
        section
            .value(key)
            .and_then(|node| reader.existing_file(node, &path))
    };
    let (certificate, key, client_ca) = (file("certificate"), file("key"), file("client_ca"));
    if let (Some(key), Some(node)) = (&key, section.value("key")) {
        warn_if_public(reader, key, &node.span);
    }
    for name in ["certificate", "key"] {
        if section.entry(name).is_none() {
            section.missing(reader, name, &format!("write `{name}: FILE.pem`"));
        }
    }
    Some(TlsFiles {
        certificate: certificate?,
        key: key?,
        client_ca,
        minimum_version,
    })
}
