//! A real Caddy, with site blocks that the caller wrote.

use std::{net::SocketAddr, process::Command};

use crate::{Scratch, require_server, server::Server};

/// A running Caddy.
pub struct Caddy {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    _scratch: Scratch,
}

/// No certificates are fetched, and nobody can change the configuration.
const OPTIONS: &str = "{
	admin off
	auto_https off
}
";

impl Caddy {
    /// Starts Caddy with these site blocks and waits until it listens at `addresses`. `page` is the file
    /// `index.html` in the folder that `{root}` becomes.
    ///
    /// # Panics
    /// When Caddy is missing or does not come up; the text holds its log.
    pub fn start(sites: &str, page: &str, addresses: &[SocketAddr]) -> Self {
        require_server("caddy");
        let scratch = Scratch::new("caddy");
        scratch.write("root/index.html", page);
        let root = scratch.file("root").display().to_string();
        let text = format!("{OPTIONS}{}", sites.replace("{root}", &root));
        let file = scratch.write("Caddyfile", text);
        let mut command = Command::new("/usr/bin/caddy");
        command
            .args(["run", "--adapter", "caddyfile", "--config"])
            .arg(file)
            .env("HOME", scratch.path())
            .env("XDG_DATA_HOME", scratch.file("data"))
            .env("XDG_CONFIG_HOME", scratch.file("config"));
        let mut server = Server::start(command, &scratch.file("caddy.log"));
        let up = server.await_listening(addresses);
        assert!(up, "Caddy does not come up; its log:\n{}", server.log());
        Self {
            server,
            _scratch: scratch,
        }
    }

    /// Everything that Caddy logged so far.
    pub fn log(&self) -> String {
        self.server.log()
    }
}
