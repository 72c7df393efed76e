//! Real Redis servers: one, a primary with replicas and sentinels, or a cluster.
//!
//! Contract: each server has a scratch folder of its own and keeps what is in it over a restart; the caller
//! gives options as `redis.conf` has them. Knows nothing of what is stored.

mod cluster;
mod sentinel;

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rustix::process::Signal;

pub use self::{cluster::RedisCluster, sentinel::RedisSentinels};
use crate::{Network, Scratch, command, port, require_server, server::Server, wait};

/// How long `redis-cli` may take.
const CLI: Duration = Duration::from_secs(60);
/// How long a server may take until it answers.
const START: Duration = Duration::from_secs(30);

/// Users of linked servers, with any password: clients that a network can tell apart.
pub const NAMED: [&str; 2] = ["near", "far"];

/// What a server is made of.
pub struct RedisSetup {
    scratch: Scratch,
    address: SocketAddr,
    link: SocketAddr,
    program: &'static str,
    options: String,
    cli: Vec<String>,
}

impl Default for RedisSetup {
    fn default() -> Self {
        Self::new()
    }
}

impl RedisSetup {
    /// A server in memory, without password.
    pub fn new() -> Self {
        Self::program("/usr/bin/redis-server", "save \"\"\n")
    }

    fn program(program: &'static str, options: &str) -> Self {
        let address = port::free();
        let scratch = Scratch::new("redis");
        let folder = scratch.path().display().to_string();
        let port = address.port();
        let options = format!("bind 127.0.0.1\nport {port}\ndir {folder}\n{options}");
        Self {
            scratch,
            address,
            link: address,
            program,
            options,
            cli: Vec::new(),
        }
    }

    /// Others are to reach it over a link, under this name. It goes on listening at its own address, where
    /// the test looks at it. The caller says in its configuration what address it announces.
    fn linked(mut self, network: &Network, name: &str) -> Self {
        self.link = network.link(name, self.address);
        let source = network.source(name);
        // The user under whose name a client says on which side it is.
        let users = NAMED.map(|user| format!("user {user} on nopass ~* &* +@all"));
        users
            .iter()
            .fold(self, |setup, user| setup.option(user))
            .option(&format!("bind-source-addr {source}"))
    }

    /// Adds a line to the configuration.
    pub fn option(mut self, line: &str) -> Self {
        self.options.push_str(line);
        self.options.push('\n');
        self
    }

    /// Writes a file beside the configuration, such as a certificate.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.scratch.write(name, content);
        self
    }

    /// Where such a file is.
    pub fn file_path(&self, name: &str) -> PathBuf {
        self.scratch.file(name)
    }

    /// What `redis-cli` needs to be let in, such as `-a PASSWORD`.
    pub fn cli(mut self, words: &[&str]) -> Self {
        self.cli.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    /// Speaks TLS with these certificates (PEM) on its one port.
    pub fn tls(mut self, authority: &str, certificate: &str, key: &str, ask_clients: bool) -> Self {
        let port = self.address.port();
        self.options = self.options.replace(&format!("port {port}\n"), "port 0\n");
        let folder = self.scratch.path().display().to_string();
        let clients = if ask_clients { "yes" } else { "no" };
        self.file("ca.pem", authority)
            .file("server.pem", certificate)
            .file("server.key", key)
            .option(&format!("tls-port {port}"))
            .option(&format!("tls-ca-cert-file {folder}/ca.pem"))
            .option(&format!("tls-cert-file {folder}/server.pem"))
            .option(&format!("tls-key-file {folder}/server.key"))
            .option(&format!("tls-auth-clients {clients}"))
            .cli(&["--tls", "--cacert", &format!("{folder}/ca.pem")])
            .cli(&["--cert", &format!("{folder}/server.pem")])
            .cli(&["--key", &format!("{folder}/server.key")])
    }

    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// When Redis is missing or does not come up; the text holds its log.
    pub fn start(self) -> Redis {
        require_server("redis");
        self.scratch.write("redis.conf", &self.options);
        let server = launch(self.program, &self.scratch);
        let redis = Redis {
            server,
            scratch: self.scratch,
            address: self.address,
            link: self.link,
            program: self.program,
            cli: self.cli,
            paused: AtomicBool::new(false),
        };
        redis.await_answer();
        redis
    }
}

fn launch(program: &str, scratch: &Scratch) -> Server {
    let mut command = Command::new(program);
    command
        .arg(scratch.file("redis.conf"))
        .current_dir(scratch.path());
    Server::start(command, &scratch.file("redis.log"))
}

/// A running server (or sentinel).
pub struct Redis {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    scratch: Scratch,
    address: SocketAddr,
    link: SocketAddr,
    program: &'static str,
    cli: Vec<String>,
    paused: AtomicBool,
}

impl Redis {
    /// A server in memory, without password.
    pub fn start() -> Self {
        RedisSetup::new().start()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where others reach it: its link, if it has one.
    pub fn link(&self) -> SocketAddr {
        self.link
    }

    /// What `redis-cli` prints for a command, without the final newline; nothing while it hangs.
    pub fn ask(&self, words: &[&str]) -> String {
        if self.paused.load(Ordering::SeqCst) {
            return String::new();
        }
        let mut cli = Command::new("/usr/bin/redis-cli");
        cli.args(["-h", "127.0.0.1", "-p"])
            .arg(self.address.port().to_string())
            .args(&self.cli)
            .args(words);
        let output = command::run(cli, CLI);
        output.stdout.trim_end().to_owned()
    }

    /// The value of a line of `INFO`.
    pub fn info(&self, name: &str) -> Option<String> {
        let info = self.ask(&["info", "everything"]);
        let found = info
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found.map(|value| value.trim().to_owned())
    }

    /// Everything that it logged since its last start.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Lets it hang: connections are made and nothing is answered.
    pub fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
        self.server.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.server.signal(Signal::CONT);
        self.paused.store(false, Ordering::SeqCst);
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Asks it to end, and waits.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Starts it again where it was, with what is left in its folder.
    pub fn start_again(&mut self) {
        self.server.kill();
        self.server = launch(self.program, &self.scratch);
        self.await_answer();
    }

    fn await_answer(&self) {
        let up = wait::until(START, || self.ask(&["ping"]).contains("PONG"));
        assert!(up, "Redis does not come up; its log:\n{}", self.log());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // What hangs cannot end.
        self.resume();
    }
}
