//! The parsers, with a door for each fuzz target.
//!
//! Compiles the parsers' own sources by path. That this works without wasmtime is itself a check: what
//! parses a stranger's bytes knows nothing of the engine. A target must not panic, must end soon, and
//! must not use much memory; what it answers is tested elsewhere.
#![allow(dead_code, unused_imports, unreachable_pub, missing_docs)]

#[path = "../../../host/src/auth/mod.rs"]
pub mod auth;
#[path = "../../../host/src/config/mod.rs"]
pub mod config;
#[path = "../../../host/src/pipeline/mod.rs"]
pub mod pipeline;

pub mod api;

pub use api::{form, json};

pub fn yaml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let path = std::path::Path::new("/nowhere/bulkhead.yaml");
    match config::parse(path, text) {
        Ok(loaded) => {
            let _ = config::render(&loaded.warnings, false);
        }
        Err(diagnostics) => {
            let _ = config::render(&diagnostics, false);
        }
    }
}
