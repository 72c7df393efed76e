//! Counters and small values that outlive the request, under the grant `store`.
//!
//! Each plugin has a namespace of its own, which no key can leave. Keys are 1 to 512 bytes; values
//! are up to 1 MiB unless the server's limit `store_value_bytes` says otherwise. A time to live is
//! rounded up to whole seconds.

use std::time::Duration;

pub use crate::bindings::bulkhead::policy::store::Remaining;
use crate::host::{Current, Host};

/// Why the store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The key or value breaks a rule; the text says which.
    #[error("invalid store key or value: {0}")]
    Invalid(String),
    /// The stored value is not an integer, or the sum would overflow.
    #[error("the stored value is not an integer, or the sum would overflow")]
    NotANumber,
    /// The store cannot be reached or failed. Never treat this as "absent".
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// The value under the key.
///
/// # Errors
/// See [`Error`].
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    Current::store_get(key)
}

/// Stores a value; without a time to live it stays until it is deleted.
///
/// # Errors
/// See [`Error`].
pub fn set(
    key: &str,
    value: impl AsRef<[u8]>,
    time_to_live: Option<Duration>,
) -> Result<(), Error> {
    Current::store_set(key, value.as_ref(), time_to_live.map(seconds))
}

/// Deletes a value; true if there was one.
///
/// # Errors
/// See [`Error`].
pub fn delete(key: &str) -> Result<bool, Error> {
    Current::store_delete(key)
}

/// Adds to the integer under the key (0 when absent) and returns the sum, as one step. The time to
/// live applies only if this call created the key.
///
/// # Errors
/// See [`Error`].
pub fn increment(key: &str, by: i64, time_to_live: Option<Duration>) -> Result<i64, Error> {
    Current::store_increment(key, by, time_to_live.map(seconds))
}

/// Gives a key a new time to live; true if the key exists.
///
/// # Errors
/// See [`Error`].
pub fn expire(key: &str, time_to_live: Duration) -> Result<bool, Error> {
    Current::store_expire(key, seconds(time_to_live))
}

/// How long a key will live.
///
/// # Errors
/// See [`Error`].
pub fn time_to_live(key: &str) -> Result<Remaining, Error> {
    Current::store_time_to_live(key)
}

/// Whole seconds, rounded up, at most what fits.
fn seconds(duration: Duration) -> u32 {
    let up = u64::from(duration.subsec_nanos() > 0);
    u32::try_from(duration.as_secs().saturating_add(up)).unwrap_or(u32::MAX)
}
