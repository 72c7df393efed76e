//! A real Dovecot 2.3, with Lua as its only source of users.
//!
//! Contract: the smallest configuration that can log in over IMAP, in one scratch folder, without
//! touching the system's Dovecot. Answers are not delayed and not cached, so that a test sees every
//! decision at once. The caller says which script is asked; this file knows nothing of what it does.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    Scratch,
    command::{self, Output},
    imap, pop3, port, require_server,
    server::Server,
    smtp, wait,
};

/// The one master user that every test server has.
pub const MASTER_USER: &str = "overseer";
/// Its password.
pub const MASTER_PASSWORD: &str = "overseer-password";

/// How long one `doveadm` call may take: longer than the 60 s after which Dovecot itself gives up,
/// so that a hang is seen as what it is.
const DOVEADM: Duration = Duration::from_secs(90);

/// How `doveadm auth test` and `doveadm auth login` end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// The password is right.
    Accepted,
    /// It is wrong, or the user is unknown.
    Rejected,
    /// The account is disabled.
    Disabled,
    /// Dovecot could not find out.
    TemporaryFailure,
}

/// The answer to a login, with everything that helps to understand it.
#[derive(Clone, Debug)]
pub struct LoginAnswer {
    /// How it ended.
    pub login: Login,
    /// How long it took.
    pub took: Duration,
    /// What `doveadm` printed.
    pub text: String,
}

/// What a test server is made of.
pub struct DovecotSetup {
    scratch: Scratch,
    extra: String,
    prefetch: bool,
    protocols: String,
    imap: SocketAddr,
    pop3: Option<SocketAddr>,
    submission: Option<SocketAddr>,
}

impl Default for DovecotSetup {
    fn default() -> Self {
        Self::new()
    }
}

impl DovecotSetup {
    /// An empty folder and the standard configuration.
    pub fn new() -> Self {
        Self {
            scratch: Scratch::new("dovecot"),
            extra: String::new(),
            prefetch: false,
            protocols: "imap".to_owned(),
            imap: port::free(),
            pop3: None,
            submission: None,
        }
    }

    /// Where the file `name` will be: to be named in scripts.
    pub fn file_path(&self, name: &str) -> String {
        self.scratch.file(name).display().to_string()
    }

    /// Where it will serve, protocol by protocol.
    pub fn addresses(&self) -> Vec<(&'static str, SocketAddr)> {
        let mut addresses = vec![("imap", self.imap)];
        addresses.extend(self.pop3.map(|address| ("pop3", address)));
        addresses.extend(self.submission.map(|address| ("smtp", address)));
        addresses
    }

    /// Adds a file that every user may read.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.scratch.write(name, content);
        self
    }

    /// Adds configuration text at the end.
    pub fn configuration(mut self, text: &str) -> Self {
        self.extra.push_str(text);
        self
    }

    /// Takes the userdb fields from the passdb's answer where there was one.
    pub fn prefetch(mut self) -> Self {
        self.prefetch = true;
        self
    }

    /// Serves POP3 and submission too. Logged-in clients of submission cannot send mail: nobody would
    /// relay it.
    pub fn pop3_and_submission(mut self) -> Self {
        let (pop3, submission) = (port::free(), port::free());
        let services = MORE_SERVICES
            .replace("{pop3}", &pop3.port().to_string())
            .replace("{submission}", &submission.port().to_string());
        self.extra.push_str(&services);
        self.protocols.push_str(" pop3 submission");
        self.pop3 = Some(pop3);
        self.submission = Some(submission);
        self
    }

    /// Starts Dovecot with the file `script` as passdb and userdb.
    ///
    /// # Panics
    /// When Dovecot is missing, this process is not root, or the server does not come up.
    pub fn start(self, script: &str) -> Dovecot {
        require_server("dovecot");
        if self.pop3.is_some() {
            require_server("dovecot-mail");
        }
        assert!(
            rustix::process::geteuid().is_root(),
            "Dovecot's master process must be started as root"
        );
        let imap = self.imap;
        let scratch = self.scratch;
        scratch.write(
            "masters",
            format!("{MASTER_USER}:{{PLAIN}}{MASTER_PASSWORD}\n"),
        );
        scratch.folder("base");
        scratch.folder("state");
        let mail = scratch.folder("mail");
        fs::set_permissions(mail, fs::Permissions::from_mode(0o777))
            .expect("cannot open the folder");
        let prefetch = if self.prefetch { PREFETCH } else { "" };
        let extra = self.extra;
        let configuration = format!(
            "{}{prefetch}{}{extra}",
            head(&scratch, &self.protocols, imap, script),
            lua_userdb(&scratch, script)
        );
        scratch.write("dovecot.conf", configuration);
        let server = launch(&scratch);
        let mut dovecot = Dovecot {
            server,
            scratch,
            imap,
            pop3: self.pop3,
            submission: self.submission,
        };
        dovecot.await_start();
        dovecot
    }
}

