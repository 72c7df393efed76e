//! Directories: the client and the plugin `ldap` against a real slapd, well, ill, and attacked.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod bad_servers;
mod changes;
mod client;
mod encryption;
mod injection;
mod limits;
mod login;
mod outages;
mod pools;
mod support;
