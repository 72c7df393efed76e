//! A real HAProxy, with a configuration that the caller wrote whole.

use std::{net::SocketAddr, process::Command};

use crate::{Scratch, require_server, server::Server};

/// A running HAProxy.
pub struct Haproxy {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    _scratch: Scratch,
}

impl Haproxy {
    /// Starts HAProxy and waits until it listens at `addresses`.
    ///
    /// # Panics
    /// When HAProxy is missing or does not come up; the text holds its log.
    pub fn start(configuration: &str, addresses: &[SocketAddr]) -> Self {
        require_server("haproxy");
        let scratch = Scratch::new("haproxy");
        let file = scratch.write("haproxy.cfg", configuration);
        let mut command = Command::new("/usr/sbin/haproxy");
        // In the foreground, in one process.
        command.arg("-db").arg("-f").arg(file);
        let mut server = Server::start(command, &scratch.file("haproxy.log"));
        let up = server.await_listening(addresses);
        assert!(up, "HAProxy does not come up; its log:\n{}", server.log());
        Self {
            server,
            _scratch: scratch,
        }
    }

    /// Everything that HAProxy logged so far.
    pub fn log(&self) -> String {
        self.server.log()
    }
}
