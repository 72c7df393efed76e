//! The section `sql`: databases that plugins may ask.

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc, time::Duration};

use crate::auth::Password;

/// `sql`: databases by name.
pub type SqlDatabases = BTreeMap<String, Arc<SqlDatabase>>;

/// `sql.NAME`
#[derive(Clone, PartialEq)]
pub struct SqlDatabase {
    /// The key in the section.
    pub name: String,
    /// `kind`
    pub kind: SqlKind,
    /// `hosts`, in the order in which they are tried; none for SQLite.
    pub hosts: Vec<SqlHost>,
    /// `replicas`: tried before `hosts` by whoever only reads.
    pub replicas: Vec<SqlHost>,
    /// `path`: the file of SQLite; empty otherwise.
    pub path: PathBuf,
    /// `database`: its name on the server; empty for SQLite.
    pub database: String,
    /// `username`; empty for SQLite.
    pub username: String,
    /// `password`
    pub password: Option<SqlPassword>,
    /// `tls`
    pub tls: SqlTls,
    /// `ca_file`: certificate authorities in PEM, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// `certificate` and `key`: what this server shows of itself, in PEM.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// `connections`: to each host at the same time. Default 10.
    pub connections: u32,
    /// `connect_timeout`: until a connection can be used. Default 2 s.
    pub connect_timeout: Duration,
    /// `wait_timeout`: for a free connection. Default 1 s.
    pub wait_timeout: Duration,
    /// `query_timeout`: of one statement. Default 3 s.
    pub query_timeout: Duration,
    /// `idle_timeout`: after which an unused connection is given up. Default 5 minutes.
    pub idle_timeout: Duration,
    /// `rows`: most rows of one answer. Default 10,000.
    pub rows: u32,
    /// `result_bytes`: most bytes of one answer. Default 4 MiB.
    pub result_bytes: u64,
    /// `failures`: so many in a row, and a host is left alone. Default 5.
    pub failures: u32,
    /// `cool_down`: for so long. Default 10 s.
    pub cool_down: Duration,
    /// `probe_interval`: between two looks at each host. Default 10 s.
    pub probe_interval: Duration,
}

impl Default for SqlDatabase {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: SqlKind::Postgresql,
            hosts: Vec::new(),
            replicas: Vec::new(),
            path: PathBuf::new(),
            database: String::new(),
            username: String::new(),
            password: None,
            tls: SqlTls::Off,
            ca_file: None,
            certificate: None,
            connections: 10,
            connect_timeout: Duration::from_secs(2),
            wait_timeout: Duration::from_secs(1),
            query_timeout: Duration::from_secs(3),
            idle_timeout: Duration::from_secs(300),
            rows: 10_000,
            result_bytes: 4 << 20,
            failures: 5,
            cool_down: Duration::from_secs(10),
            probe_interval: Duration::from_secs(10),
        }
    }
}

/// Names every field but the password: what plugins are made of is compared by this text.
impl fmt::Debug for SqlDatabase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            kind,
            hosts,
            replicas,
            path,
            database,
            username,
            password,
            tls,
            ca_file,
            certificate,
            connections,
            connect_timeout,
            wait_timeout,
            query_timeout,
            idle_timeout,
            rows,
            result_bytes,
            failures,
            cool_down,
            probe_interval,
        } = self;
        let server = (kind, hosts, replicas, path, database, username);
        let trust = (password.is_some(), tls, ca_file, certificate);
        let times = (connect_timeout, wait_timeout, query_timeout, idle_timeout);
        let limits = (connections, rows, result_bytes);
        let circuit = (failures, cool_down, probe_interval);
        write!(
            formatter,
            "{name} {server:?} {trust:?} {times:?} {limits:?} {circuit:?}"
        )
    }
}

/// `password`
#[derive(Clone)]
pub struct SqlPassword(pub Arc<Password>);

impl PartialEq for SqlPassword {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose() == other.0.expose()
    }
}

/// `kind`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlKind {
    /// `postgresql`
    Postgresql,
    /// `mysql`: MariaDB too.
    Mysql,
    /// `sqlite`
    Sqlite,
}

/// One of `hosts` and `replicas`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlHost {
    /// `name`, `name:port`, an address, `[v6]:port`.
    Tcp {
        /// Name or address, without brackets.
        host: String,
        /// 1 to 65535.
        port: u16,
    },
    /// A path: the socket of MariaDB, or the folder of PostgreSQL's socket and the port in its name.
    Unix {
        /// Absolute.
        path: PathBuf,
        /// PostgreSQL only.
        port: u16,
    },
}

impl fmt::Display for SqlHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(formatter, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(formatter, "{host}:{port}"),
            Self::Unix { path, .. } => path.display().fmt(formatter),
        }
    }
}

/// `tls`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlTls {
    /// `off`
    Off,
    /// `require`: encrypted, whoever it is.
    Require,
    /// `verify-ca`: encrypted, and somebody whom the authorities vouch for.
    VerifyCa,
    /// `verify-full`: encrypted, and the host that was meant.
    VerifyFull,
}

/// `plugins.NAME.grants.sql`
#[derive(Clone, Debug, PartialEq)]
pub struct SqlGrant {
    /// `databases`
    pub databases: SqlDatabases,
    /// `read_only`: default true.
    pub read_only: bool,
}
