//! A real PostgreSQL with an empty cluster of its own.
//!
//! Contract: it listens on one loopback address, where passwords are asked for (SCRAM), and on a socket in
//! its scratch folder, where the harness is the administrator. It logs every statement with its values.
//! Nothing of the system's clusters is touched.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use rustix::process::Signal;

use crate::{Scratch, account::Account, command, port, require_server, server::Server, wait};

/// How long each of its tools may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running PostgreSQL.
pub struct Postgres {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    scratch: Scratch,
    address: SocketAddr,
    settings: Vec<String>,
}

impl Postgres {
    /// Starts it with settings of its own, each `name=value`.
    ///
    /// # Panics
    /// When PostgreSQL is missing or does not come up; the text holds its log.
    pub fn start(settings: &[&str]) -> Self {
        require_server("postgresql");
        let scratch = Scratch::new("postgres");
        let data = scratch.folder("data");
        account().own(&data);
        account().own(&scratch.folder("run"));
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700))
            .expect("cannot close the folder");
        let mut initdb = tool("initdb");
        initdb
            .arg("-D")
            .arg(&data)
            .args([
                "-U",
                "postgres",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            ])
            .args(["--auth-local=trust", "--auth-host=scram-sha-256"]);
        let made = command::run(initdb, PATIENCE);
        assert_eq!(made.code, Some(0), "initdb fails: {made:?}");
        let address = port::free();
        let settings: Vec<_> = settings.iter().map(|one| (*one).to_owned()).collect();
        let server = launch(&scratch, address, &settings);
        let mut postgres = Self {
            server,
            scratch,
            address,
            settings,
        };
        postgres.await_start();
        postgres
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder of its socket.
    pub fn socket_folder(&self) -> PathBuf {
        self.scratch.file("run")
    }

    /// Writes a file that only the server's account may read, and returns its path.
    pub fn private_file(&self, name: &str, content: &str) -> PathBuf {
        account().private_file(&self.scratch, name, content)
    }

    /// Runs statements as the administrator in that database and returns what they print.
    ///
    /// # Panics
    /// When one of them fails.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let output = self.psql(database, statements);
        assert_eq!(output.code, Some(0), "psql fails: {output:?}");
        output.stdout
    }

    /// Stops it as an administrator does, its connections with it.
    pub fn stop(&mut self) {
        self.server.signal(Signal::INT);
        let server = &mut self.server;
        wait::until(PATIENCE, || server.has_ended());
        self.server.stop();
    }

    /// Starts it again at the same place.
    pub fn restart(&mut self) {
        self.stop();
        self.server = launch(&self.scratch, self.address, &self.settings);
        self.await_start();
    }

    /// Changes its settings at the next start.
    pub fn set(&mut self, settings: &[String]) {
        self.settings.extend_from_slice(settings);
    }

    /// Everything that it logged since its last start.
    pub fn log(&self) -> String {
        self.server.log()
    }

    fn psql(&self, database: &str, statements: &str) -> command::Output {
        let mut psql = tool("psql");
        psql.arg("-h")
            .arg(self.socket_folder())
            .args(["-p", &self.address.port().to_string(), "-U", "postgres"])
            .args([
                "-XAtq",
                "-v",
                "ON_ERROR_STOP=1",
                "-d",
                database,
                "-c",
                statements,
            ]);
        command::run(psql, PATIENCE)
    }

    fn await_start(&mut self) {
        let up = self.server.await_listening(&[self.address])
            && wait::until(PATIENCE, || {
                self.psql("postgres", "SELECT 1").code == Some(0)
            });
        assert!(up, "PostgreSQL does not come up; its log:\n{}", self.log());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

fn account() -> Account {
    Account::named("postgres")
}

fn launch(scratch: &Scratch, address: SocketAddr, settings: &[String]) -> Server {
    let mut postgres = tool("postgres");
    postgres
        .arg("-D")
        .arg(scratch.file("data"))
        .args(["-h", &address.ip().to_string()])
        .args(["-p", &address.port().to_string(), "-k"])
        .arg(scratch.file("run"))
        .args(["-c", "fsync=off", "-c", "shared_buffers=16MB"])
        .args(["-c", "log_statement=all", "-c", "log_connections=on"]);
    for setting in settings {
        postgres.args(["-c", setting]);
    }
    Server::start(postgres, &scratch.file("postgres.log"))
}

/// One of its programs, as its account. Debian keeps each version in a folder of its own.
fn tool(name: &str) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is not installed");
    let newest = versions
        .flatten()
        .map(|version| version.path().join("bin").join(name))
        .filter(|path| path.exists())
        .max()
        .unwrap_or_else(|| panic!("PostgreSQL has no {name}"));
    let mut command = Command::new(newest);
    account().run(&mut command);
    command.current_dir(Path::new("/"));
    command
}
