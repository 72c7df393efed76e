//! Bulkhead: an authentication policy server whose every rule runs in a sandbox of its own.
//!
//! The rooms, and what each must not know, are described in `ARCHITECTURE.md`. In short: `auth` holds
//! plain types, `pipeline` decides in which order plugins are asked, `engine` and `capability` run
//! them (and are the only ones to name wasmtime), `store` and `backend_io` reach the outside,
//! `upstream` knows which of the servers behind the proxies live, `control` counts failed logins, `api`
//! speaks HTTP, `config` reads what an administrator wrote, `cli` is the command line.

pub mod api;
pub mod auth;
pub mod backend_io;
pub mod capability;
pub mod cli;
pub mod config;
pub mod control;
pub mod engine;
pub mod jobs;
pub mod login_cache;
pub mod lua_check;
pub mod observe;
pub mod pipeline;
pub mod reload;
pub mod store;
pub mod upstream;
