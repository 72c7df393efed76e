//! A real Dovecot in front of Bulkhead, and in front of servers that misbehave.
//!
//! Promises to notice: a login that should pass and does not, or the other way round; an outage that
//! is taken for a wrong password; and any question that hangs. Needs root and Debian's Dovecot
//! packages, which are installed if they are missing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    missing_docs
)]

mod backends;
mod clients;
// Of the databases there, not everything is used here.
#[allow(dead_code)]
#[path = "../sql/databases.rs"]
mod databases;
mod expect;
mod faults;
mod glue_spec;
mod homes;
mod logins;
mod policy;
mod web_backend;
