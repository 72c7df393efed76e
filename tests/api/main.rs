//! The HTTP API as a client sees it: a real listener, raw sockets, every byte compared.
//!
//! Plugins are plain functions here; what runs inside a sandbox is tested elsewhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod client;
mod header_fields;
mod hook_scripts;
mod hooks;
mod outcomes;
mod pages;
mod policy;
mod requests;
mod routes;
mod secrecy;
mod server;
mod spoken;
mod transport;
