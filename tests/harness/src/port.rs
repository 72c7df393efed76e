//! Free loopback ports.
//!
//! Promises: no port is given out twice by one test process, and each was free a moment ago. Ports
//! lie below the range from which the kernel takes ports for outgoing connections, so that a client
//! cannot take one between here and the server's `bind`.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::atomic::{AtomicU32, Ordering},
};

const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// An address on 127.0.0.1 that nobody listens on.
pub fn free() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Test binaries run side by side: each starts somewhere else.
    let start = std::process::id().wrapping_mul(131);
    for _ in 0..COUNT {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
        let port = u16::try_from(FIRST + offset).expect("within the range of ports");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!(
        "no free port on 127.0.0.1 between {FIRST} and {}",
        FIRST + COUNT
    );
}
