//! What an administrator wrote: schema, loading, validation, diagnostics.
//!
//! Knows no wasmtime and does not load plugins; it only says what is configured.

mod schema;

pub use schema::{
    ActionEntry, BasicAuth, Config, Dialect, EventName, Grants, HookEntry, HttpGrant, Instances,
    Limits, Listen, Observe, PipelineConfig, PluginConfig, PluginEntry, PluginSource, SecretSource,
    Server, ServerLimits, StoreConfig,
};
