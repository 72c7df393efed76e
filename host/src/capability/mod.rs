//! What a guest can ask the host to do: one file per WIT import, each bound to its grant.

pub mod password_pool;
