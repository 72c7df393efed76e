//! One digest over the password, with or without a salt behind it.

use sha1::Digest;

use super::{Hash, SchemeError, equal, malformed};

/// The digest alone, in base64 or hexadecimal; the length tells which.
pub(super) fn plain<D: Digest>(hash: &Hash<'_>, password: &[u8]) -> Result<bool, SchemeError> {
    let size = <D as Digest>::output_size();
    let stored = hash.bytes(Some(2 * size))?;
    if stored.len() != size {
        return Err(malformed("value: its length is not that of its scheme"));
    }
    Ok(equal(&stored, &D::digest(password)))
}

/// The digest over password and salt, then the salt, which may have any length.
pub(super) fn salted<D: Digest>(hash: &Hash<'_>, password: &[u8]) -> Result<bool, SchemeError> {
    let stored = hash.bytes(None)?;
    let (digest, salt) = stored
        .split_at_checked(<D as Digest>::output_size())
        .ok_or_else(|| malformed("value: it is too short for its scheme"))?;
    let mut hasher = D::new();
    hasher.update(password);
    hasher.update(salt);
    Ok(equal(digest, &hasher.finalize()))
}
