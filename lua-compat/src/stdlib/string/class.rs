//! Which bytes a character class or a set of a pattern holds.
//!
//! Bytes only, in the C locale: nothing here knows what a text or a capture is.

const ALPHA: u8 = 1;
const DIGIT: u8 = 2;
const LOWER: u8 = 4;
const SPACE: u8 = 8;
const UPPER: u8 = 16;
const PUNCTUATION: u8 = 32;
const CONTROL: u8 = 64;
const HEXADECIMAL: u8 = 128;

const KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut rest: &mut [u8] = &mut kinds;
    let mut byte = 0_u8;
    while let Some((kind, after)) = rest.split_first_mut() {
        *kind = kind_of(byte);
        rest = after;
        byte = byte.wrapping_add(1);
    }
    kinds
}

const fn kind_of(byte: u8) -> u8 {
    let mut kind = 0;
    if byte.is_ascii_alphabetic() {
        kind |= ALPHA;
    }
    if byte.is_ascii_digit() {
        kind |= DIGIT;
    }
    if byte.is_ascii_lowercase() {
        kind |= LOWER;
    }
    if matches!(byte, b' ' | 9..=13) {
        kind |= SPACE;
    }
    if byte.is_ascii_uppercase() {
        kind |= UPPER;
    }
    if byte.is_ascii_punctuation() {
        kind |= PUNCTUATION;
    }
    if byte.is_ascii_control() {
        kind |= CONTROL;
    }
    if byte.is_ascii_hexdigit() {
        kind |= HEXADECIMAL;
    }
    kind
}

#[inline]
fn is(byte: u8, kinds: u8) -> bool {
    KINDS
        .get(usize::from(byte))
        .is_some_and(|kind| kind & kinds != 0)
}

/// `%letter` holds the byte. `graphic`: the dialect has `%g`.
#[inline]
pub(super) fn in_class(byte: u8, letter: u8, graphic: bool) -> bool {
    let kinds = match letter | 0x20 {
        b'a' => ALPHA,
        b'd' => DIGIT,
        b'l' => LOWER,
        b's' => SPACE,
        b'u' => UPPER,
        b'w' => ALPHA | DIGIT,
        b'x' => HEXADECIMAL,
        b'p' => PUNCTUATION,
        b'c' => CONTROL,
        b'g' if graphic => ALPHA | DIGIT | PUNCTUATION,
        b'z' => return (byte == 0) == (letter == b'z'),
        _ => return letter == byte,
    };
    if letter.is_ascii_alphabetic() {
        is(byte, kinds) == letter.is_ascii_lowercase()
    } else {
        letter == byte
    }
}

/// What stands between `[` and `]` holds the byte.
pub(super) fn in_set(byte: u8, set: &[u8], graphic: bool) -> bool {
    let (found, mut rest) = match set {
        [b'^', rest @ ..] => (false, rest),
        _ => (true, set),
    };
    loop {
        rest = match rest {
            [b'%', letter, after @ ..] => {
                if in_class(byte, *letter, graphic) {
                    return found;
                }
                after
            }
            [low, b'-', high, after @ ..] => {
                if (*low..=*high).contains(&byte) {
                    return found;
                }
                after
            }
            [one, after @ ..] => {
                if *one == byte {
                    return found;
                }
                after
            }
            [] => return !found,
        };
    }
}

/// Where the byte comes first.
pub(super) fn find_byte(text: &[u8], byte: u8) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let wanted = LOW.wrapping_mul(u64::from(byte));
    let mut passed = 0;
    let (chunks, rest) = text.as_chunks::<8>();
    for chunk in chunks {
        // A byte of this is zero where the text has the wanted one.
        let differing = u64::from_le_bytes(*chunk) ^ wanted;
        let zeros = differing.wrapping_sub(LOW) & !differing & HIGH;
        if zeros != 0 {
            return Some(passed + zeros.trailing_zeros() as usize / 8);
        }
        passed += 8;
    }
    rest.iter()
        .position(|other| *other == byte)
        .map(|at| passed + at)
}
