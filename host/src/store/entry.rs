//! What the implementations share: when an entry ends, how keys become bytes, how integers add up.
//!
//! Pure functions. Every implementation uses them, so that a plugin cannot tell the stores apart.

use std::time::Duration;

use super::{Key, Remaining, StoreError};

/// Never: the value that no clock reaches.
pub(super) const NEVER: u64 = u64::MAX;

/// When something that lives for `ttl` from `now` ends. A part of a millisecond counts as one, so
/// that only a `ttl` of zero ends at once.
pub(super) fn expires_at(now: u64, ttl: Option<Duration>) -> u64 {
    let Some(ttl) = ttl else { return NEVER };
    let ms = ttl.as_nanos().div_ceil(1_000_000);
    now.saturating_add(u64::try_from(ms).unwrap_or(u64::MAX))
}

/// True from the very millisecond of expiry on.
pub(super) fn is_expired(expires: u64, now: u64) -> bool {
    expires != NEVER && expires <= now
}

/// How long an entry that has not expired will stay.
pub(super) fn remaining(expires: u64, now: u64) -> Remaining {
    if expires == NEVER {
        Remaining::Unlimited
    } else {
        Remaining::For(Duration::from_millis(expires.saturating_sub(now)))
    }
}

/// The bytes of a key. Injective: the namespace's length stands first, so nothing in either part can
/// move the border between them.
pub(super) fn encode(key: &Key) -> Vec<u8> {
    let namespace = key.namespace.as_bytes();
    let length = u64::try_from(namespace.len()).unwrap_or(u64::MAX);
    let mut bytes = Vec::with_capacity(8 + namespace.len() + key.name.len());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(namespace);
    bytes.extend_from_slice(&key.name);
    bytes
}

/// Adds to a stored integer. Integers are stored as decimal text, exactly as Redis stores them:
/// no sign but `-`, no leading zeros, no spaces.
pub(super) fn add(stored: Option<&[u8]>, by: i64) -> Result<i64, StoreError> {
    let current = match stored {
        None => 0,
        Some(bytes) => {
            let text = std::str::from_utf8(bytes).map_err(|_| StoreError::NotANumber)?;
            let number: i64 = text.parse().map_err(|_| StoreError::NotANumber)?;
            if number.to_string() != text {
                return Err(StoreError::NotANumber);
            }
            number
        }
    };
    current.checked_add(by).ok_or(StoreError::NotANumber)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(namespace: &str, name: &[u8]) -> Key {
        Key {
            namespace: namespace.to_owned(),
            name: name.to_vec(),
        }
    }

    proptest! {
        #[test]
        fn distinct_keys_have_distinct_bytes(
            a in ("[ab:|/\\x00\u{1}]{0,4}", "[ab:|/\\x00\u{1}]{0,4}"),
            b in ("[ab:|/\\x00\u{1}]{0,4}", "[ab:|/\\x00\u{1}]{0,4}"),
        ) {
            let (first, second) = (key(&a.0, a.1.as_bytes()), key(&b.0, b.1.as_bytes()));
            prop_assert_eq!(first == second, encode(&first) == encode(&second));
        }

        #[test]
        fn adding_never_panics(stored in proptest::collection::vec(any::<u8>(), 0..24), by: i64) {
            let _ = add(Some(&stored), by);
        }
    }

    #[test]
    fn separators_do_not_move_between_namespace_and_name() {
        assert_ne!(encode(&key("a", b"b:c")), encode(&key("a:b", b"c")));
        assert_ne!(encode(&key("", b"ab")), encode(&key("a", b"b")));
    }

    #[test]
    fn only_canonical_integers_are_numbers() {
        for text in [
            "",
            " 1",
            "1 ",
            "+1",
            "01",
            "-0",
            "1.0",
            "1e3",
            "9223372036854775808",
            "x",
        ] {
            assert_eq!(
                add(Some(text.as_bytes()), 1),
                Err(StoreError::NotANumber),
                "{text:?}"
            );
        }
        assert_eq!(add(Some(b"-5"), 3), Ok(-2));
        assert_eq!(add(None, 7), Ok(7));
    }

    #[test]
    fn a_ttl_below_a_millisecond_is_one_millisecond() {
        assert_eq!(expires_at(10, Some(Duration::from_nanos(1))), 11);
        assert_eq!(expires_at(10, Some(Duration::ZERO)), 10);
        assert_eq!(expires_at(10, Some(Duration::MAX)), NEVER);
    }
}
