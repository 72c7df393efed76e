//! What an administrator wrote: schema, loading, validation, diagnostics.
//!
//! Knows no wasmtime and does not load plugins; it only says what is configured. [`load`] reports
//! everything that is wrong at once, each with its place, the reason, and what to write instead.

mod builtin;
mod diagnostic;
mod general;
mod hooks;
mod include;
mod json_schema;
pub mod keys;
mod listen;
mod load;
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
    ActionEntry, BasicAuth, Compression, Config, DEFAULT_HEADERS, Dialect, EndpointName, EventName,
    ExampleLogin, ExamplePassword, Grants, HeaderNames, HookEntry, HttpGrant, Instances, Limits,
    ListenAt, Listener, Lockout, Observe, PipelineConfig, PluginConfig, PluginEntry, PluginSource,
    RateLimit, Reload, SecretSource, Server, ServerLimits, SqlDatabase, SqlDatabases, SqlGrant,
    SqlHost, SqlKind, SqlPassword, SqlTls, StoreConfig, TlsFiles, TlsVersion, Traces,
};
pub use show::{Effective, effective};
pub use source::{Source, Span};
