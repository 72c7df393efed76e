//! The Lua VM: ottavino 0.4.0 (piccolo's continuation) with the patches of `../patches`.
//!
//! Everything here is the registry's source and the modules of `own`; `build.rs` says how they get here.
//! Only `bulkhead-lua` depends on this crate.
#![allow(warnings, clippy::all, clippy::restriction, clippy::pedantic)]

include!(concat!(env!("OUT_DIR"), "/vm/lib.rs"));
