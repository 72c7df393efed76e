//! Write [Bulkhead](https://github.com/bulkhead-auth/bulkhead) plugins in Rust.
//!
//! A plugin is a type that implements [`Plugin`] (how it is configured) and the trait of its kind
//! (what it answers): [`Feature`], [`Backend`], [`Filter`], [`Action`], [`Hook`], [`Init`] or
//! [`CacheFlush`]. One line, such as `bulkhead_sdk::export_filter!(Name);`, makes the crate a
//! component.
//!
//! ```
//! use bulkhead_sdk::{Failure, Filter, Plugin, Problem, Request, filter::Answer};
//!
//! struct NoRoot;
//!
//! impl Plugin for NoRoot {
//!     type Configuration = ();
//!     fn new((): ()) -> Result<Self, Vec<Problem>> {
//!         Ok(Self)
//!     }
//! }
//!
//! impl Filter for NoRoot {
//!     fn run(&self, request: &Request) -> Result<Answer, Failure> {
//!         if request.username == "root" {
//!             return Ok(Answer::reject().with_status_message("Not you"));
//!         }
//!         Ok(Answer::keep())
//!     }
//! }
//!
//! bulkhead_sdk::export_filter!(NoRoot);
//! # fn main() {}
//! ```
//!
//! What a plugin may ask the server for has one module each: [`log`], [`context`], [`incoming`],
//! [`clock`] and [`random`] are always there; [`store`], [`http`], [`ldap`], [`sql`], [`password`],
//! [`metrics`], [`secret`], [`dns`] and [`geoip`] need a grant in the server's configuration, and a
//! component that uses one without the grant does not load.
//!
//! The same crate compiles natively, where every such call goes to the [`testing::TestHost`] of the
//! current thread: `cargo test` needs neither WebAssembly nor a server.
//!
//! The guide, from an empty folder to a decision, is the crate's README.
//!
//! Rust's `HashMap` uses fixed seeds on `wasm32-unknown-unknown`: whoever chooses the keys can make
//! it slow. Use `BTreeMap` for keys that come from a request.

pub mod action;
pub mod allowlist;
pub mod backend;
#[doc(hidden)]
pub mod bindings;
pub mod cache_flush;
pub mod clock;
mod configuration;
pub mod context;
pub mod dns;
mod failure;
pub mod feature;
pub mod filter;
pub mod geoip;
pub mod hook;
mod host;
pub mod http;
pub mod incoming;
pub mod init;
#[doc(hidden)]
pub mod instance;
pub mod ldap;
pub mod log;
pub mod metrics;
pub mod network;
#[cfg(target_arch = "wasm32")]
mod panic;
pub mod parameter;
pub mod password;
mod plugin;
pub mod random;
mod request;
pub mod secret;
pub mod sql;
pub mod store;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod value;

pub use action::Action;
pub use backend::Backend;
pub use bindings::bulkhead::policy::types::{
    Attribute, Client, Dovecot, Endpoint, Event, Header, Identity, Progress, Tls, Value,
};
pub use cache_flush::CacheFlush;
pub use failure::Failure;
pub use feature::Feature;
pub use filter::Filter;
pub use hook::Hook;
pub use init::Init;
pub use password::Password;
pub use plugin::{Described, Description, Plugin, Problem};
pub use request::Request;

// Plugins and the example code use these without depending on them by themselves.
pub use serde;
pub use serde_json;

/// Compiles and runs the examples of the guide.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Guide;
