//! The cache before the backends, from outside: the real binary, and a web service behind a Lua backend
//! that counts how often it is asked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod answers;
mod deaf;
mod flush;
mod master;
mod nodes;
mod protocols;
mod secrecy;
mod storm;
mod support;
