//! Digests of names and passwords, so that the store never holds either.
//!
//! HMAC-SHA-256 (RFC 2104) in full: 32 bytes, never cut. Parts are preceded by their lengths, so that no
//! two lists of parts have one digest.

use ring::hmac;

/// What a digest is of; digests of different kinds never meet.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    User,
    Password,
    Repeated,
}

/// The key of all digests.
#[derive(Clone)]
pub(super) struct DigestKey(hmac::Key);

impl DigestKey {
    /// From a secret of any length.
    pub(super) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    pub(super) fn digest(&self, kind: Kind, parts: &[&[u8]]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[kind as u8]);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_digest_is_256_bits_and_depends_on_its_key_and_kind() {
        let key = DigestKey::new(b"one key");
        let digest = key.digest(Kind::Password, &[b"alice", b"secret"]);
        assert_eq!(digest.len(), 32);
        let other = DigestKey::new(b"another");
        assert_ne!(digest, other.digest(Kind::Password, &[b"alice", b"secret"]));
        assert_ne!(digest, key.digest(Kind::Repeated, &[b"alice", b"secret"]));
        assert_eq!(digest, key.digest(Kind::Password, &[b"alice", b"secret"]));
    }

    #[test]
    fn separators_in_parts_make_no_two_logins_one() {
        // Every way to spread these characters over two parts, and then some.
        let key = DigestKey::new(b"key");
        let pieces = ["", "a", "|", "\0", ":", "a|", "|a", "\0\0", "aa", "\u{0}a"];
        let mut seen = HashMap::new();
        for account in pieces {
            for password in pieces {
                for more in ["", "x"] {
                    let password = format!("{password}{more}");
                    let digest =
                        key.digest(Kind::Password, &[account.as_bytes(), password.as_bytes()]);
                    let pair = (account.to_owned(), password);
                    let old = seen.insert(digest, pair.clone());
                    assert!(old.is_none_or(|old| old == pair));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn different_parts_have_different_digests(
            left in prop::collection::vec("[a|\\x00]{0,3}", 0..4),
            right in prop::collection::vec("[a|\\x00]{0,3}", 0..4),
        ) {
            let key = DigestKey::new(b"key");
            let of = |parts: &[String]| {
                let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
                key.digest(Kind::User, &parts)
            };
            prop_assert_eq!(left == right, of(&left) == of(&right));
        }
    }
}
