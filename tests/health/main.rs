//! The servers behind the proxies: checks of real ones and of ones that misbehave, which of them a login
//! gets, and what happens to logins when they die and come back.
//!
//! Real servers are Dovecot (IMAP, POP3, submission, LMTP, ManageSieve), Postfix (SMTP) and nginx (HTTP,
//! and the mail proxy). Fakes do only what real ones do not: stall, drip, lie, break off.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod certificate;
mod fail_over;
mod fake;
mod faults;
mod life;
mod limits;
mod mail_server;
mod names;
mod policy;
mod real_servers;
mod serving;
mod targets;
