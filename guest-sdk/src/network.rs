//! Networks, as most policies need them: lists of CIDR blocks and single addresses, and whether a
//! client's address is in one of them.
//!
//! IPv4-mapped IPv6 (`::ffff:192.0.2.1`) is IPv4 throughout.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::Problem;

/// A list of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads the list that a configuration holds under `key`.
    ///
    /// # Errors
    /// One problem, at its position, for each text that is no network.
    pub fn from_configuration(key: &str, texts: &[String]) -> Result<Self, Vec<Problem>> {
        let mut networks = Self::default();
        let mut problems = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            if !networks.add(text) {
                problems.push(Problem::at(
                    format!("{key}[{index}]"),
                    format!("`{text}` is no network; write `192.0.2.0/24` or `2001:db8::1`"),
                ));
            }
        }
        if problems.is_empty() {
            Ok(networks)
        } else {
            Err(problems)
        }
    }

    /// Adds a network or a single address. False if the text is neither.
    pub fn add(&mut self, text: &str) -> bool {
        let network = parse(text.trim());
        self.0.extend(network);
        network.is_some()
    }

    /// True if one of the networks holds the address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// True if there is no network in the list.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// True for addresses that nobody outside can have: loopback, private (RFC 1918, RFC 4193), shared
/// (RFC 6598), link-local, multicast and unspecified ones. Lists and databases about the internet know
/// nothing of them.
pub fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || first == 0
                || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_multicast()
        }
    }
}

fn parse(text: &str) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(IpNet::from(address.to_canonical()));
    }
    let network: IpNet = text.parse().ok()?;
    let mapped = match network {
        IpNet::V6(v6) => v6
            .addr()
            .to_ipv4_mapped()
            .zip(v6.prefix_len().checked_sub(96)),
        IpNet::V4(_) => None,
    };
    match mapped {
        Some((address, length)) => IpNet::new(IpAddr::V4(address), length).ok(),
        None => Some(network),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn networks_hold_what_they_should() {
        let cases = [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            (" 192.0.2.1 ", "192.0.2.1", true),
            ("192.0.2.0/24", "::ffff:192.0.2.1", true),
            ("::ffff:192.0.2.0/120", "192.0.2.1", true),
            ("::ffff:192.0.2.0/120", "192.0.3.1", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
        ];
        for (network, address, wanted) in cases {
            let mut networks = Networks::default();
            assert!(networks.add(network), "{network}");
            let held = networks.contains(address.parse().unwrap());
            assert_eq!(held, wanted, "{network} {address}");
        }
    }

    #[test]
    fn private_addresses_are_those_that_nobody_outside_can_have() {
        let cases = [
            ("127.0.0.1", true),
            ("10.255.0.1", true),
            ("172.31.0.1", true),
            ("172.32.0.1", false),
            ("192.168.1.1", true),
            ("169.254.1.1", true),
            ("100.64.0.1", true),
            ("100.127.255.255", true),
            ("100.128.0.1", false),
            ("0.0.0.0", true),
            ("224.0.0.1", true),
            ("255.255.255.255", true),
            ("::ffff:10.0.0.1", true),
            ("::ffff:192.0.2.1", false),
            ("192.0.2.1", false),
            ("::1", true),
            ("::", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("ff02::1", true),
            ("2001:db8::1", false),
        ];
        for (address, wanted) in cases {
            assert_eq!(is_private(address.parse().unwrap()), wanted, "{address}");
        }
    }

    #[test]
    fn what_is_no_network_is_a_problem_at_its_position() {
        let texts = ["10.0.0.0/8", "10.0.0.0/33", "lan", ""].map(str::to_owned);
        let problems = Networks::from_configuration("networks", &texts).unwrap_err();
        let paths: Vec<_> = problems.into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["networks[1]", "networks[2]", "networks[3]"]);
    }
}
