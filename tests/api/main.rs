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
mod hooks;
mod listener_places;
mod listener_proxy;
mod listener_rate;
mod listener_tls;
mod outcomes;
mod pages;
mod policy;
mod requests;
mod secrecy;
mod server;
mod transport;
