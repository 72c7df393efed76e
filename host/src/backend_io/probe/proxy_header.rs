//! The PROXY protocol header, version 2, that a check sends first where a server expects one.
//!
//! It names the connection's own ends (command PROXY): servers that know no LOCAL command take it too.

use std::net::{IpAddr, SocketAddr};

/// "The PROXY protocol", HAProxy, section 2.2.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Version 2, command PROXY.
const VERSION_AND_COMMAND: u8 = 0x21;

/// The header of a TCP connection from `from` to `to`.
pub(super) fn header(from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    let mut header = SIGNATURE.to_vec();
    header.push(VERSION_AND_COMMAND);
    match (from.ip().to_canonical(), to.ip().to_canonical()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            header.extend_from_slice(&[0x11, 0, 12]);
            header.extend_from_slice(&source.octets());
            header.extend_from_slice(&destination.octets());
        }
        (source, destination) => {
            let wide = |ip: IpAddr| match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                IpAddr::V6(ip) => ip,
            };
            header.extend_from_slice(&[0x21, 0, 36]);
            header.extend_from_slice(&wide(source).octets());
            header.extend_from_slice(&wide(destination).octets());
        }
    }
    header.extend_from_slice(&from.port().to_be_bytes());
    header.extend_from_slice(&to.port().to_be_bytes());
    header
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ppp::v2::{Addresses, Header};

    use super::*;

    #[test]
    fn a_reader_of_the_protocol_sees_both_ends() {
        for (from, to) in [
            ("192.0.2.1:4711", "192.0.2.2:143"),
            ("[2001:db8::1]:4711", "[2001:db8::2]:143"),
        ] {
            let (from, to): (SocketAddr, SocketAddr) = (from.parse().unwrap(), to.parse().unwrap());
            let bytes = header(from, to);
            let read = Header::try_from(bytes.as_slice()).unwrap();
            assert_eq!(read.len(), bytes.len());
            assert_eq!(read.addresses, Addresses::from((from, to)));
        }
    }
}
