//! The effective configuration: plain data with every default filled in.
//!
//! Built by `config::load`, used by everyone else. Paths are absolute. Keys are those of the YAML
//! file unless a field says otherwise.

mod brute_force;
mod cache;
mod health;
mod ldap;
mod ldap_uri;
mod limits;
mod lookups;
mod observe;
mod reload;
mod server;
mod sql;
mod store;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

pub use brute_force::{BruteForce, Bucket, CustomToleration, ListFormat, Tolerate};
pub use cache::{Cache, MasterUsers};
pub use health::{
    AuthMechanism, Authorities, DeepCheck, Encryption, HealthChecks, HealthTarget, Selection,
    ServerProtocol,
};
pub use ldap::{Ldap, LdapBind, LdapGrant, LdapPassword, LdapPool};
pub use ldap_uri::{ServerPlace, ServerUri};
pub use limits::ServerLimits;
pub use lookups::{DnsConfig, DnsGrant, GeoipDatabase};
pub use observe::{Observe, Traces};
pub use reload::{ExampleLogin, ExamplePassword, Reload};
pub use server::{
    BasicAuth, Compression, DEFAULT_HEADERS, EndpointName, HeaderNames, ListenAt, Listener,
    Lockout, RateLimit, Server, TlsFiles, TlsVersion,
};
pub use sql::{SqlDatabase, SqlDatabases, SqlGrant, SqlHost, SqlKind, SqlPassword, SqlTls};
pub use store::{
    OnOutage, RedisAddress, RedisConfig, RedisServers, RedisTls, StoreConfig, StorePassword,
};

use crate::pipeline::OnError;

/// Everything that one generation of the server needs to know.
#[derive(Clone)]
pub struct Config {
    /// The main file.
    pub file: PathBuf,
    /// Every file that took part, in the order in which they were read: the main file first.
    pub files: Vec<PathBuf>,
    /// Folders in which a new file may become a part of the configuration (`include: conf.d/*.yaml`).
    pub include_folders: Vec<PathBuf>,
    /// Files that hold secrets which a section names itself (`password: {file: …}`), and those of
    /// `secrets`.
    pub secret_files: Vec<PathBuf>,
    /// `server`
    pub server: Server,
    /// `backend_health_checks`
    pub health_checks: HealthChecks,
    /// `store`
    pub store: StoreConfig,
    /// `cache`; nothing is cached without the section.
    pub cache: Option<Cache>,
    /// `ldap`
    pub ldap: Ldap,
    /// `sql`
    pub sql: SqlDatabases,
    /// `limits`
    pub limits: ServerLimits,
    /// `pipeline`
    pub pipeline: PipelineConfig,
    /// `plugins`, by the names that `pipeline` uses. Every name in `pipeline` has an entry here
    /// (defaults if the file has none).
    pub plugins: BTreeMap<String, PluginConfig>,
    /// `secrets`, by name.
    pub secrets: BTreeMap<String, SecretSource>,
    /// `brute_force`, if it is written.
    pub brute_force: Option<Arc<BruteForce>>,
    /// `dns`
    pub dns: DnsConfig,
    /// `geoip`, by name.
    pub geoip: BTreeMap<String, GeoipDatabase>,
    /// `observe`
    pub observe: Observe,
    /// `reload`
    pub reload: Reload,
    /// `cache_directory`: compiled components. Default: `$XDG_CACHE_HOME/bulkhead` or
    /// `~/.cache/bulkhead`; `/var/cache/bulkhead` for root.
    pub cache_directory: PathBuf,
}

