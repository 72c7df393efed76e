//! The sandbox: compiles, caches, snapshots and runs components within their limits.
