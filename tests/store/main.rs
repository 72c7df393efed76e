//! Redis as the store: every kind of it, and everything that can happen to it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod access;
mod cluster;
mod conform;
mod faults;
mod messages;
mod partition;
mod plugins;
mod policy;
mod replicas;
mod sentinel;
mod shared;
mod single;
mod support;
mod tls;

// Builds the fixture guest as the build script builds the embedded ones.
#[allow(unreachable_pub)]
#[path = "../../host/build/guests.rs"]
mod guests;
