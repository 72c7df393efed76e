//! The command line and its configuration files, tested from outside: the real binary, real files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod check;
mod configuration;
mod effective;
mod lua_check;
mod plugins;
mod policy;
mod program;
mod readme;
mod reference;
mod schema;
mod scripts;
mod usage;
