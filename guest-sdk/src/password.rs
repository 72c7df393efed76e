//! Passwords, and under the grant `password` their verification against stored hashes.

use std::fmt;

use zeroize::Zeroize;

pub use crate::bindings::bulkhead::policy::password::Verification;
use crate::host::{Current, Host};

/// What a person typed. It does not print itself, and wipes its bytes when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Vec<u8>);

impl Password {
    /// The bytes. Nothing says that they are UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Password {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(***)")
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Why a verification has no outcome. Never the same as "wrong password".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The server does not know the scheme.
    #[error("unknown password scheme: {0}")]
    UnknownScheme(String),
    /// The stored value cannot be decoded.
    #[error("malformed stored password: {0}")]
    Malformed(String),
    /// The stored value asks for more memory or rounds than the server allows.
    #[error("stored password is too expensive to verify: {0}")]
    TooExpensive(String),
    /// The verification queue is full.
    #[error("too many password verifications at the same time")]
    Overloaded,
}

/// True if the password matches the stored value: `{SCHEME}data`, `{SCHEME.ENCODING}data` or a
/// crypt(3) string, as Dovecot stores it. A value without a scheme is plain text.
///
/// # Errors
/// When the server cannot tell; see [`Error`].
pub fn verify(stored: impl AsRef<[u8]>, password: &Password) -> Result<bool, Error> {
    verify_with(Verification {
        stored: stored.as_ref().to_vec(),
        password: password.as_bytes().to_vec(),
        username: String::new(),
        default_scheme: String::new(),
    })
}

/// As [`verify`], with a default scheme, and a user name for DIGEST-MD5.
///
/// # Errors
/// When the server cannot tell; see [`Error`].
pub fn verify_with(mut verification: Verification) -> Result<bool, Error> {
    let outcome = Current::password_verify(&verification);
    verification.password.zeroize();
    outcome
}
