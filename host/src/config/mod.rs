//! What an administrator wrote: schema, loading, validation, diagnostics.
//!
//! Knows no wasmtime and does not load plugins; it only says what is configured. [`load`] reports
//! everything that is wrong at once, each with its place, the reason, and what to write instead.

mod builtin;
mod diagnostic;
mod general;
pub mod keys;
mod load;
mod pipeline;
mod place;
mod plugins;
mod reader;
mod schema;
mod secrets;
mod section;
mod server;
mod source;
mod units;
mod yaml;

pub use builtin::{BUILTIN, Builtin};
pub use diagnostic::{Diagnostic, Severity, count, render, to_json};
pub use general::default_cache_directory;
pub use load::{Loaded, load, parse};
pub use place::Places;
pub use schema::{
    ActionEntry, BasicAuth, Config, Dialect, EventName, Grants, HookEntry, HttpGrant, Instances,
    Limits, Listen, Observe, PipelineConfig, PluginConfig, PluginEntry, PluginSource, SecretSource,
    Server, ServerLimits, StoreConfig,
};
pub use source::{Source, Span};
