//! Fresh cryptographic randomness in every call, whatever was frozen at load. Always available.

use crate::host::{Current, Host};

/// Random bytes; `length` is at most 65536.
pub fn bytes(length: u32) -> Vec<u8> {
    Current::random_bytes(length)
}

/// A random 128-bit number as 32 hexadecimal digits: an identifier that nobody can guess.
pub fn identifier() -> String {
    bytes(16).iter().map(|byte| format!("{byte:02x}")).collect()
}
