//! The store in memory: gone when the process ends.

/// Not yet.
pub struct MemoryStore;
