//! What connections may take.

use std::time::Duration;

use crate::config::ServerLimits;

/// What one connection may take, and how many there may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConnectionLimits {
    /// Time for a request's head to arrive, idle time of a kept connection included. Also the time in
    /// which a client has to take some of an answer. Default 30 s.
    pub head_timeout: Duration,
    /// Largest head of a request, in bytes, at least 8192. In HTTP/2 it is counted as RFC 9113 6.5.2
    /// says: 32 bytes more for each field. Default 64 KiB.
    pub head_bytes: usize,
    /// Header fields of one request. Default 100.
    pub header_count: usize,
    /// Time for the PROXY header and the TLS handshake. Default 10 s.
    pub tls_handshake_timeout: Duration,
    /// Requests at the same time on one HTTP/2 connection. Default 200.
    pub streams: u32,
    /// Connections that are open at the same time; more wait to be accepted. Default 10,000. Unlike
    /// the others it is fixed when the server starts.
    pub connections: usize,
}

impl From<&ServerLimits> for ConnectionLimits {
    fn from(limits: &ServerLimits) -> Self {
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            head_timeout: limits.head_timeout,
            head_bytes: size(limits.head_bytes).max(8192),
            header_count: size(u64::from(limits.header_count)),
            tls_handshake_timeout: limits.tls_handshake_timeout,
            streams: limits.streams,
            connections: size(u64::from(limits.connections)),
        }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self::from(&ServerLimits::default())
    }
}