fn launch(scratch: &Scratch) -> Server {
    let mut command = Command::new("/usr/sbin/dovecot");
    command
        .arg("-F")
        .arg("-c")
        .arg(scratch.file("dovecot.conf"));
    Server::start(command, &scratch.file("master.log"))
}

fn head(scratch: &Scratch, protocols: &str, imap: SocketAddr, script: &str) -> String {
    let folder = scratch.path().display();
    let port = imap.port();
    format!(
        r#"base_dir = {folder}/base
state_dir = {folder}/state
log_path = {folder}/dovecot.log
info_log_path = {folder}/dovecot.log
debug_log_path = {folder}/dovecot.log
instance_name = bulkhead-test-{port}
protocols = {protocols}
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_verbose = yes
auth_master_user_separator = *
mail_location = maildir:{folder}/mail/%u
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
first_valid_gid = 1
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service auth {{
  unix_listener auth-client {{
    mode = 0666
  }}
}}
# No waiting because of earlier failures from the same address.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
passdb {{
  driver = passwd-file
  args = {folder}/masters
  master = yes
  result_success = continue
}}
passdb {{
  driver = lua
  args = file={folder}/{script} blocking=yes
}}
"#
    )
}

fn lua_userdb(scratch: &Scratch, script: &str) -> String {
    let folder = scratch.path().display();
    format!("userdb {{\n  driver = lua\n  args = file={folder}/{script} blocking=yes\n}}\n")
}

/// The capabilities are those of no server: none is asked before a client sends mail.
const MORE_SERVICES: &str = r#"
submission_relay_host = 127.0.0.1
submission_relay_port = 1
submission_backend_capabilities = 8BITMIME
service pop3-login {
  inet_listener pop3 {
    address = 127.0.0.1
    port = {pop3}
  }
  inet_listener pop3s {
    port = 0
  }
}
service submission-login {
  inet_listener submission {
    address = 127.0.0.1
    port = {submission}
  }
  inet_listener submissions {
    port = 0
  }
}
"#;

const PREFETCH: &str = "userdb {\n  driver = prefetch\n}\n";

/// A running Dovecot.
pub struct Dovecot {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    scratch: Scratch,
    imap: SocketAddr,
    pop3: Option<SocketAddr>,
    submission: Option<SocketAddr>,
}

impl Dovecot {
    /// `doveadm auth test`: the passdb alone.
    pub fn auth_test(&self, user: &str, password: &str) -> LoginAnswer {
        login_answer(self.doveadm(&["auth", "test", "-x", "service=imap", user, password]))
    }

    /// `doveadm auth test` for a client at that address.
    pub fn auth_test_from(&self, address: &str, user: &str, password: &str) -> LoginAnswer {
        let address = format!("rip={address}");
        let arguments = [
            "auth",
            "test",
            "-x",
            "service=imap",
            "-x",
            &address,
            user,
            password,
        ];
        login_answer(self.doveadm(&arguments))
    }

    /// `doveadm auth login`: the passdb, then the userdb.
    pub fn auth_login(&self, user: &str, password: &str) -> LoginAnswer {
        login_answer(self.doveadm(&["auth", "login", "-x", "service=imap", user, password]))
    }

    /// `doveadm auth lookup`: the passdb without a password.
    pub fn auth_lookup(&self, user: &str) -> Output {
        self.doveadm(&["auth", "lookup", "-x", "service=lmtp", user])
    }

