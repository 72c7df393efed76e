//! What keys and channels are called in Redis, and which slot of a cluster they are in.
//!
//! Pure functions. Promises: distinct keys have distinct bytes, and keys with equal namespace and tag share
//! a slot.

use crate::store::Key;

/// Slots of a cluster (Redis Cluster Specification).
pub(super) const SLOTS: u16 = 16384;

/// `PREFIX NAMESPACE:{TAG}:NAME`, or `PREFIX NAMESPACE::NAME` without a tag. Namespace and tag cannot hold
/// the signs that part them; the name stands at the end as it is.
pub(super) fn bytes(prefix: &str, key: &Key) -> Vec<u8> {
    let mut bytes =
        Vec::with_capacity(prefix.len() + key.namespace.len() + key.tag.len() + key.name.len() + 4);
    bytes.extend_from_slice(prefix.as_bytes());
    escape(key.namespace.as_bytes(), &mut bytes);
    bytes.push(b':');
    if !key.tag.is_empty() {
        bytes.push(b'{');
        escape(&key.tag, &mut bytes);
        bytes.push(b'}');
    }
    bytes.push(b':');
    bytes.extend_from_slice(&key.name);
    bytes
}

/// The name of a channel for publish and subscribe.
pub(super) fn channel(prefix: &str, name: &str) -> String {
    format!("{prefix}channel:{name}")
}

/// `%`, `:`, `{` and `}` as `%` and two hexadecimal digits.
fn escape(part: &[u8], into: &mut Vec<u8>) {
    for byte in part {
        match byte {
            b'%' => into.extend_from_slice(b"%25"),
            b':' => into.extend_from_slice(b"%3A"),
            b'{' => into.extend_from_slice(b"%7B"),
            b'}' => into.extend_from_slice(b"%7D"),
            other => into.push(*other),
        }
    }
}

/// The slot of a key: CRC16 (XMODEM) of what stands between the first `{` and the next `}`, or of the whole
/// key if that is nothing.
pub(super) fn slot(key: &[u8]) -> u16 {
    let tag = key
        .iter()
        .position(|byte| *byte == b'{')
        .and_then(|open| key.get(open + 1..))
        .and_then(|rest| {
            let close = rest.iter().position(|byte| *byte == b'}')?;
            rest.get(..close)
        })
        .filter(|tag| !tag.is_empty());
    crc16(tag.unwrap_or(key)) % SLOTS
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc: u16, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x1021
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key((namespace, tag, name): &(String, Vec<u8>, Vec<u8>)) -> Key {
        Key::tagged(namespace.clone(), tag.clone(), name.clone())
    }

    fn part() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(
            prop_oneof![
                Just(b'a'),
                Just(b':'),
                Just(b'{'),
                Just(b'}'),
                Just(b'%'),
                Just(b'2'),
                Just(b'5'),
                Just(0xff)
            ],
            0..5,
        )
    }

    fn parts() -> impl Strategy<Value = (String, Vec<u8>, Vec<u8>)> {
        ("[a:{}%25]{0,4}", part(), part())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn distinct_keys_have_distinct_bytes(one in parts(), other in parts()) {
            let same = bytes("p:", &key(&one)) == bytes("p:", &key(&other));
            prop_assert_eq!(key(&one) == key(&other), same);
        }

        #[test]
        fn equal_tags_share_a_slot(first in any::<u8>(), tag in part(), one in part(), other in part()) {
            let tag = [vec![first], tag].concat();
            let one = bytes("p:", &Key::tagged("n".to_owned(), tag.clone(), one));
            let other = bytes("p:", &Key::tagged("n".to_owned(), tag, other));
            prop_assert_eq!(slot(&one), slot(&other));
        }
    }

    #[test]
    fn slots_are_those_of_redis() {
        // As `redis-cli cluster keyslot KEY` answers.
        for (key, expected) in [
            ("123456789", 12739),
            ("foo", 12182),
            ("bar", 5061),
            ("{user1000}.following", 3443),
            ("{user1000}.followers", 3443),
            ("foo{}{bar}", 8363),
            ("foo{{bar}}zap", 4015),
            ("foo{bar}{zap}", 5061),
            ("", 0),
        ] {
            assert_eq!(slot(key.as_bytes()), expected, "{key}");
        }
    }

    #[test]
    fn keys_can_be_read_by_people() {
        let plain = Key::new("my plugin", "counter:a");
        assert_eq!(bytes("bulkhead:", &plain), b"bulkhead:my plugin::counter:a");
        let tagged = Key::tagged("brute:force", "192.0.2.0/24", "bucket");
        assert_eq!(
            bytes("bulkhead:", &tagged),
            b"bulkhead:brute%3Aforce:{192.0.2.0/24}:bucket"
        );
    }
}
