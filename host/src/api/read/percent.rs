//! Percent-encoding, undone once and as far as it goes: a `%` that begins no escape stands for itself.

/// Decodes `%XX`, and `+` too if that stands for a space, into memory of the final size, so that no
/// part of a password stays behind in a buffer that had to grow.
pub(super) fn decode(encoded: &[u8], plus_is_space: bool) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' if plus_is_space => decoded.push(b' '),
            b'%' => match (after.first().and_then(hex), after.get(1).and_then(hex)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = after.get(2..).unwrap_or_default();
                }
                _ => decoded.push(b'%'),
            },
            other => decoded.push(*other),
        }
    }
    decoded
}

fn hex(digit: &u8) -> Option<u8> {
    char::from(*digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_once_and_broken_ones_kept() {
        let rows: [(&str, &[u8]); 8] = [
            ("a%20c", b"a c"),
            ("%zz%4", b"%zz%4"),
            ("100%", b"100%"),
            ("%%41", b"%A"),
            ("%2541", b"%41"),
            ("%C3%A4", "ä".as_bytes()),
            ("%ff", b"\xff"),
            ("", b""),
        ];
        for (encoded, expected) in rows {
            assert_eq!(decode(encoded.as_bytes(), false), expected, "{encoded}");
        }
        assert_eq!(decode(b"a+b", false), b"a+b");
        assert_eq!(decode(b"a+b", true), b"a b");
    }
}
