//! The embedded store on disk.

/// Not yet.
pub struct RedbStore;
