//! Clients of outside services. Each destination must have been granted; each wait has a deadline.

pub mod http;
pub mod sql;
