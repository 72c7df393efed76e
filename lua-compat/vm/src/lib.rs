//! The Lua VM: ottavino 0.4.0 (piccolo's continuation) with the patches of `../patches`.
//!
//! Everything here is the registry's source; `build.rs` says how it gets here. Only `bulkhead-lua`
//! depends on this crate.
#![allow(warnings, clippy::all, clippy::restriction, clippy::pedantic)]

include!(concat!(env!("OUT_DIR"), "/vm/lib.rs"));
