//! The PROXY protocol (haproxy.org, "proxy-protocol.txt"): versions 2 (binary) and 1 (text).
//!
//! Promises: reads not a byte beyond the header; believes nothing itself, the caller knows whom to
//! trust; no header is longer than [`LONGEST`].

use std::{io, net::SocketAddr};

use ppp::{v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest header with all its extensions, in bytes.
const LONGEST: usize = 16 + 4096;
/// Bytes that tell the versions apart: version 2's signature.
const SIGNATURE: usize = v2::PROTOCOL_PREFIX.len();
/// Bytes before the part of version 2 whose length they tell.
const FIXED: usize = 16;
/// Longest line of version 1, in bytes (section 2.1).
const LONGEST_LINE: usize = 107;

/// Why a connection has no usable header.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProxyError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it does not begin with a PROXY protocol header")]
    Missing,
    #[error("its PROXY protocol header is malformed: {0}")]
    Malformed(String),
    #[error("its PROXY protocol header is longer than {LONGEST} bytes")]
    TooLong,
}

/// Reads the header; the address that counts from now on. That is `peer` itself for a connection of
/// the proxy's own (a health check) and where the header names no address.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    peer: SocketAddr,
) -> Result<SocketAddr, ProxyError> {
    let mut header = vec![0; SIGNATURE];
    stream.read_exact(&mut header).await?;
    let source = if header == v2::PROTOCOL_PREFIX {
        binary(stream, header).await?
    } else if header.starts_with(b"PROXY ") {
        text(stream, header).await?
    } else {
        return Err(ProxyError::Missing);
    };
    Ok(source.map_or(peer, |source| {
        SocketAddr::new(source.ip().to_canonical(), source.port())
    }))
}

async fn binary(
    stream: &mut (impl AsyncRead + Unpin),
    mut header: Vec<u8>,
) -> Result<Option<SocketAddr>, ProxyError> {
    header.resize(FIXED, 0);
    if let Some(rest) = header.get_mut(SIGNATURE..) {
        stream.read_exact(rest).await?;
    }
    let length = match header.get(FIXED - 2..) {
        Some([high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    if FIXED + length > LONGEST {
        return Err(ProxyError::TooLong);
    }
    header.resize(FIXED + length, 0);
    if let Some(rest) = header.get_mut(FIXED..) {
        stream.read_exact(rest).await?;
    }
    let header = v2::Header::try_from(header.as_slice())
        .map_err(|error| ProxyError::Malformed(error.to_string()))?;
    Ok(match (header.command, header.addresses) {
        (v2::Command::Local, _) => None,
        (v2::Command::Proxy, v2::Addresses::IPv4(addresses)) => {
            Some((addresses.source_address, addresses.source_port).into())
        }
        (v2::Command::Proxy, v2::Addresses::IPv6(addresses)) => {
            Some((addresses.source_address, addresses.source_port).into())
        }
        (v2::Command::Proxy, v2::Addresses::Unspecified | v2::Addresses::Unix(_)) => None,
    })
}

async fn text(
    stream: &mut (impl AsyncRead + Unpin),
    mut line: Vec<u8>,
) -> Result<Option<SocketAddr>, ProxyError> {
    while !line.ends_with(b"\r\n") {
        if line.len() >= LONGEST_LINE {
            return Err(ProxyError::Malformed("its line does not end".to_owned()));
        }
        line.push(stream.read_u8().await?);
    }
    let header = v1::Header::try_from(line.as_slice())
        .map_err(|error| ProxyError::Malformed(error.to_string()))?;
    Ok(match header.addresses {
        v1::Addresses::Tcp4(addresses) => {
            Some((addresses.source_address, addresses.source_port).into())
        }
        v1::Addresses::Tcp6(addresses) => {
            Some((addresses.source_address, addresses.source_port).into())
        }
        v1::Addresses::Unknown => None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PEER: &str = "192.0.2.9:5";

    fn v2(version_command: u8, family: u8, block: &[u8]) -> Vec<u8> {
        let length = u16::try_from(block.len()).unwrap().to_be_bytes();
        [
            v2::PROTOCOL_PREFIX,
            &[version_command, family],
            &length,
            block,
        ]
        .concat()
    }

    const IPV4: [u8; 12] = [203, 0, 113, 7, 10, 0, 0, 1, 0x1f, 0x90, 0, 80];

    async fn parse(mut bytes: &[u8]) -> Result<(String, usize), ProxyError> {
        let address = read(&mut bytes, PEER.parse().unwrap()).await?;
        Ok((address.to_string(), bytes.len()))
    }

    #[tokio::test]
    async fn the_address_is_taken_and_what_follows_is_left() {
        let mut mapped = [0; 36];
        mapped[10..16].copy_from_slice(&[0xff, 0xff, 203, 0, 113, 7]);
        mapped[32..34].copy_from_slice(&[0x1f, 0x90]);
        let with_extension = [IPV4.as_slice(), &[4, 0, 1, 42]].concat();
        let rows: [(&str, Vec<u8>, &str); 11] = [
            ("IPv4", v2(0x21, 0x11, &IPV4), "203.0.113.7:8080"),
            (
                "extensions",
                v2(0x21, 0x11, &with_extension),
                "203.0.113.7:8080",
            ),
            ("mapped IPv4", v2(0x21, 0x21, &mapped), "203.0.113.7:8080"),
            ("local", v2(0x20, 0x00, &[]), PEER),
            ("local with an address", v2(0x20, 0x11, &IPV4), PEER),
            ("no address", v2(0x21, 0x00, &[]), PEER),
            ("unix", v2(0x21, 0x31, &[b'/'; 216]), PEER),
            (
                "text",
                b"PROXY TCP4 203.0.113.7 10.0.0.1 8080 80\r\n".to_vec(),
                "203.0.113.7:8080",
            ),
            (
                "text, IPv6",
                b"PROXY TCP6 2001:db8::7 ::1 8080 80\r\n".to_vec(),
                "[2001:db8::7]:8080",
            ),
            ("text, unknown", b"PROXY UNKNOWN\r\n".to_vec(), PEER),
            (
                "longest",
                v2(0x21, 0x11, &[&IPV4[..], &[0; 4084]].concat()),
                "203.0.113.7:8080",
            ),
        ];
        for (name, mut bytes, expected) in rows {
            bytes.extend_from_slice(b"GET /");
            assert_eq!(
                parse(&bytes).await.unwrap(),
                (expected.to_owned(), 5),
                "{name}"
            );
        }
    }

    #[tokio::test]
    async fn anything_else_is_refused() {
        let rows: [(&str, Vec<u8>); 9] = [
            ("HTTP", b"GET / HTTP/1.1\r\nHost: t\r\n\r\n".to_vec()),
            ("another version", v2(0x31, 0x11, &IPV4)),
            ("another command", v2(0x22, 0x11, &IPV4)),
            ("a short address", v2(0x21, 0x11, &IPV4[..11])),
            ("cut off", v2(0x21, 0x11, &IPV4)[..20].to_vec()),
            ("too long", v2(0x21, 0x11, &[0; 4097])),
            (
                "text without an end",
                format!("PROXY TCP4 {}\r\n", "1".repeat(200)).into_bytes(),
            ),
            (
                "text with a bad address",
                b"PROXY TCP4 a b c d\r\n".to_vec(),
            ),
            ("nothing", Vec::new()),
        ];
        for (name, bytes) in rows {
            assert!(parse(&bytes).await.is_err(), "{name}");
        }
    }
}
