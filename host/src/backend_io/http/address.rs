//! Which addresses a plugin may reach.
//!
//! Pure rules over addresses; nothing here resolves or connects.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Why an address may not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A cloud metadata service: no grant opens it.
    Metadata,
    /// This server itself: no grant opens it.
    Own,
    /// Not on the public Internet: needs a grant that names it, or `private: true`.
    Private,
}

/// Metadata services of AWS (EC2, ECS, EKS), Google, Azure, Oracle, Alibaba and Scaleway.
const METADATA: [IpAddr; 12] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 42, 42)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42)),
    IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe)),
];

/// Refuses what no grant opens: metadata services, and the addresses in `own`.
pub(super) fn check_always(address: SocketAddr, own: &[SocketAddr]) -> Result<(), Refusal> {
    let port = address.port();
    for ip in forms(address.ip()) {
        if METADATA.contains(&ip) {
            return Err(Refusal::Metadata);
        }
        for mine in own.iter().filter(|mine| mine.port() == port) {
            let mine = mine.ip().to_canonical();
            // Connecting to the unspecified address reaches this machine.
            if ip == mine || ip.is_unspecified() || (mine.is_unspecified() && is_local(ip)) {
                return Err(Refusal::Own);
            }
        }
    }
    Ok(())
}

/// Refuses what is not on the public Internet.
pub(super) fn check_public(ip: IpAddr) -> Result<(), Refusal> {
    if forms(ip).into_iter().all(is_public) {
        Ok(())
    } else {
        Err(Refusal::Private)
    }
}

/// The address, and the IPv4 address that is wrapped in it, if any: IPv4-mapped and -compatible
/// (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056). The mapped form is only its IPv4 address.
fn forms(ip: IpAddr) -> Vec<IpAddr> {
    let IpAddr::V6(v6) = ip.to_canonical() else {
        return vec![ip.to_canonical()];
    };
    let [a, b, c, d, e, f, high, low] = v6.segments();
    let wrapped = |high: u16, low: u16| {
        let bits = u32::from(high) << 16 | u32::from(low);
        IpAddr::V4(Ipv4Addr::from_bits(bits))
    };
    match (a, b) {
        (0x2002, _) => vec![IpAddr::V6(v6), wrapped(b, c)],
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => vec![IpAddr::V6(v6), wrapped(high, low)],
        (0, 0) if [c, d, e, f] == [0; 4] && high != 0 => {
            vec![IpAddr::V6(v6), wrapped(high, low)]
        }
        _ => vec![IpAddr::V6(v6)],
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// By IANA's special-purpose registry (RFC 6890).
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

/// Global unicast without its special parts: everything else is local, or a form of IPv4 that
/// [`forms`] unwraps.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    match a {
        // Teredo, benchmarking, ORCHID and the rest of 2001::/23, then documentation.
        0x2001 => b >= 0x200 && b != 0xdb8,
        0x3fff => b >= 0x1000,
        // NAT64's well-known prefix: the wrapped address decides.
        0x64 => ip.segments().get(..6) == Some(&[0x64, 0xff9b, 0, 0, 0, 0]),
        0x2000..=0x3ffe => true,
        _ => false,
    }
}

/// True if this machine has the address: only then can a socket be bound to it.
fn is_local(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_off_the_public_internet_are_refused() {
        for text in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fdff::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2002:c0a8:101::1",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "5f00::1",
        ] {
            let ip: IpAddr = text.parse().unwrap();
            assert_eq!(check_public(ip), Err(Refusal::Private), "{text}");
        }
    }

    #[test]
    fn public_addresses_pass() {
        for text in [
            "1.1.1.1",
            "9.9.9.9",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:4860::8888",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            let ip: IpAddr = text.parse().unwrap();
            assert_eq!(check_public(ip), Ok(()), "{text}");
        }
    }

    #[test]
    fn metadata_services_are_refused_in_every_form() {
        for text in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::a9fe:a9fe",
            "fd00:ec2::254",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
        ] {
            let address = SocketAddr::new(text.parse().unwrap(), 80);
            assert_eq!(check_always(address, &[]), Err(Refusal::Metadata), "{text}");
        }
    }

    #[test]
    fn the_servers_own_addresses_are_refused_in_every_form() {
        let own = [
            "127.0.0.1:9080".parse().unwrap(),
            "0.0.0.0:9443".parse().unwrap(),
        ];
        for (text, refused) in [
            ("127.0.0.1:9080", true),
            ("[::ffff:127.0.0.1]:9080", true),
            ("0.0.0.0:9080", true),
            ("127.0.0.1:9081", false),
            ("127.0.0.2:9080", false),
            ("127.0.0.1:9443", true),
            ("127.9.9.9:9443", true),
            ("1.1.1.1:9443", false),
        ] {
            let result = check_always(text.parse().unwrap(), &own);
            assert_eq!(result == Err(Refusal::Own), refused, "{text}");
        }
    }
}
