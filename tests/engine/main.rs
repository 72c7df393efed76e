//! The sandbox against guests that behave, misbehave and are other people's.
//!
//! All tests of this binary share one engine, and the fixture guests of `tests/guests` are built once
//! per run, the way the build script builds the embedded ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod cache;
mod fairness;
mod files;
mod grants;
mod hostile;
mod isolation;
mod limits;
mod loading;
mod lua;
mod names;
mod support;
mod wasi;

#[allow(unreachable_pub)]
#[path = "../../host/build/guests.rs"]
mod guests;
