//! The section `store`.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use crate::auth::Password;

/// `store`
#[derive(Clone, Debug, PartialEq)]
pub enum StoreConfig {
    /// `kind: memory`
    Memory,
    /// `kind: redb`, `path`. The default, in the state directory.
    Redb {
        /// The database file.
        path: PathBuf,
    },
    /// `kind: redis`, `redis`
    Redis(Box<RedisConfig>),
}

/// `store.redis`
#[derive(Clone, Debug, PartialEq)]
pub struct RedisConfig {
    /// `primary` with `replica`, `sentinels` or `cluster`
    pub servers: RedisServers,
    /// `username`: of the ACL. Default none: the server's default user.
    pub username: Option<String>,
    /// `password`. Default none.
    pub password: Option<StorePassword>,
    /// `tls`: default none, plain text.
    pub tls: Option<RedisTls>,
    /// `database_number`: default 0.
    pub database_number: u32,
    /// `prefix`: of all keys and channels. Default `bulkhead:`.
    pub prefix: String,
    /// `read_from_replicas`: what only reads may be answered by a replica. Default false.
    pub read_from_replicas: bool,
    /// `min_replicas`: a change counts as made when so many replicas have it. Default 0.
    pub min_replicas: u32,
    /// `pool_size`: connections to each server. Default 4.
    pub pool_size: u32,
    /// `concurrency`: operations at the same time. Default 1024.
    pub concurrency: u32,
    /// `pool_timeout`: longest wait for a place among them. Default 1 s.
    pub pool_timeout: Duration,
    /// `dial_timeout`: until a connection can be used. Default 2 s.
    pub dial_timeout: Duration,
    /// `read_timeout`: until the answer to what only reads. Default 1 s.
    pub read_timeout: Duration,
    /// `write_timeout`: until the answer to what changes something. Default 1 s.
    pub write_timeout: Duration,
    /// `operation_timeout`: for one operation, with all its tries. Default 3 s.
    pub operation_timeout: Duration,
    /// `max_retries`: further tries of an operation. Default 10.
    pub max_retries: u32,
    /// `on_outage`: what holds while Redis is away. Default `tempfail`.
    pub on_outage: OnOutage,
}

/// `store.redis.on_outage`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnOutage {
    /// `tempfail`: operations fail, and who needs them fails temporarily.
    #[default]
    TemporaryFailure,
    /// `local`: a store in memory takes over.
    Local,
}

/// Which servers there are.
#[derive(Clone, Debug, PartialEq)]
pub enum RedisServers {
    /// `primary`, `replica`
    Standalone {
        /// Takes the changes.
        primary: RedisAddress,
        /// Answer what only reads, with `read_from_replicas`.
        replicas: Vec<RedisAddress>,
    },
    /// `sentinels`
    Sentinel {
        /// The name by which they know the primary.
        master: String,
        /// Any of the sentinels.
        sentinels: Vec<RedisAddress>,
        /// Of the sentinels themselves.
        username: Option<String>,
        /// Of the sentinels themselves.
        password: Option<StorePassword>,
    },
    /// `cluster`
    Cluster {
        /// Some of its nodes; they know the others.
        nodes: Vec<RedisAddress>,
    },
}

/// `store.redis.tls`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RedisTls {
    /// `ca_file`: certificate authorities in PEM, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// `certificate` and `key`: who we are, in PEM.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// A name or IP address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RedisAddress {
    /// Without brackets.
    pub host: String,
    /// Not 0.
    pub port: u16,
}

impl RedisAddress {
    /// `host:port`, `1.2.3.4:port`, `[v6]:port`, or `v6:port` as Redis itself writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let wrong = |symbol: char| symbol.is_whitespace() || "/[]@".contains(symbol);
        if host.is_empty() || host.contains(wrong) {
            return None;
        }
        let port = port.parse().ok().filter(|port| *port != 0)?;
        Some(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

/// A password for the store. Valid UTF-8; cannot be printed.
#[derive(Clone)]
pub struct StorePassword(Arc<Password>);

impl StorePassword {
    /// Takes over a text.
    pub fn new(text: String) -> Self {
        Self(Arc::new(Password::new(text.into_bytes())))
    }

    /// The text, for the one who logs in with it.
    pub fn expose(&self) -> &str {
        std::str::from_utf8(self.0.expose()).unwrap_or_default()
    }
}

impl PartialEq for StorePassword {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose() == other.0.expose()
    }
}

impl fmt::Debug for StorePassword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(masked)")
    }
}

impl RedisConfig {
    /// These servers, with every other key at its default.
    pub fn new(servers: RedisServers) -> Self {
        Self {
            servers,
            username: None,
            password: None,
            tls: None,
            database_number: 0,
            prefix: "bulkhead:".to_owned(),
            read_from_replicas: false,
            min_replicas: 0,
            pool_size: 4,
            concurrency: 1024,
            pool_timeout: Duration::from_secs(1),
            dial_timeout: Duration::from_secs(2),
            read_timeout: Duration::from_secs(1),
            write_timeout: Duration::from_secs(1),
            operation_timeout: Duration::from_secs(3),
            max_retries: 10,
            on_outage: OnOutage::TemporaryFailure,
        }
    }

    /// One server without encryption and password.
    pub fn standalone(primary: RedisAddress) -> Self {
        Self::new(RedisServers::Standalone {
            primary,
            replicas: Vec::new(),
        })
    }
}
