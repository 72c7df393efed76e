//! The Rust face of `wit/`, generated: records, host traits and typed exports.
//!
//! Generated once, from the world that has everything (`lua`); components of the smaller worlds use
//! the same records, so one set of host functions and one conversion serves all.
#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "lua",
    // Host functions that wait for the outside suspend the guest's fiber instead of a thread.
    // All may trap: that is how an exceeded limit ends a call.
    imports: {
        "bulkhead:policy/dns": async | trappable,
        "bulkhead:policy/files": async | trappable,
        "bulkhead:policy/http": async | trappable,
        "bulkhead:policy/ldap": async | trappable,
        "bulkhead:policy/password": async | trappable,
        "bulkhead:policy/sql": async | trappable,
        "bulkhead:policy/store": async | trappable,
        default: trappable,
    },
    exports: { default: async },
});
