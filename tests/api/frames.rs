//! HTTP/2 frame by frame (RFC 9113), for what no well-behaved client does.

use std::net::SocketAddr;

use crate::client::Wire;

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;
pub const ACK: u8 = 1;

/// Error codes.
pub const REFUSED_STREAM: u32 = 7;
pub const ENHANCE_YOUR_CALM: u32 = 11;

#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    /// The code of RST_STREAM (at 0) and of GOAWAY (at 4).
    pub fn code(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

/// A connection on which nothing is done by itself: no acknowledgement, no window update.
pub struct Http2 {
    pub wire: Wire,
}

impl Http2 {
    /// Says the preface and empty settings.
    pub async fn connect(address: SocketAddr) -> Self {
        Self::with_settings(address, &[]).await
    }

    pub async fn with_settings(address: SocketAddr, settings: &[(u16, u32)]) -> Self {
        let mut wire = Wire::connect(address).await;
        wire.send(PREFACE).await;
        let mut http2 = Self { wire };
        let payload: Vec<u8> = settings
            .iter()
            // No table of header fields, so that each response can be read alone.
            .chain(&[(1, 0)])
            .flat_map(|(name, value)| {
                let mut bytes = name.to_be_bytes().to_vec();
                bytes.extend(value.to_be_bytes());
                bytes
            })
            .collect();
        http2.send(SETTINGS, 0, 0, &payload).await;
        http2
    }

    pub async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.wire
            .try_send(frame(kind, flags, stream, payload))
            .await;
    }

    /// The next frame; `None` at the end of the connection.
    pub async fn frame(&mut self) -> Option<Frame> {
        let head = self.wire.bytes_or_end(9).await?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        Some(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes(head[5..9].try_into().unwrap()),
            payload: self.wire.bytes_or_end(length).await?,
        })
    }

    /// The next frame of that kind; others are passed over.
    pub async fn next(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.frame().await?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }

    /// A GET without a body.
    pub async fn get(&mut self, stream: u32, path: &str, headers: &[(&str, &str)]) {
        let block = head("GET", path, headers);
        self.send(HEADERS, END_HEADERS | END_STREAM, stream, &block)
            .await;
    }

    /// The status of the next response, and its stream.
    pub async fn status(&mut self) -> (u32, u16) {
        let frame = self.next(HEADERS).await.expect("the connection ended");
        (frame.stream, status(&frame.payload))
    }
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A header block in the plainest form of HPACK (RFC 7541): no table, no Huffman code.
pub fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    let pseudo = [
        (":method", method),
        (":scheme", "http"),
        (":path", path),
        (":authority", "t"),
    ];
    for (name, value) in pseudo.iter().chain(headers) {
        block.push(0x10);
        text(&mut block, name);
        text(&mut block, value);
    }
    block
}

fn text(block: &mut Vec<u8>, text: &str) {
    // An integer with a prefix of 7 bits (RFC 7541 5.1).
    let mut length = text.len();
    if length < 127 {
        block.push(length as u8);
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push((length % 128) as u8 | 128);
            length /= 128;
        }
        block.push(length as u8);
    }
    block.extend(text.as_bytes());
}

/// The status at the beginning of a response's header block.
fn status(block: &[u8]) -> u16 {
    const INDEXED: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    // Changes of the table's size.
    let start = block
        .iter()
        .take_while(|byte| **byte & 0xe0 == 0x20)
        .count();
    let block = &block[start..];
    match block[0] {
        index @ 0x88..=0x8e => INDEXED[usize::from(index - 0x88)],
        // A literal with the name of entry 8, its value in Huffman code: digits have 5 or 6 bits.
        0x48 | 0x08 | 0x18 => {
            assert_eq!(block[1] & 0x80, 0x80, "not in Huffman code");
            let bytes = &block[2..2 + usize::from(block[1] & 0x7f)];
            let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
            let (mut rest, mut digits) = (bits.as_str(), String::new());
            while digits.len() < 3 {
                let short = u32::from_str_radix(&rest[..5], 2).unwrap();
                let (digit, length) = if short <= 2 {
                    (short, 5)
                } else {
                    (
                        u32::from_str_radix(&rest[..6], 2).unwrap() - 0b01_1001 + 3,
                        6,
                    )
                };
                digits.push_str(&digit.to_string());
                rest = &rest[length..];
            }
            digits.parse().unwrap()
        }
        other => panic!("unknown representation {other:x}"),
    }
}
