//! A real MariaDB with an empty data folder of its own.
//!
//! Contract: it listens on one loopback address and on a socket in its scratch folder, where the harness is
//! the administrator. It logs every statement with its values. Nothing of the system's data is touched.

use std::{fs, net::SocketAddr, path::PathBuf, process::Command, time::Duration};

use crate::{Scratch, account::Account, command, port, require_server, server::Server, wait};

/// How long each of its tools may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running MariaDB.
pub struct Mariadb {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    scratch: Scratch,
    address: SocketAddr,
    options: Vec<String>,
}

impl Mariadb {
    /// Starts it with options of its own, each `--name=value`.
    ///
    /// # Panics
    /// When MariaDB is missing or does not come up; the text holds its log.
    pub fn start(options: &[&str]) -> Self {
        require_server("mariadb");
        let scratch = Scratch::new("mariadb");
        for name in ["data", "run", "tmp"] {
            account().own(&scratch.folder(name));
        }
        let mut install = Command::new("/usr/bin/mariadb-install-db");
        install
            .arg("--no-defaults")
            .arg(format!("--datadir={}", scratch.file("data").display()))
            .args(["--auth-root-authentication-method=normal", "--skip-test-db"])
            .args(["--skip-name-resolve", "--innodb-log-file-size=4M"]);
        account().run(&mut install);
        let made = command::run(install, PATIENCE);
        assert_eq!(made.code, Some(0), "mariadb-install-db fails: {made:?}");
        let address = port::free();
        let options: Vec<_> = options.iter().map(|one| (*one).to_owned()).collect();
        let server = launch(&scratch, address, &options);
        let mut mariadb = Self {
            server,
            scratch,
            address,
            options,
        };
        mariadb.await_start();
        mariadb
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.scratch.file("run/socket")
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
        let output = self.client(database, statements);
        assert_eq!(output.code, Some(0), "the client fails: {output:?}");
        output.stdout
    }

    /// Stops it as an administrator does, its connections with it.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Starts it again at the same place.
    pub fn restart(&mut self) {
        self.stop();
        self.server = launch(&self.scratch, self.address, &self.options);
        self.await_start();
    }

    /// Adds options at the next start.
    pub fn set(&mut self, options: &[String]) {
        self.options.extend_from_slice(options);
    }

    /// Everything that it logged: errors since its last start, statements since the first.
    pub fn log(&self) -> String {
        let statements = fs::read(self.scratch.file("run/statements.log")).unwrap_or_default();
        self.server.log() + &String::from_utf8_lossy(&statements)
    }

    fn client(&self, database: &str, statements: &str) -> command::Output {
        let mut client = Command::new("/usr/bin/mariadb");
        client
            .arg("--no-defaults")
            .arg(format!("--socket={}", self.socket().display()))
            .args(["-u", "root", "-N", "-B", "-D", database, "-e", statements]);
        command::run(client, PATIENCE)
    }

    fn await_start(&mut self) {
        let up = self.server.await_listening(&[self.address])
            && wait::until(PATIENCE, || {
                self.client("mysql", "SELECT 1").code == Some(0)
            });
        assert!(up, "MariaDB does not come up; its log:\n{}", self.log());
    }
}

fn account() -> Account {
    Account::named("mysql")
}

fn launch(scratch: &Scratch, address: SocketAddr, options: &[String]) -> Server {
    let file = |name: &str| scratch.file(name).display().to_string();
    let mut mariadb = Command::new("/usr/sbin/mariadbd");
    mariadb
        .arg("--no-defaults")
        .arg(format!("--datadir={}", file("data")))
        .arg(format!("--tmpdir={}", file("tmp")))
        .arg(format!("--socket={}", file("run/socket")))
        .arg(format!("--pid-file={}", file("run/pid")))
        .arg(format!("--bind-address={}", address.ip()))
        .arg(format!("--port={}", address.port()))
        .arg("--general-log=1")
        .arg(format!("--general-log-file={}", file("run/statements.log")))
        .args([
            "--skip-log-bin",
            "--skip-name-resolve",
            "--performance-schema=off",
        ])
        .args(["--innodb-buffer-pool-size=16M", "--innodb-log-file-size=4M"])
        .args(["--innodb-flush-log-at-trx-commit=0"])
        .args(options);
    account().run(&mut mariadb);
    Server::start(mariadb, &scratch.file("mariadb.log"))
}
