//! When an entry ends, how keys become bytes, how integers add up. Pure functions.

use std::time::Duration;

use super::super::Key;

/// Never: the value that no clock reaches.
pub(in crate::store) const NEVER: u64 = u64::MAX;

/// When something that lives for `ttl` from `now` ends. A part of a millisecond counts as one, so
/// that only a `ttl` of zero ends at once.
pub(super) fn expires_at(now: u64, ttl: Option<Duration>) -> u64 {
    let Some(ttl) = ttl else { return NEVER };
    let ms = ttl.as_nanos().div_ceil(1_000_000);
    now.saturating_add(u64::try_from(ms).unwrap_or(u64::MAX))
}

/// True from the very millisecond of expiry on.
pub(in crate::store) fn is_expired(expires: u64, now: u64) -> bool {
    expires != NEVER && expires <= now
}

/// The bytes of a key. Injective: the lengths of tag and namespace stand first, so nothing in any part
/// can move the borders between them. (A key without a tag has the bytes it had in format 1 of the
/// store on disk.)
pub(in crate::store) fn encode(key: &Key) -> Vec<u8> {
    let namespace = key.namespace.as_bytes();
    let mut bytes = Vec::with_capacity(8 + namespace.len() + key.tag.len() + key.name.len());
    // The limit of keys is far below 4 GiB.
    let length = |part: &[u8]| u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes();
    bytes.extend_from_slice(&length(&key.tag));
    bytes.extend_from_slice(&length(namespace));
    bytes.extend_from_slice(namespace);
    bytes.extend_from_slice(&key.tag);
    bytes.extend_from_slice(&key.name);
    bytes
}

/// The tag in the bytes of a key; nothing if it has none.
pub(in crate::store) fn tag(name: &[u8]) -> Option<&[u8]> {
    let (tag, rest) = name.split_first_chunk::<4>()?;
    let (namespace, rest) = rest.split_first_chunk::<4>()?;
    let length = |bytes: [u8; 4]| usize::try_from(u32::from_be_bytes(bytes)).ok();
    let rest = rest.get(length(*namespace)?..)?;
    rest.get(..length(*tag)?).filter(|tag| !tag.is_empty())
}

/// Why nothing can be added to a stored value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsuitable {
    NotAnInteger,
    Overflow,
}

/// Adds to a stored integer. Integers are stored as decimal text, exactly as Redis stores them:
/// no sign but `-`, no leading zeros, no spaces.
pub(super) fn add(stored: &[u8], by: i64) -> Result<i64, Unsuitable> {
    let text = std::str::from_utf8(stored).map_err(|_| Unsuitable::NotAnInteger)?;
    let number: i64 = text.parse().map_err(|_| Unsuitable::NotAnInteger)?;
    if number.to_string() != text {
        return Err(Unsuitable::NotAnInteger);
    }
    number.checked_add(by).ok_or(Unsuitable::Overflow)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(namespace: &str, tag: &[u8], name: &[u8]) -> Key {
        Key::tagged(namespace, tag, name)
    }

    proptest! {
        #[test]
        fn distinct_keys_have_distinct_bytes(
            a in ("[ab:|/\\x00\u{1}]{0,4}", "[ab:|/\\x00\u{1}]{0,4}", "[ab:|/\\x00\u{1}]{0,4}"),
            b in ("[ab:|/\\x00\u{1}]{0,4}", "[ab:|/\\x00\u{1}]{0,4}", "[ab:|/\\x00\u{1}]{0,4}"),
        ) {
            let first = key(&a.0, a.1.as_bytes(), a.2.as_bytes());
            let second = key(&b.0, b.1.as_bytes(), b.2.as_bytes());
            prop_assert_eq!(first == second, encode(&first) == encode(&second));
            let expected = (!a.1.is_empty()).then_some(a.1.as_bytes());
            let bytes = encode(&first);
            prop_assert_eq!(tag(&bytes), expected);
        }

        #[test]
        fn adding_never_panics(stored in proptest::collection::vec(any::<u8>(), 0..24), by: i64) {
            let _ = add(&stored, by);
        }

        #[test]
        fn looking_for_a_tag_never_panics(name in proptest::collection::vec(any::<u8>(), 0..24)) {
            let _ = tag(&name);
        }
    }

    #[test]
    fn separators_do_not_move_between_the_parts() {
        let apart = [
            key("a", b"", b"b:c"),
            key("a:b", b"", b"c"),
            key("", b"a", b"b:c"),
            key("a", b"b", b":c"),
            key("a", b"b:", b"c"),
            key("", b"", b"ab:c"),
        ];
        let bytes: std::collections::BTreeSet<_> = apart.iter().map(encode).collect();
        assert_eq!(bytes.len(), apart.len());
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
            let sum = add(text.as_bytes(), 1);
            assert_eq!(sum, Err(Unsuitable::NotAnInteger), "{text:?}");
        }
        assert_eq!(add(b"-5", 3), Ok(-2));
        assert_eq!(add(b"9223372036854775807", 1), Err(Unsuitable::Overflow));
    }

    #[test]
    fn a_ttl_below_a_millisecond_is_one_millisecond() {
        assert_eq!(expires_at(10, Some(Duration::from_nanos(1))), 11);
        assert_eq!(expires_at(10, Some(Duration::ZERO)), 10);
        assert_eq!(expires_at(10, Some(Duration::MAX)), NEVER);
    }
}
