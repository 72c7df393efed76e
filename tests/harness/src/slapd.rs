//! A real LDAP server: OpenLDAP's slapd, with one database in a scratch folder.
//!
//! Contract: listens on two loopback ports (plain and `ldaps`) and on a Unix socket, which stay the same when
//! it is stopped and started again, as does its database. Its log holds every bind and search with names and
//! filters (`stats`).

use std::{fs, net::SocketAddr, path::PathBuf, process::Command, time::Duration};

use rustix::process::Signal;

use crate::{Scratch, command, port, require_server, server::Server, wait};

/// How long stopping all threads may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Below this name is everything.
pub const SUFFIX: &str = "dc=example,dc=org";
/// May do everything.
pub const ADMIN: &str = "cn=admin,dc=example,dc=org";
/// Its password.
pub const ADMIN_PASSWORD: &str = "admin password";

/// What to start.
#[derive(Clone, Debug, Default)]
pub struct SlapdSetup {
    /// Lines for `slapd.conf` before the database.
    pub global: String,
    /// Lines for `slapd.conf` in the database, such as `access to …`.
    pub database: String,
    /// Entries below [`SUFFIX`], which is there already, as LDIF.
    pub entries: String,
    /// Certificate authority, certificate and key, in PEM; without them there is no TLS.
    pub tls: Option<[String; 3]>,
}

/// A running slapd.
pub struct Slapd {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    scratch: Scratch,
    plain: SocketAddr,
    encrypted: SocketAddr,
    has_tls: bool,
    /// Logs of earlier runs.
    past: String,
}

impl Slapd {
    /// Loads the entries and starts.
    ///
    /// # Panics
    /// When slapd is missing, does not take the entries or does not come up; the text holds its log.
    pub fn start(setup: &SlapdSetup) -> Self {
        require_server("slapd");
        let scratch = Scratch::new("slapd");
        scratch.folder("database");
        let configuration = configuration(&scratch, setup);
        scratch.write("slapd.conf", configuration);
        let root = format!(
            "dn: {SUFFIX}\nobjectClass: organization\nobjectClass: dcObject\no: Example\ndc: example\n\n{}",
            setup.entries
        );
        let entries = scratch.write("entries.ldif", root);
        let mut load = Command::new("/usr/sbin/slapadd");
        load.arg("-q")
            .arg("-f")
            .arg(scratch.file("slapd.conf"))
            .arg("-l")
            .arg(entries);
        let output = command::run(load, Duration::from_secs(120));
        assert_eq!(output.code, Some(0), "slapadd failed: {output:?}");
        let (plain, encrypted) = (port::free(), port::free());
        let has_tls = setup.tls.is_some();
        let server = launch(&scratch, plain, has_tls.then_some(encrypted));
        let mut slapd = Self {
            server,
            scratch,
            plain,
            encrypted,
            has_tls,
            past: String::new(),
        };
        slapd.await_listening();
        slapd
    }

    /// `ldap://…`
    pub fn uri(&self) -> String {
        format!("ldap://{}", self.plain)
    }

    /// `ldaps://…`
    pub fn encrypted_uri(&self) -> String {
        format!("ldaps://{}", self.encrypted)
    }

    /// `ldapi://…`
    pub fn socket_uri(&self) -> String {
        format!("ldapi://{}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.scratch.file("ldapi")
    }

    /// Where it speaks without TLS.
    pub fn address(&self) -> SocketAddr {
        self.plain
    }

    /// Everything that it logged, in earlier runs too.
    pub fn log(&self) -> String {
        format!("{}{}", self.past, self.server.log())
    }

    /// Asks it to end, and waits.
    pub fn stop(&mut self) {
        self.wake();
        self.server.stop();
        self.past.push_str(&self.server.log());
    }

    /// Starts it again after [`Self::stop`], on the same ports.
    pub fn restart(&mut self) {
        self.server = launch(
            &self.scratch,
            self.plain,
            self.has_tls.then_some(self.encrypted),
        );
        self.await_listening();
    }

    /// Lets it do nothing any more, with its connections open.
    pub fn stall(&self) {
        self.server.signal(Signal::STOP);
        // Its threads stop one after the other.
        let tasks = format!("/proc/{}/task", self.server.id());
        let has_stopped = || {
            let mut tasks = fs::read_dir(&tasks).into_iter().flatten().flatten();
            tasks.all(|task| {
                let facts = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
                // The state stands behind the name, which is in parentheses (proc(5)).
                facts
                    .rsplit_once(") ")
                    .is_none_or(|(_, facts)| facts.starts_with('T'))
            })
        };
        assert!(wait::until(PATIENCE, has_stopped), "slapd does not stop");
    }

    /// Ends [`Self::stall`].
    pub fn wake(&self) {
        self.server.signal(Signal::CONT);
    }

    fn await_listening(&mut self) {
        let mut addresses = vec![self.plain];
        addresses.extend(self.has_tls.then_some(self.encrypted));
        let up = self.server.await_listening(&addresses);
        assert!(up, "slapd does not come up; its log:\n{}", self.log());
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        // A stalled process ends only when it is killed, which takes its time.
        self.wake();
    }
}

fn configuration(scratch: &Scratch, setup: &SlapdSetup) -> String {
    let folder = scratch.path().display();
    let mut tls = String::new();
    if let Some(files) = &setup.tls {
        let keys = [
            "TLSCACertificateFile",
            "TLSCertificateFile",
            "TLSCertificateKeyFile",
        ];
        for (key, pem) in keys.into_iter().zip(files) {
            let file = scratch.write(&format!("{key}.pem"), pem);
            tls.push_str(&format!("{key} {}\n", file.display()));
        }
    }
    let schemas: String = ["core", "cosine", "inetorgperson"]
        .map(|name| format!("include /etc/ldap/schema/{name}.schema\n"))
        .concat();
    fs::create_dir_all(scratch.file("database")).expect("cannot create a folder");
    format!(
        "{schemas}\
         modulepath /usr/lib/ldap\n\
         moduleload back_mdb\n\
         pidfile {folder}/slapd.pid\n\
         argsfile {folder}/slapd.args\n\
         {tls}{global}\n\
         database mdb\n\
         suffix \"{SUFFIX}\"\n\
         rootdn \"{ADMIN}\"\n\
         rootpw \"{ADMIN_PASSWORD}\"\n\
         directory {folder}/database\n\
         maxsize 134217728\n\
         dbnosync\n\
         {database}\n",
        global = setup.global,
        database = setup.database,
    )
}

fn launch(scratch: &Scratch, plain: SocketAddr, encrypted: Option<SocketAddr>) -> Server {
    let socket = scratch.file("ldapi").display().to_string();
    let mut uris = format!("ldap://{plain}/ ldapi://{}/", socket.replace('/', "%2F"));
    if let Some(encrypted) = encrypted {
        uris.push_str(&format!(" ldaps://{encrypted}/"));
    }
    let mut command = Command::new("/usr/sbin/slapd");
    // In the foreground, with its log on standard error.
    command
        .args(["-d", "stats", "-h", &uris, "-f"])
        .arg(scratch.file("slapd.conf"));
    Server::start(command, &scratch.file("slapd.log"))
}
