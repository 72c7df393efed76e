//! Logins against real databases (PostgreSQL, MariaDB, SQLite) over HTTP, and what happens when they fail.
//!
//! The other backends that ask or need nobody but themselves (`http-backend`, `test`) are tested here too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod databases;
mod faults;
mod logins;
mod mistakes;
mod order;
mod pool;
mod restart;
mod service;
mod support;
mod tls;
