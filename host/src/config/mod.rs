//! What an administrator wrote: schema, loading, validation, diagnostics.
//!
//! Knows no wasmtime and does not load plugins; it only says what is configured. [`load`] reports
//! everything that is wrong at once, each with its place, the reason, and what to write instead.

mod brute_force;
mod builtin;
mod cache;
mod diagnostic;
mod general;
mod health;
mod hooks;
mod include;
mod json_schema;
pub mod keys;
mod ldap;
mod listen;
mod load;
mod lookups;
mod merge;
mod observe;
mod pipeline;
mod place;
mod plugins;
mod reader;
mod reload;
mod schema;
mod secrets;
mod section;
mod server;
mod show;
mod show_free;
mod source;
mod source_map;
mod sql;
mod store;
mod units;
mod wire;
mod yaml;

pub use builtin::{BUILTIN, Builtin};
pub use diagnostic::{Diagnostic, Elsewhere, Severity, count, render, to_json};
pub use general::default_cache_directory;
pub use json_schema::json_schema;
pub use load::{Loaded, load, parse, yaml_to_json};
pub use place::Places;
pub use schema::{
    ActionEntry, AuthMechanism, Authorities, BasicAuth, BruteForce, Bucket, Cache, Compression,
    Config, CustomToleration, DEFAULT_HEADERS, DeepCheck, Dialect, DnsConfig, DnsGrant, Encryption,
    EndpointName, EventName, ExampleLogin, ExamplePassword, GeoipDatabase, Grants, HeaderNames,
    HealthChecks, HealthTarget, HookEntry, HttpGrant, Instances, Ldap, LdapBind, LdapGrant,
    LdapPassword, LdapPool, Limits, ListFormat, ListenAt, Listener, Lockout, MasterUsers, Observe,
    OnOutage, PipelineConfig, PluginConfig, PluginEntry, PluginSource, RateLimit, RedisAddress,
    RedisConfig, RedisServers, RedisTls, Reload, SecretSource, Selection, Server, ServerLimits,
    ServerPlace, ServerProtocol, ServerUri, SqlDatabase, SqlDatabases, SqlGrant, SqlHost, SqlKind,
    SqlPassword, SqlTls, StoreConfig, StorePassword, TlsFiles, TlsVersion, Tolerate, Traces,
};
pub use show::{Effective, effective};
pub use source::{Source, Span};
