//! The Lua runtime: legacy scripts inside a WebAssembly component of world `lua`.
//!
//! [`Runtime`] is the whole of it: load a script once, then ask it one question per call. It knows
//! neither configuration nor network; everything outside goes through [`Host`]. On `wasm32` the crate
//! is the component itself (`component.rs`); elsewhere it is a library that tests drive with a host of
//! their own.

/// The contract, generated from `wit/`.
#[allow(missing_docs, clippy::all, clippy::restriction)]
pub mod wit {
    wit_bindgen::generate!({
        path: "../wit",
        world: "lua",
    });
}

mod api;
mod arguments;
mod call;
mod compile;
mod compiler;
#[cfg(target_arch = "wasm32")]
mod component;
mod convert;
mod host;
mod json;
mod modules;
mod request;
mod results;
mod runtime;
mod stages;
mod stdlib;
#[cfg(target_arch = "wasm32")]
mod wasm_host;

pub use host::Host;
pub use runtime::Runtime;
