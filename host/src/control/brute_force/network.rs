//! Addresses and networks, so that every spelling of one client is one client.
//!
//! Pure. An IPv4 address that is mapped into IPv6 (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) is the
//! IPv4 address, and a network of such addresses the IPv4 network.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// Bits before the IPv4 address in a mapped one.
const MAPPED_BITS: u8 = 96;

/// The address in its one form; `None` for text that is none.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical())
}

/// The network in its one form, without bits behind the prefix.
pub(super) fn canonical(network: IpNet) -> IpNet {
    let network = match network {
        IpNet::V6(v6) => v6
            .addr()
            .to_ipv4_mapped()
            .and_then(|v4| {
                let prefix = v6.prefix_len().checked_sub(MAPPED_BITS)?;
                Ipv4Net::new(v4, prefix).ok()
            })
            .map_or(IpNet::V6(v6), IpNet::V4),
        IpNet::V4(_) => network,
    };
    network.trunc()
}

/// The network of that many bits around a canonical address; the address itself when it has not as many.
pub(super) fn around(address: IpAddr, prefix: u8) -> IpNet {
    IpNet::new(address, prefix)
        .unwrap_or_else(|_| IpNet::from(address))
        .trunc()
}

/// Whether one of the canonical networks holds the canonical address.
pub(super) fn holds(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_address_are_one_address() {
        for (written, canonical) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::FFFF:c000:201", "192.0.2.1"),
            ("2001:DB8:0:0::0001", "2001:db8::1"),
            // IPv4-compatible addresses (deprecated) are not mapped ones.
            ("::192.0.2.1", "::c000:201"),
        ] {
            assert_eq!(address(written), canonical.parse().ok(), "{written}");
        }
        for text in [
            "",
            "localhost",
            "192.0.2.256",
            "192.0.2.1:25",
            "fe80::1%eth0",
        ] {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn networks_lose_what_is_behind_the_prefix_and_mapped_ones_are_ipv4() {
        for (written, expected) in [
            ("192.0.2.77/24", "192.0.2.0/24"),
            ("::ffff:192.0.2.77/120", "192.0.2.0/24"),
            ("::ffff:0.0.0.0/96", "0.0.0.0/0"),
            // Wider than all mapped addresses: it holds more than IPv4.
            ("::ffff:0:0/95", "::fffe:0:0/95"),
            ("2001:db8::1/32", "2001:db8::/32"),
        ] {
            let network = canonical(written.parse().unwrap());
            assert_eq!(network, expected.parse().unwrap(), "{written}");
        }
    }

    /// Compares bit by bit, in a way of its own.
    fn same_bits(left: u128, right: u128, width: u32, prefix: u32) -> bool {
        (0..prefix).all(|bit| (left >> (width - 1 - bit)) & 1 == (right >> (width - 1 - bit)) & 1)
    }

    proptest! {
        #[test]
        fn two_ipv4_clients_share_a_network_when_they_share_its_bits(
            left: u32, flip in 0u32..32, prefix in 0u8..=32, mapped: bool
        ) {
            let right = left ^ (1 << flip);
            let spell = |bits: u32| {
                let v4 = Ipv4Addr::from(bits);
                if mapped { v4.to_ipv6_mapped().to_string() } else { v4.to_string() }
            };
            let one = around(address(&Ipv4Addr::from(left).to_string()).unwrap(), prefix);
            let other = around(address(&spell(right)).unwrap(), prefix);
            let expected = same_bits(left.into(), right.into(), 32, prefix.into());
            prop_assert_eq!(one == other, expected);
            prop_assert_eq!(one.contains(&IpAddr::from(Ipv4Addr::from(right))), expected);
        }

        #[test]
        fn two_ipv6_clients_share_a_network_when_they_share_its_bits(
            left: u128, flip in 0u32..128, prefix in 0u8..=128
        ) {
            let right = left ^ (1 << flip);
            let spell = |bits: u128| Ipv6Addr::from(bits).to_string();
            prop_assume!(address(&spell(left)).unwrap().is_ipv6());
            prop_assume!(address(&spell(right)).unwrap().is_ipv6());
            let one = around(address(&spell(left)).unwrap(), prefix);
            let other = around(address(&spell(right)).unwrap(), prefix);
            prop_assert_eq!(one == other, same_bits(left, right, 128, prefix.into()));
        }

        #[test]
        fn a_mapped_network_holds_the_clients_of_the_ipv4_network(
            network: u32, prefix in 0u8..=32, client: u32
        ) {
            let v4 = Ipv4Net::new(Ipv4Addr::from(network), prefix).unwrap();
            let mapped = format!("{}/{}", v4.addr().to_ipv6_mapped(), 96 + prefix);
            let mapped = canonical(mapped.parse().unwrap());
            let client = Ipv4Addr::from(client);
            let spelled = address(&client.to_ipv6_mapped().to_string()).unwrap();
            prop_assert_eq!(holds(&[mapped], spelled), v4.contains(&client));
        }
    }
}
