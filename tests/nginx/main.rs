//! Real front ends before Bulkhead: nginx as mail proxy and web server, Caddy, HAProxy, Postfix with
//! saslauthd or Dovecot. Each runs with the file in `host/frontends` that users copy.
//!
//! Promises to notice: a login that should pass and does not, or the other way round; an outage that a
//! client sees as a wrong password; a byte of a name or password that changes on its way. Needs root and
//! the Debian packages that `tests/run` names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod balancer;
mod challenges;
// Of the databases there, not everything is used here.
#[allow(dead_code)]
#[path = "../sql/databases.rs"]
mod databases;
#[allow(dead_code)]
#[path = "../dovecot/homes.rs"]
mod homes;
mod mail;
mod mail_bytes;
mod mail_logins;
mod mail_tls;
mod pages;
mod policy;
mod postfix;
mod refusals;
mod saslauthd;
mod tls;
