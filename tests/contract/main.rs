//! The published documents: the copies in the repository are what the code makes, and the running
//! server keeps to them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod document;
mod schemathesis;
mod server;
