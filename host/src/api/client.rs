//! Where a request comes from, when its body does not say.
//!
//! Forwarding headers are believed from trusted peers only, and `X-Forwarded-For` only as far to the
//! left as everyone to the right is trusted.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// The header in which a front end names the client (`server.headers.client_ip`), and what it counts.
#[derive(Clone, Copy)]
pub(super) enum Named<'a> {
    /// More than what proxies between the front end and this server say.
    First(Option<&'a HeaderName>),
    /// Less.
    Last(Option<&'a HeaderName>),
}

/// The client's address by the forwarding headers that proxies set, and its port if the client is the
/// peer itself.
pub(super) fn locate(
    peer: SocketAddr,
    trusted: &[IpNet],
    headers: &HeaderMap,
) -> (IpAddr, Option<u16>) {
    locate_named(peer, trusted, headers, Named::Last(None))
}

/// [`locate`], where a front end may name the client too.
pub(super) fn locate_named(
    peer: SocketAddr,
    trusted: &[IpNet],
    headers: &HeaderMap,
    named: Named<'_>,
) -> (IpAddr, Option<u16>) {
    let peer_address = peer.ip().to_canonical();
    let address = forwarded(peer_address, trusted, headers, named);
    let port = (address == peer_address).then(|| peer.port());
    (address, port)
}

fn forwarded(peer: IpAddr, trusted: &[IpNet], headers: &HeaderMap, named: Named<'_>) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let read = |name: &HeaderName| headers.get(name)?.to_str().ok().and_then(parse);
    if let Named::First(Some(name)) = named
        && let Some(address) = read(name)
    {
        return address;
    }
    let hops: Vec<&[u8]> = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .collect();
    if hops.is_empty() {
        let last = match named {
            Named::First(_) => None,
            Named::Last(name) => name,
        };
        return [Some(&X_REAL_IP), last]
            .into_iter()
            .flatten()
            .find_map(read)
            .unwrap_or(peer);
    }
    let mut address = peer;
    for hop in hops.iter().rev() {
        // What a trusted proxy passed on without understanding is not believed, nor what is left of it.
        let Some(next) = std::str::from_utf8(hop).ok().and_then(parse) else {
            break;
        };
        address = next;
        if !is_trusted(&address) {
            break;
        }
    }
    address
}

/// An address in its canonical form: IPv4-mapped IPv6 becomes IPv4. Takes `1.2.3.4`, `1.2.3.4:5`,
/// `::1`, `[::1]`, `[::1]:5`, and drops an IPv6 zone.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address.ip().to_canonical());
    }
    let text = text
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
        .unwrap_or(text);
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    text.parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical())
}

/// For addresses that help rules and decide nothing by themselves: nonsense is passed on.
pub(super) fn canonical_or_as_is(text: String) -> String {
    match parse(&text) {
        Some(address) => address.to_string(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn forwarding_headers_count_only_as_far_as_trust_reaches() {
        type Headers = &'static [(&'static str, &'static str)];
        let rows: [(&str, Headers, &str); 10] = [
            (
                "198.51.100.1:9",
                &[("x-forwarded-for", "1.1.1.1")],
                "198.51.100.1",
            ),
            ("127.0.0.1:9", &[], "127.0.0.1"),
            ("127.0.0.1:9", &[("x-forwarded-for", "1.1.1.1")], "1.1.1.1"),
            (
                "127.0.0.1:9",
                &[("x-forwarded-for", "6.6.6.6, 1.1.1.1, 10.0.0.2")],
                "1.1.1.1",
            ),
            (
                "127.0.0.1:9",
                &[
                    ("x-forwarded-for", "6.6.6.6"),
                    ("x-forwarded-for", "1.1.1.1"),
                ],
                "1.1.1.1",
            ),
            (
                "127.0.0.1:9",
                &[("x-forwarded-for", "1.1.1.1, nonsense, 10.0.0.2")],
                "10.0.0.2",
            ),
            (
                "[::ffff:127.0.0.1]:9",
                &[("x-real-ip", "::ffff:1.1.1.1")],
                "1.1.1.1",
            ),
            (
                "127.0.0.1:9",
                &[("client-ip", "[2001:db8::1]:33")],
                "2001:db8::1",
            ),
            (
                "127.0.0.1:9",
                &[("x-forwarded-for", "10.0.0.3")],
                "10.0.0.3",
            ),
            (
                "127.0.0.1:9",
                &[("x-real-ip", "2.2.2.2"), ("x-forwarded-for", "1.1.1.1")],
                "1.1.1.1",
            ),
        ];
        let trusted: Vec<IpNet> = ["127.0.0.0/8", "10.0.0.0/8"]
            .iter()
            .map(|net| net.parse().unwrap())
            .collect();
        for (peer, given, expected) in rows {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.append(
                    axum::http::HeaderName::try_from(*name).unwrap(),
                    value.parse().unwrap(),
                );
            }
            let name = HeaderName::from_static("client-ip");
            let peer_address = peer.parse().unwrap();
            let (address, port) =
                locate_named(peer_address, &trusted, &headers, Named::Last(Some(&name)));
            assert_eq!(address.to_string(), expected, "{peer} {given:?}");
            assert_eq!(port.is_some(), given.is_empty() || peer.starts_with("198"));
        }
    }

    #[test]
    fn addresses_have_one_canonical_form() {
        let rows = [
            ("192.0.2.1", Some("192.0.2.1")),
            (" 192.0.2.1 ", Some("192.0.2.1")),
            ("::FFFF:192.0.2.1", Some("192.0.2.1")),
            ("2001:0DB8:0:0:0:0:0:1", Some("2001:db8::1")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("192.0.2.256", None),
            ("mail.example.org", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(
                parse(text).map(|address| address.to_string()).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
