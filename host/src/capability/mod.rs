//! What a guest can ask the host to do: one file per WIT import, each bound to its grant.
//!
//! Together with `engine` the only room that names wasmtime. A host function counts itself and its
//! bytes first ([`CallState::charge`]), then checks its grant, then acts; it never panics, and errors
//! that the contract knows go back to the guest as values.

pub(crate) mod answer;
pub(crate) mod bindings;
mod clock;
mod context;
pub(crate) mod convert;
mod dns;
mod environment;
mod files;
mod geoip;
mod grant;
mod http;
mod incoming;
mod ldap;
mod log;
mod meter;
mod metrics;
mod output;
mod password;
pub mod password_pool;
mod random;
mod secret;
mod services;
mod sources;
mod sql;
mod state;
mod stop;
mod store;
mod wasi;

pub use grant::{Grant, Need, need};
pub use log::printable;
pub use meter::Meter;
pub use services::{
    AddressLookup, HttpEgress, HttpError, HttpSend, IncomingResponse, LdapAsk, MetricChange,
    MetricError, NameLookup, OutgoingRequest, PasswordError, PasswordVerify, PluginMetrics,
    Services, SqlAccess, SqlError, SqlOpen, SqlPiece, SqlTable, SqlValue, Verification,
};
pub use sources::Sources;
pub use state::{CallState, Rights, TABLE_ELEMENTS};
pub use stop::Stop;
pub use store::store_namespace;
pub(crate) use wasi::link;

impl bindings::bulkhead::policy::types::Host for CallState {}
