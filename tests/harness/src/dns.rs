//! A real name server: NSD, authoritative for the zones that a test writes.
//!
//! Knows no other name: questions about them are refused. Answers over UDP and TCP on one port.

use std::{net::SocketAddr, path::Path, process::Command};

use crate::{Scratch, port, require_server, server::Server};

/// A running NSD.
pub struct Nsd {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    scratch: Scratch,
    address: SocketAddr,
}

impl Nsd {
    /// Starts it with zones: their names, and their records as lines of a master file (RFC 1035 5), with
    /// names below the zone. The start of authority is added; it lets resolvers keep for a second that a
    /// name does not exist.
    ///
    /// # Panics
    /// When NSD is missing or does not come up; the text holds its log.
    pub fn start(zones: &[(&str, &str)]) -> Self {
        require_server("nsd");
        let scratch = Scratch::new("nsd");
        let address = port::free();
        let folder = scratch.path().display().to_string();
        let mut configuration = format!(
            "server:
    ip-address: {}
    port: {}
    do-ip6: no
    username: \"\"
    zonesdir: \"{folder}\"
    pidfile: \"{folder}/nsd.pid\"
    xfrdir: \"{folder}\"
    xfrdfile: \"\"
    zonelistfile: \"{folder}/zone.list\"
    database: \"\"
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
",
            address.ip(),
            address.port()
        );
        for (zone, records) in zones {
            let authority = format!(
                "$ORIGIN {zone}.\n$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 1\n@ NS ns\nns A 127.0.0.1\n"
            );
            scratch.write(&format!("{zone}.zone"), format!("{authority}{records}\n"));
            configuration.push_str(&format!(
                "zone:\n    name: {zone}\n    zonefile: {zone}.zone\n"
            ));
        }
        scratch.write("nsd.conf", configuration);
        let server = launch(&scratch);
        let mut nsd = Self {
            server,
            scratch,
            address,
        };
        nsd.await_listening();
        nsd
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that it logged so far.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Ends it at once: nothing answers at its address.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts it again after [`Self::kill`].
    pub fn restart(&mut self) {
        self.server = launch(&self.scratch);
        self.await_listening();
    }

    /// Stops it in its tracks, with its children: questions arrive, and nothing comes back.
    pub fn stall(&self) {
        self.server.freeze(true);
    }

    /// Lets it go on after [`Self::stall`].
    pub fn resume(&self) {
        self.server.freeze(false);
    }

    fn await_listening(&mut self) {
        let up = self.server.await_listening(&[self.address]);
        assert!(up, "NSD does not come up; its log:\n{}", self.log());
    }
}

impl Drop for Nsd {
    fn drop(&mut self) {
        // What is stalled cannot end.
        self.resume();
    }
}

fn launch(scratch: &Scratch) -> Server {
    let mut command = Command::new("/usr/sbin/nsd");
    command.arg("-d").arg("-c").arg(scratch.file("nsd.conf"));
    Server::start(command, Path::new(&scratch.file("nsd.log")))
}
