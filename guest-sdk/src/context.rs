//! Data that the stages of one request hand to each other. Always available, except in hooks, init
//! and cache-flush plugins, which are no part of a login.
//!
//! Features and filters run side by side: each sees the context as it was when its stage began plus
//! its own changes; all changes are merged, in configuration order, when the stage ends.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    bindings::bulkhead::policy::context,
    host::{Current, Host},
};

/// Why a value could not be read or kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The stored value is not of the type that was asked for.
    #[error("context value `{key}` is of another type: {reason}")]
    OtherType {
        /// Its key.
        key: String,
        /// What does not fit.
        reason: String,
    },
    /// The value cannot be written as CBOR.
    #[error("context value `{key}` cannot be stored: {reason}")]
    Malformed {
        /// Its key.
        key: String,
        /// Why.
        reason: String,
    },
    /// The context would grow past the server's limit `context_bytes`.
    #[error("the context of this request is full")]
    TooLarge,
}

/// The value under the key; none when there is none.
///
/// # Errors
/// [`Error::OtherType`]
pub fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Error> {
    let Some(bytes) = Current::context_get(key) else {
        return Ok(None);
    };
    ciborium::from_reader(bytes.as_slice())
        .map(Some)
        .map_err(|error| Error::OtherType {
            key: key.to_owned(),
            reason: error.to_string(),
        })
}

/// Keeps a value for later stages.
///
/// # Errors
/// [`Error::Malformed`] and [`Error::TooLarge`]
pub fn set<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<(), Error> {
    let malformed = |reason: String| Error::Malformed {
        key: key.to_owned(),
        reason,
    };
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(|error| malformed(error.to_string()))?;
    Current::context_set(key, &bytes).map_err(|error| match error {
        context::Error::Malformed(reason) => malformed(reason),
        context::Error::TooLarge => Error::TooLarge,
    })
}

/// Forgets a value.
pub fn delete(key: &str) {
    Current::context_delete(key);
}
