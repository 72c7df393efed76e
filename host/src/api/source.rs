//! Who counts as one client where clients are counted: an IPv4 address, or an IPv6 network of 64 bits,
//! since whoever has one address of such a network has them all.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

use super::client::{self, Named};

/// One client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Source(IpAddr);

impl Source {
    pub(super) fn new(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                Self(IpAddr::V6(Ipv6Addr::from(network)))
            }
            address @ IpAddr::V4(_) => Self(address),
        }
    }

    /// The client that sent a request; forwarding headers are believed from trusted peers.
    pub(super) fn of(peer: SocketAddr, trusted: &[IpNet], headers: &HeaderMap) -> (Self, IpAddr) {
        let (address, _) = client::locate(peer, trusted, headers, Named::Last(None));
        (Self::new(address), address)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_client() {
        let rows = [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
            ("2001:db8::1", "2001:db8::ffff:1:2:3", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ];
        for (one, other, same) in rows {
            let source = |text: &str| Source::new(text.parse().unwrap());
            assert_eq!(source(one) == source(other), same, "{one} {other}");
        }
    }
}
