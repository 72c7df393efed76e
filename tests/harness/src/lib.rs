//! Harness for tests against real servers: starts them on free loopback ports in folders of their
//! own, talks to them, and takes them down again.
//!
//! Contract: whatever a test starts is gone when its value is dropped, also when the test panics;
//! nothing outside the scratch folders is written; two tests never share a port. The harness is
//! test code and fails loudly: it panics with what it saw instead of returning errors. It knows
//! nothing of Bulkhead's library, only of its binary and its protocols.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

pub mod account;
pub mod bulkhead;
pub mod caddy;
pub mod command;
pub mod dns;
pub mod dovecot;
pub mod false_dns;
pub mod haproxy;
pub mod http;
pub mod imap;
pub mod lines;
pub mod lua;
pub mod mariadb;
pub mod network;
pub mod nginx;
pub mod packages;
pub mod pop3;
pub mod port;
pub mod postfix;
pub mod postgres;
pub mod redis;
pub mod relay;
pub mod saslauthd;
pub mod scratch;
pub mod server;
pub mod slapd;
pub mod smtp;
pub mod template;
pub mod wait;
pub mod web;

pub use bulkhead::{Bulkhead, Policy};
pub use caddy::Caddy;
pub use dns::Nsd;
pub use dovecot::{Dovecot, DovecotSetup, Login};
pub use false_dns::FalseDns;
pub use haproxy::Haproxy;
pub use mariadb::Mariadb;
pub use network::Network;
pub use nginx::{Nginx, NginxSetup};
pub use packages::require_server;
pub use postfix::{Postfix, PostfixSetup};
pub use postgres::Postgres;
pub use redis::{Redis, RedisCluster, RedisSentinels, RedisSetup};
pub use relay::{Line, Relay};
pub use saslauthd::Saslauthd;
pub use scratch::Scratch;
pub use slapd::{Slapd, SlapdSetup};
pub use template::Template;
pub use web::{Answer, Exchange, WebServer};