/// `pipeline`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PipelineConfig {
    /// `sequential: true`: features one after the other, the first trigger stops.
    pub sequential: bool,
    /// `init`: run once when the generation is loaded; one that fails keeps it from being used.
    pub init: Vec<PluginEntry>,
    /// `features`
    pub features: Vec<PluginEntry>,
    /// `controls`: after the features, in order.
    pub controls: Vec<PluginEntry>,
    /// `backends`, asked in order.
    pub backends: Vec<PluginEntry>,
    /// `filters`
    pub filters: Vec<PluginEntry>,
    /// `actions`
    pub actions: Vec<ActionEntry>,
    /// `hooks`
    pub hooks: Vec<HookEntry>,
    /// `cache_flush`: asked what else to forget when a user is flushed.
    pub cache_flush: Vec<PluginEntry>,
    /// `master_users`; nobody may log in as another without the section.
    pub master_users: Option<MasterUsers>,
}

/// One plugin in the pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginEntry {
    /// `name`: unique over the whole pipeline.
    pub name: String,
    /// `component` or `script`
    pub source: PluginSource,
    /// `when_no_auth`: also asked when no password is checked. Default false for features and
    /// filters; backends and actions are always asked.
    pub when_no_auth: bool,
    /// `when_authenticated`: filters only; default true.
    pub when_authenticated: bool,
    /// `when_unauthenticated`: filters only; default true.
    pub when_unauthenticated: bool,
    /// `protocols`: backends only; all protocols if empty.
    pub protocols: Vec<String>,
    /// `cache`: backends only; default true.
    pub cached: bool,
    /// `cache_name`: backends only.
    pub cache_name: Option<String>,
}

/// An action and what makes it run.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionEntry {
    /// `on`
    pub event: EventName,
    /// The rest.
    pub plugin: PluginEntry,
}

/// The events by their configuration names: `lua`, `tls_encryption`, `relay_domains`, `rbl`,
/// `brute_force`, `post`.
pub type EventName = crate::auth::Event;

/// A hook and where it answers.
#[derive(Clone, Debug, PartialEq)]
pub struct HookEntry {
    /// `location`: below `/api/v1/custom/`.
    pub location: String,
    /// `method`: default GET.
    pub method: String,
    /// `alias`: an absolute path that answers too, where nothing else does.
    pub alias: Option<String>,
    /// `content_type`: of the answer, unless the hook sets one.
    pub content_type: Option<String>,
    /// The rest.
    pub plugin: PluginEntry,
}

/// Where a plugin's code is.
#[derive(Clone, Debug, PartialEq)]
pub enum PluginSource {
    /// `component: builtin:NAME`: a first-party plugin inside the binary.
    Builtin(String),
    /// `component: FILE`
    Component(PathBuf),
    /// `script: FILE`
    Script {
        /// The file.
        path: PathBuf,
        /// `dialect`: default 5.1.
        dialect: Dialect,
        /// `package_path`: absolute templates with `?`, joined by `;`. The last one is the script's
        /// own folder.
        package_path: String,
    },
}

/// Which Lua a script is written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `5.1`: Nauthilus scripts.
    #[default]
    Lua51,
    /// `5.4`: Dovecot scripts.
    Lua54,
}

/// `plugins.NAME`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PluginConfig {
    /// `configuration`: given to the plugin as JSON.
    pub configuration: serde_json::Value,
    /// `grants`
    pub grants: Grants,
    /// `limits`
    pub limits: Limits,
    /// `on_error`: `tempfail` (default), `reject` or `skip`.
    pub on_error: OnError,
    /// `instances`
    pub instances: Instances,
}

/// `plugins.NAME.grants`: what a plugin may ask the host to do. Nothing by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grants {
    /// `password: true`: sees the password, and may have hashes verified.
    pub password: bool,
    /// `store: true`
    pub store: bool,
    /// `metrics: true`
    pub metrics: bool,
    /// `may-accept: true`: a filter may turn a reject into an accept.
    pub may_accept: bool,
    /// `http`
    pub http: Option<HttpGrant>,
    /// `ldap`
    pub ldap: Option<LdapGrant>,
    /// `sql`
    pub sql: Option<SqlGrant>,
    /// `secret`: names of top-level `secrets`.
    pub secret: BTreeSet<String>,
    /// `dns`: `true`, or zones.
    pub dns: Option<DnsGrant>,
    /// `geoip`: names of top-level `geoip`.
    pub geoip: BTreeSet<String>,
    /// `environment`: names of variables; scripts only.
    pub environment: BTreeSet<String>,
    /// `files`: absolute paths of files and folders that may be read; scripts only.
    pub files: BTreeSet<PathBuf>,
}

