//! Encrypts what the store keeps, so that a copy of the store shows nothing of users.
//!
//! AES-256-GCM under a key for each user, with a random nonce. What is sealed for one key and one state of
//! the user opens there and nowhere else: the store cannot exchange entries, and an old one cannot come
//! back. Knows no store.

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use zeroize::Zeroizing;

use super::digest::{Digest, derive};
use crate::auth::Password;

/// The first byte of what is sealed in this way.
const FORMAT: u8 = 1;

/// Seals and opens.
pub(super) struct Seals {
    root: hmac::Key,
    random: SystemRandom,
}

/// What sealed bytes belong to.
#[derive(Clone, Copy)]
pub(super) struct Belongs<'a> {
    /// Whose they are.
    pub(super) user: &'a Digest,
    /// Under which key they are kept.
    pub(super) name: &'a Digest,
    /// The user's state: another one makes them unreadable.
    pub(super) version: &'a [u8],
}

impl Seals {
    /// Under keys made of `secret`.
    pub(super) fn new(secret: &Password) -> Self {
        Self {
            root: hmac::Key::new(hmac::HMAC_SHA256, &derive(secret, "seals")),
            random: SystemRandom::new(),
        }
    }

    /// Nothing if the system has no random numbers: then nothing can be kept.
    pub(super) fn seal(&self, content: &[u8], belongs: Belongs<'_>) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        let mut sealed = Zeroizing::new(content.to_vec());
        let tag = self
            .key(belongs.user)?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(additional(belongs)),
                &mut sealed,
            )
            .ok()?;
        Some([&[FORMAT], &nonce[..], &sealed, tag.as_ref()].concat())
    }

    /// Nothing if it is anything else than what was sealed for this.
    pub(super) fn open(&self, sealed: &[u8], belongs: Belongs<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let (format, rest) = sealed.split_first()?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN)?;
        if *format != FORMAT {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut content = Zeroizing::new(rest.to_vec());
        let additional = Aad::from(additional(belongs));
        let key = self.key(belongs.user)?;
        let length = key
            .open_in_place(nonce, additional, &mut content)
            .ok()?
            .len();
        content.truncate(length);
        Some(content)
    }

    /// One key for each user: so few entries share one that random nonces cannot meet.
    fn key(&self, user: &Digest) -> Option<LessSafeKey> {
        let bytes = hmac::sign(&self.root, user);
        let key = UnboundKey::new(&AES_256_GCM, bytes.as_ref()).ok()?;
        Some(LessSafeKey::new(key))
    }
}

/// `name` has a fixed length, so nothing can move from one to the other.
fn additional(belongs: Belongs<'_>) -> Vec<u8> {
    [belongs.name.as_slice(), belongs.version].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const USER: Digest = [1; 32];
    const NAME: Digest = [2; 32];

    fn belongs<'a>(user: &'a Digest, name: &'a Digest, version: &'a [u8]) -> Belongs<'a> {
        Belongs {
            user,
            name,
            version,
        }
    }

    fn seals(secret: &str) -> Seals {
        Seals::new(&Password::new(secret.as_bytes().to_vec()))
    }

    #[test]
    fn what_was_sealed_opens_where_it_belongs_and_nowhere_else() {
        let here = belongs(&USER, &NAME, b"1");
        let sealed = seals("secret").seal(b"mailbox=alice", here).unwrap();
        let text = String::from_utf8_lossy(&sealed).into_owned();
        assert!(!text.contains("alice"), "{text}");
        let opened = seals("secret").open(&sealed, here);
        assert_eq!(
            opened.as_deref().map(Vec::as_slice),
            Some(&b"mailbox=alice"[..])
        );
        for elsewhere in [
            belongs(&NAME, &NAME, b"1"),
            belongs(&USER, &USER, b"1"),
            belongs(&USER, &NAME, b"2"),
            belongs(&USER, &NAME, b""),
        ] {
            assert!(seals("secret").open(&sealed, elsewhere).is_none());
        }
        assert!(seals("another").open(&sealed, here).is_none());
    }

    #[test]
    fn not_a_bit_can_be_changed_and_not_a_byte_taken() {
        let here = belongs(&USER, &NAME, b"1");
        let seals = seals("secret");
        let sealed = seals.seal(b"content", here).unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(seals.open(&changed, here).is_none(), "byte {index}");
            assert!(
                seals.open(&sealed[..index], here).is_none(),
                "{index} bytes"
            );
        }
    }

    #[test]
    fn the_same_content_never_looks_the_same() {
        let here = belongs(&USER, &NAME, b"1");
        let seals = seals("secret");
        assert_ne!(seals.seal(b"x", here), seals.seal(b"x", here));
    }
}
