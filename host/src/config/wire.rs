//! The keys of `server` that say what requests and answers look like: header names, endpoints that are
//! switched off, servers behind nginx.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
};

use http::HeaderName;

use super::{
    keys::{self, list, nearest},
    reader::Reader,
    schema::{DEFAULT_HEADERS, EndpointName, HeaderNames, Server},
    section::Section,
    yaml::Content,
};

pub(super) fn headers(reader: &mut Reader, server: &Section<'_>) -> HeaderNames {
    let section = server.section(reader, "headers", &keys::HEADERS);
    let mut names = HeaderNames::default();
    for (key, _) in DEFAULT_HEADERS {
        let Some(node) = section.value(key) else {
            continue;
        };
        let path = section.path_of(key);
        // An empty value switches the header off.
        if node.is_null()
            || matches!(&node.content, Content::Scalar { text, .. } if text.is_empty())
        {
            names.0.remove(key);
            continue;
        }
        let Some(text) = reader.text(node, &path) else {
            continue;
        };
        match HeaderName::try_from(text) {
            Ok(name) => {
                names.0.insert(key, name);
            }
            Err(_) => {
                let message = format!("`{path}` is not the name of a header");
                let help = "use letters, digits and `-`, such as `X-Auth-User`";
                reader.error(&node.span, message, "", help);
            }
        }
    }
    names
}

pub(super) fn disabled_endpoints(
    reader: &mut Reader,
    server: &Section<'_>,
) -> BTreeSet<EndpointName> {
    let Some(node) = server.value("disabled_endpoints") else {
        return BTreeSet::new();
    };
    let names = || EndpointName::ALL.iter().map(|(name, _)| *name);
    let mut disabled = BTreeSet::new();
    for (text, span) in reader.texts(node, "server.disabled_endpoints") {
        match EndpointName::ALL.iter().find(|(name, _)| *name == text) {
            Some((_, endpoint)) => {
                disabled.insert(*endpoint);
            }
            None => {
                let label = nearest(text, names())
                    .map(|near| format!("did you mean `{near}`?"))
                    .unwrap_or_default();
                let message = format!("there is no endpoint `{text}`");
                let help = format!("there are {}", list(names()));
                reader.error(span, message, &label, &help);
            }
        }
    }
    disabled
}

/// By protocol. What is configured replaces the default of that protocol; `imap: null` removes it.
pub(super) fn upstreams(reader: &mut Reader, server: &Section<'_>) -> BTreeMap<String, SocketAddr> {
    let mut upstreams = Server::default().upstreams;
    let Some(node) = server.value("upstreams") else {
        return upstreams;
    };
    let Content::Mapping(entries) = &node.content else {
        if !node.is_null() {
            let help = "write `upstreams: {imap: {address: 10.0.0.5, port: 143}}`";
            reader.wrong_type(node, "server.upstreams", "a section by protocol", help);
        }
        return upstreams;
    };
    for entry in entries {
        let path = format!("server.upstreams.{}", entry.key);
        let lower = entry.key.to_lowercase();
        if lower != entry.key {
            let message = format!("no request names the protocol `{}`", entry.key);
            let label = format!("did you mean `{lower}`?");
            let help = "write protocols in lower case";
            reader.error(&entry.key_span, message, &label, help);
            continue;
        }
        if entry.value.is_null() {
            upstreams.remove(&entry.key);
            continue;
        }
        let section = Section::open(
            reader,
            &entry.value,
            &entry.key_span,
            &path,
            &keys::UPSTREAM,
        );
        let standing = upstreams.get(&entry.key).copied();
        let address = address(reader, &section).or(standing.map(|known| known.ip()));
        let port = section
            .whole(reader, "port")
            .and_then(|port| u16::try_from(port).ok())
            .or(standing.map(|known| known.port()));
        match (address, port) {
            (Some(address), Some(port)) => {
                upstreams.insert(entry.key.clone(), SocketAddr::new(address, port));
            }
            (None, _) if section.value("address").is_none() => {
                section.missing(reader, "address", "write `address: 10.0.0.5`");
            }
            (_, None) if section.value("port").is_none() => {
                section.missing(reader, "port", "write `port: 143`");
            }
            _ => {}
        }
    }
    upstreams
}

fn address(reader: &mut Reader, section: &Section<'_>) -> Option<IpAddr> {
    let node = section.value("address")?;
    let path = section.path_of("address");
    let text = reader.text(node, &path)?;
    let address = text.parse().ok();
    if address.is_none() {
        let message = format!("`{path}` is not an IP address");
        let help = "nginx takes IP addresses only in `Auth-Server`; write it like `10.0.0.5`";
        reader.error(&node.span, message, "", help);
    }
    address
}