/// `plugins.NAME.grants.http`
#[derive(Clone, Debug, PartialEq)]
pub struct HttpGrant {
    /// `hosts`: `name`, `name:port`, `*.name`, an address, `[v6]:port` or a network. Without a port,
    /// 80 and 443 are meant.
    pub hosts: Vec<String>,
    /// `private`: names may resolve to loopback, private and link-local addresses. An address or
    /// network written in `hosts` needs no `private`. Default false.
    pub private: bool,
    /// `methods`: all if empty.
    pub methods: Vec<String>,
    /// `response_bytes`: default 1 MiB.
    pub response_bytes: u64,
    /// `request_bytes`: default 1 MiB.
    pub request_bytes: u64,
    /// `timeout`: default 5 s.
    pub timeout: Duration,
    /// `redirects`: most that a request may ask for. Default 5.
    pub redirects: u8,
    /// `ca_file`: certificate authorities in PEM, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// `breaker_failures`: requests in a row without an answer, after which a destination is left alone.
    /// Default 10.
    pub breaker_failures: u32,
    /// `breaker_cool_down`: for how long. Default 2 s.
    pub breaker_cool_down: Duration,
}

impl Default for HttpGrant {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            private: false,
            methods: Vec::new(),
            response_bytes: 1 << 20,
            request_bytes: 1 << 20,
            timeout: Duration::from_secs(5),
            redirects: 5,
            ca_file: None,
            breaker_failures: 10,
            breaker_cool_down: Duration::from_secs(2),
        }
    }
}

/// `plugins.NAME.limits`: of one plugin; all but `concurrency` and `queue` are per call.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// `memory`: linear memory. Default 32 MiB.
    pub memory_bytes: u64,
    /// `cpu`: time inside the plugin's code and host functions that do not wait. Default 1 s.
    pub cpu: Duration,
    /// `wall_clock`: from start to end, waiting for the outside included. Default 5 s.
    pub wall_clock: Duration,
    /// `concurrency`: calls at the same time. Default 32.
    pub concurrency: u32,
    /// `queue`: calls that wait for a slot. Default 256.
    pub queue: u32,
    /// `boundary_bytes`: all that the plugin hands to the host in one call. Default 4 MiB.
    pub boundary_bytes: u64,
    /// `file_bytes`: the largest file that a script reads. Default 16 MiB.
    pub file_bytes: u64,
    /// `log_lines`: default 100; further lines are dropped and counted.
    pub log_lines: u32,
    /// `host_calls`: calls of imported functions. Default 10,000.
    pub host_calls: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 32 << 20,
            cpu: Duration::from_secs(1),
            wall_clock: Duration::from_secs(5),
            concurrency: 32,
            queue: 256,
            boundary_bytes: 4 << 20,
            file_bytes: 16 << 20,
            log_lines: 100,
            host_calls: 10_000,
        }
    }
}

/// `plugins.NAME.instances`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Instances {
    /// `fresh`: every call starts from the image made at load. The default.
    #[default]
    Fresh,
    /// `pooled`: instances serve one call after the other; what a call leaves in memory, the next
    /// call sees. Faster, and only as isolated as the plugin's own code.
    Pooled,
}

/// `secrets.NAME`: where a secret's value is.
#[derive(Clone)]
pub enum SecretSource {
    /// `file`: its content, without one final line end.
    File(PathBuf),
    /// `env`: the variable of that name.
    Environment(String),
}
