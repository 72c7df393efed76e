//! A real saslauthd that asks an IMAP server (`rimap`).

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{Scratch, command, require_server, server::Server, wait};

/// A running saslauthd.
pub struct Saslauthd {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    scratch: Scratch,
}

impl Saslauthd {
    /// Starts it with the settings of a Debian defaults file, but for the IMAP server and the folder of
    /// its socket, and waits for that socket.
    ///
    /// # Panics
    /// When saslauthd is missing or does not come up; the text holds its log.
    pub fn start(defaults: &str, imap: SocketAddr) -> Self {
        require_server("saslauthd");
        let scratch = Scratch::new("saslauthd");
        let folder = scratch.folder("run").display().to_string();
        let options = setting(defaults, "OPTIONS").replace("/var/run/saslauthd", &folder);
        let server_option = setting(defaults, "MECH_OPTIONS");
        assert!(
            server_option.contains('/'),
            "not ADDRESS/PORT: {server_option}"
        );
        let mut command = Command::new("/usr/sbin/saslauthd");
        // In the foreground, with its log on standard error.
        command
            .arg("-d")
            .args(["-a", &setting(defaults, "MECHANISMS")])
            .args(["-n", &setting(defaults, "THREADS")])
            .args(["-O", &format!("{}/{}", imap.ip(), imap.port())])
            .args(options.split_whitespace());
        let server = Server::start(command, &scratch.file("saslauthd.log"));
        let mut saslauthd = Self { server, scratch };
        let socket = saslauthd.socket();
        wait::until(Duration::from_secs(30), || {
            is_socket(&socket) || saslauthd.server.has_ended()
        });
        assert!(
            is_socket(&socket),
            "saslauthd does not come up; its log:\n{}",
            saslauthd.log()
        );
        // Who may ask is saslauthd's umask's business; in tests, everybody.
        fs::set_permissions(socket, fs::Permissions::from_mode(0o777))
            .expect("cannot open the socket");
        saslauthd
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.scratch.file("run/mux")
    }

    /// `testsaslauthd`: whether the password is right.
    pub fn test(&self, user: &str, password: &str) -> command::Output {
        let mut command = Command::new("/usr/sbin/testsaslauthd");
        command
            .args(["-u", user, "-p", password, "-s", "smtp", "-f"])
            .arg(self.socket());
        command::run(command, Duration::from_secs(60))
    }

    /// Everything that it logged so far.
    pub fn log(&self) -> String {
        self.server.log()
    }
}

/// The value of `NAME="value"`.
fn setting(defaults: &str, name: &str) -> String {
    defaults
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        .map(|value| value.trim_matches('"').to_owned())
        .unwrap_or_else(|| panic!("there is no {name} in:\n{defaults}"))
}

fn is_socket(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}
