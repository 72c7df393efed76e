//! The server under test: the binary that cargo built, with a policy folder of its own.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::Duration,
};

use crate::{
    Scratch,
    http::{self, Request, Response},
    port,
    server::Server,
    wait,
};

/// How long the first `/ping` may take: a first start compiles the plugins.
const START: Duration = Duration::from_secs(120);

/// A policy folder: configuration and the files that it names.
pub struct Policy {
    scratch: Scratch,
    address: SocketAddr,
    environment: Vec<(String, String)>,
}

impl Policy {
    /// Writes `bulkhead.yaml`. In its text `{listen}` becomes a free address and `{folder}` the
    /// policy folder.
    pub fn new(configuration: &str) -> Self {
        let scratch = Scratch::new("policy");
        let address = port::free();
        let folder = scratch.path().display().to_string();
        let text = configuration
            .replace("{listen}", &address.to_string())
            .replace("{folder}", &folder);
        scratch.write("bulkhead.yaml", text);
        Self {
            scratch,
            address,
            environment: Vec::new(),
        }
    }

    /// Adds a file, such as a script. What ends in `.secret` only the owner may read.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.scratch.write(name, content);
        if name.ends_with(".secret") {
            let owner = fs::Permissions::from_mode(0o600);
            fs::set_permissions(path, owner).expect("cannot change the mode");
        }
        self
    }

    /// Sets an environment variable of the server.
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.scratch.path()
    }
}

/// A running server.
pub struct Bulkhead {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    policy: Policy,
    binary: PathBuf,
    cache: PathBuf,
}

impl Bulkhead {
    /// Starts `binary` (tests pass `env!("CARGO_BIN_EXE_bulkhead")`) and waits for `/ping`.
    ///
    /// Compiled plugins are cached in one folder beside the binary, so that every test after the
    /// first starts quickly.
    ///
    /// # Panics
    /// When it ends or does not answer within two minutes; the text holds its log.
    pub fn start(binary: impl Into<PathBuf>, policy: Policy) -> Self {
        let binary = binary.into();
        let cache = binary.with_file_name("bulkhead-test-cache");
        let server = launch(&binary, &policy, &cache);
        let mut bulkhead = Self {
            server,
            policy,
            binary,
            cache,
        };
        bulkhead.await_ping();
        bulkhead
    }

    /// Starts it again on the same address after [`Self::stop`] or [`Self::kill`].
    pub fn restart(&mut self) {
        self.server.stop();
        self.server = launch(&self.binary, &self.policy, &self.cache);
        self.await_ping();
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.policy.address
    }

    /// An absolute URL.
    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.policy.address)
    }

    /// The policy folder.
    pub fn folder(&self) -> &Path {
        self.policy.path()
    }

    /// Sends one request.
    pub fn send(&self, request: &Request) -> Response {
        http::send(self.address(), request)
    }

    /// Everything it printed so far.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.server.id()
    }

    /// Asks it to end, as a service manager does, and waits.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.server.stop()
    }

    /// Asks it to end, as a service manager does, without waiting.
    pub fn ask_to_end(&self) {
        self.server.signal(rustix::process::Signal::TERM);
    }

    /// Asks it to reload, as a service manager does (SIGHUP).
    pub fn hang_up(&self) {
        self.server.signal(rustix::process::Signal::HUP);
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    fn await_ping(&mut self) {
        let address = self.policy.address;
        let server = &mut self.server;
        let mut answered = false;
        wait::until(START, || {
            answered = pings(address);
            answered || server.has_ended()
        });
        let log = self.server.log();
        assert!(answered, "bulkhead does not answer /ping; its log:\n{log}");
    }
}

fn launch(binary: &Path, policy: &Policy, cache: &Path) -> Server {
    let mut command = Command::new(binary);
    command
        .arg("serve")
        .arg("-c")
        .arg(policy.scratch.file("bulkhead.yaml"))
        .current_dir(policy.path())
        .envs(policy.environment.iter().cloned())
        .env("XDG_CACHE_HOME", cache)
        .env("XDG_STATE_HOME", policy.scratch.file("state"));
    Server::start(command, &policy.scratch.file("bulkhead.log"))
}

fn pings(address: SocketAddr) -> bool {
    http::Connection::open(address)
        .and_then(|mut connection| connection.send(&Request::new("GET", "/ping")))
        .is_ok_and(|response| response.status == 200)
}
