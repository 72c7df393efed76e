//! A real Postfix, reduced to an SMTP server that takes mail into a queue and leaves it there.
//!
//! Contract: queue, data and configuration lie in one scratch folder; the system's Postfix is not
//! touched. The caller gives lines of `main.cf`; this file adds the paths and one listener.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::{PermissionsExt, chown},
    process::Command,
    time::Duration,
};

use crate::{Scratch, command, port, require_server, server::Server, smtp};

/// What a test server is made of.
pub struct PostfixSetup {
    scratch: Scratch,
    smtp: SocketAddr,
}

impl Default for PostfixSetup {
    fn default() -> Self {
        Self::new()
    }
}

impl PostfixSetup {
    /// An empty folder.
    pub fn new() -> Self {
        Self {
            scratch: Scratch::new("postfix"),
            smtp: port::free(),
        }
    }

    /// Where the file `name` will be: to be named in the configuration.
    pub fn file_path(&self, name: &str) -> String {
        self.scratch.file(name).display().to_string()
    }

    /// Adds a file that everybody may read.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.scratch.write(name, content);
        self
    }

    /// Starts Postfix with these lines in `main.cf` and waits until it listens.
    ///
    /// # Panics
    /// When Postfix is missing, this process is not root, or the server does not come up; the text
    /// holds its log.
    pub fn start(self, main: &str) -> Postfix {
        require_server("postfix");
        assert!(
            rustix::process::geteuid().is_root(),
            "Postfix' master process must be started as root"
        );
        let scratch = self.scratch;
        let folder = scratch.path().display().to_string();
        scratch.folder("queue");
        let data = scratch.folder("data");
        let owner = user_id("postfix");
        chown(&data, Some(owner), None).expect("cannot give the folder to postfix");
        fs::set_permissions(data, fs::Permissions::from_mode(0o700))
            .expect("cannot change the mode");
        scratch.write(
            "etc/main.cf",
            format!("{}{main}", MAIN.replace("{folder}", &folder)),
        );
        scratch.write(
            "etc/master.cf",
            MASTER.replace("{listen}", &self.smtp.to_string()),
        );
        make_queue(&scratch);
        let mut command = Command::new("/usr/lib/postfix/sbin/master");
        command.arg("-d").arg("-c").arg(scratch.file("etc"));
        let server = Server::start(command, &scratch.file("master.log"));
        let mut postfix = Postfix {
            server,
            scratch,
            smtp: self.smtp,
        };
        let up = postfix.server.await_listening(&[self.smtp]);
        assert!(up, "Postfix does not come up; its log:\n{}", postfix.log());
        postfix
    }
}

/// Creates the folders of the queue, as `postfix check` does before a start.
fn make_queue(scratch: &Scratch) {
    let mut check = Command::new("/usr/sbin/postfix");
    check.arg("-c").arg(scratch.file("etc")).arg("check");
    let output = command::run(check, Duration::from_secs(60));
    assert_eq!(output.code, Some(0), "postfix check failed: {output:?}");
}

fn user_id(name: &str) -> u32 {
    let users = fs::read_to_string("/etc/passwd").expect("cannot read the list of users");
    users
        .lines()
        .find_map(|line| {
            line.strip_prefix(name)?
                .strip_prefix(':')?
                .split(':')
                .nth(1)
        })
        .and_then(|id| id.parse().ok())
        .unwrap_or_else(|| panic!("there is no user {name}"))
}

const MAIN: &str = "compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/mail.log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.org
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks =
import_environment = MAIL_CONFIG
smtpd_peername_lookup = no
disable_dns_lookups = yes
notify_classes =
";

/// No queue manager: what is accepted stays in the folder `incoming`.
const MASTER: &str = "{listen} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// A running Postfix.
pub struct Postfix {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    scratch: Scratch,
    smtp: SocketAddr,
}

impl Postfix {
    /// Where SMTP is spoken.
    pub fn address(&self) -> SocketAddr {
        self.smtp
    }

    /// A session that has said `EHLO`.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn smtp(&self) -> smtp::Session {
        smtp::Session::open(self.smtp, Duration::from_secs(60))
            .unwrap_or_else(|error| panic!("no SMTP greeting: {error}\n{}", self.log()))
    }

    /// Everything that Postfix logged so far.
    pub fn log(&self) -> String {
        let log = fs::read(self.scratch.file("mail.log")).unwrap_or_default();
        format!("{}{}", self.server.log(), String::from_utf8_lossy(&log))
    }
}
