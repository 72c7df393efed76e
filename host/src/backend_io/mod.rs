//! Clients of outside services. Each destination must have been granted; each wait has a deadline.

mod breaker;
pub mod dns;
pub mod geoip;
pub mod http;
pub mod ldap;
pub mod probe;
pub mod sql;

pub use self::breaker::BreakerState;