    /// `doveadm user NAME`: the userdb alone.
    pub fn user(&self, user: &str) -> Output {
        self.doveadm(&["user", user])
    }

    /// `doveadm user '*'`: the names, sorted; the whole output when it fails.
    pub fn user_list(&self) -> Result<Vec<String>, Output> {
        let output = self.doveadm(&["user", "*"]);
        if output.code != Some(0) {
            return Err(output);
        }
        let mut names: Vec<String> = output.stdout.lines().map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }

    /// An IMAP session, not logged in yet.
    ///
    /// # Panics
    /// When nobody listens.
    pub fn imap(&self) -> imap::Session {
        imap::Session::open(self.imap, DOVEADM)
            .unwrap_or_else(|error| panic!("no IMAP greeting: {error}\n{}", self.log()))
    }

    /// Logs in over IMAP and says how that ended and how long it took.
    ///
    /// # Panics
    /// When the connection breaks before the answer.
    pub fn imap_login(&self, user: &str, password: &str) -> (imap::Tagged, Duration) {
        let start = Instant::now();
        let answer = self
            .imap()
            .login(user, password)
            .unwrap_or_else(|error| panic!("IMAP login broke: {error}\n{}", self.log()));
        (answer, start.elapsed())
    }

    /// Any `doveadm` command.
    pub fn doveadm(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("/usr/bin/doveadm");
        command
            .arg("-c")
            .arg(self.scratch.file("dovecot.conf"))
            .args(arguments);
        command::run(command, DOVEADM)
    }

    /// Where IMAP listens.
    pub fn imap_address(&self) -> SocketAddr {
        self.imap
    }

    /// Where POP3 listens.
    ///
    /// # Panics
    /// When it does not: see [`DovecotSetup::pop3_and_submission`].
    pub fn pop3_address(&self) -> SocketAddr {
        self.pop3.expect("this Dovecot speaks no POP3")
    }

    /// Where submission listens.
    ///
    /// # Panics
    /// When it does not: see [`DovecotSetup::pop3_and_submission`].
    pub fn submission_address(&self) -> SocketAddr {
        self.submission.expect("this Dovecot speaks no SMTP")
    }

    /// Ends it; its folder stays.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Starts it again on the same addresses after [`Self::stop`].
    ///
    /// # Panics
    /// When it does not come up.
    pub fn restart(&mut self) {
        self.server.stop();
        self.server = launch(&self.scratch);
        self.await_start();
    }

    /// Has its processes sleep, or go on: connections are taken by the kernel, and nobody answers.
    pub fn freeze(&self, frozen: bool) {
        self.server.freeze(frozen);
    }

    /// Everything that Dovecot logged so far.
    pub fn log(&self) -> String {
        let log = fs::read(self.scratch.file("dovecot.log")).unwrap_or_default();
        let master = self.server.log();
        format!("{}{master}", String::from_utf8_lossy(&log))
    }

    fn await_start(&mut self) {
        let server = &mut self.server;
        let (imap, pop3, submission) = (self.imap, self.pop3, self.submission);
        let limit = Duration::from_secs(5);
        let mut up = false;
        wait::until(Duration::from_secs(30), || {
            up = imap::Session::open(imap, limit).is_ok()
                && pop3.is_none_or(|address| pop3::Session::open(address, limit).is_ok())
                && submission.is_none_or(|address| smtp::Session::open(address, limit).is_ok());
            up || server.has_ended()
        });
        assert!(up, "Dovecot does not come up; its log:\n{}", self.log());
    }
}

/// `doveadm auth` prints the reply's code and ends with 77 for every refusal.
fn login_answer(output: Output) -> LoginAnswer {
    let text = output.stdout + &output.stderr;
    let login = match output.code {
        Some(0) => Login::Accepted,
        Some(75) => Login::TemporaryFailure,
        Some(77) if text.contains("code=temp_fail") => Login::TemporaryFailure,
        Some(77) if text.contains("code=user_disabled") => Login::Disabled,
        Some(77) => Login::Rejected,
        other => panic!("doveadm auth ended with {other:?}: {text}"),
    };
    LoginAnswer {
        login,
        took: output.took,
        text,
    }
}
