//! Values made for challenge-response mechanisms: DIGEST-MD5 and CRAM-MD5.

use md5::{Digest, Md5};

use super::{Hash, SchemeError, equal, malformed, md5_block};

/// MD5 of `user:realm:password` (RFC 2831, section 2.1.2.1). The realm is what follows the first
/// `@` of the user name, and empty without one.
pub(super) fn digest_md5(
    hash: &Hash<'_>,
    password: &[u8],
    username: &str,
) -> Result<bool, SchemeError> {
    let stored = hash.bytes(Some(32))?;
    if stored.len() != 16 {
        return Err(malformed("DIGEST-MD5 value: it is not 16 bytes long"));
    }
    if username.is_empty() {
        return Err(malformed("DIGEST-MD5 question: it needs a user name"));
    }
    let (user, realm) = username.split_once('@').unwrap_or((username, ""));
    let mut digest = Md5::new();
    for part in [user.as_bytes(), b":", realm.as_bytes(), b":", password] {
        digest.update(part);
    }
    Ok(equal(&stored, &digest.finalize()))
}

/// The states of the outer and inner MD5 of HMAC-MD5 after the padded key (RFC 2195, appendix).
pub(super) fn cram_md5(hash: &Hash<'_>, password: &[u8]) -> Result<bool, SchemeError> {
    let stored = hash.bytes(Some(64))?;
    if stored.len() != 32 {
        return Err(malformed("CRAM-MD5 value: it is not 32 bytes long"));
    }
    let hashed;
    let key: &[u8] = if password.len() > 64 {
        hashed = Md5::digest(password);
        &hashed
    } else {
        password
    };
    let mut contexts = Vec::with_capacity(32);
    for pad in [0x5c, 0x36] {
        let mut block = [pad; 64];
        for (target, byte) in block.iter_mut().zip(key) {
            *target ^= byte;
        }
        contexts.extend_from_slice(&md5_block::state_after(&block));
    }
    Ok(equal(&stored, &contexts))
}
