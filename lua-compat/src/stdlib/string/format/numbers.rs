//! Numbers as C's `printf` writes them.
//!
//! Appends to a text; knows neither Lua values nor dialects. Every digit is exact.

use std::io::Write;

use super::directive::Directive;

/// Puts what was written after `start` into its width. `prefix` bytes of it come before padding zeros.
fn pad(text: &mut Vec<u8>, start: usize, prefix: usize, directive: &Directive, zeros: bool) {
    let missing = directive.width.saturating_sub(text.len() - start);
    if missing == 0 {
        return;
    }
    let (at, fill) = if directive.left {
        (text.len(), b' ')
    } else if zeros && directive.zero {
        (start + prefix, b'0')
    } else {
        (start, b' ')
    };
    text.splice(at..at, std::iter::repeat_n(fill, missing));
}

/// A piece of text, shortened to the precision.
pub(super) fn piece(text: &mut Vec<u8>, piece: &[u8], directive: &Directive) {
    let start = text.len();
    let shown = directive.precision.unwrap_or(usize::MAX);
    text.extend_from_slice(piece.get(..shown).unwrap_or(piece));
    pad(text, start, 0, directive, false);
}

fn sign(text: &mut Vec<u8>, negative: bool, directive: &Directive) {
    if negative {
        text.push(b'-');
    } else if directive.plus {
        text.push(b'+');
    } else if directive.space {
        text.push(b' ');
    }
}

/// `%d`, `%i`.
pub(super) fn signed(text: &mut Vec<u8>, number: i64, directive: &Directive) {
    let start = text.len();
    sign(text, number < 0, directive);
    digits(text, start, 10, number.unsigned_abs(), directive);
}

/// `%u`, `%o`, `%x`, `%X`.
pub(super) fn unsigned(text: &mut Vec<u8>, number: u64, directive: &Directive) {
    let start = text.len();
    let base = match directive.letter {
        b'o' => 8,
        b'x' | b'X' => 16,
        _ => 10,
    };
    if base == 16 && directive.alternate && number != 0 {
        text.extend_from_slice(&[b'0', directive.letter]);
    }
    digits(text, start, base, number, directive);
}

fn digits(text: &mut Vec<u8>, start: usize, base: u64, number: u64, directive: &Directive) {
    let prefix = text.len() - start;
    let first = text.len();
    let mut rest = number;
    while rest > 0 {
        let digit = (rest % base) as u8;
        text.push(match digit {
            0..10 => b'0' + digit,
            _ if directive.letter == b'X' => b'A' + digit - 10,
            _ => b'a' + digit - 10,
        });
        rest /= base;
    }
    let least = directive.precision.unwrap_or(1);
    while text.len() - first < least {
        text.push(b'0');
    }
    let leading = text.get(first..).and_then(<[u8]>::last);
    if base == 8 && directive.alternate && leading != Some(&b'0') {
        text.push(b'0');
    }
    if let Some(digits) = text.get_mut(first..) {
        digits.reverse();
    }
    pad(
        text,
        start,
        prefix,
        directive,
        directive.precision.is_none(),
    );
}

/// `%a`, `%e`, `%f`, `%g` and their capitals.
pub(super) fn float(text: &mut Vec<u8>, number: f64, directive: &Directive) {
    let start = text.len();
    sign(text, number.is_sign_negative(), directive);
    let mut prefix = text.len() - start;
    let magnitude = number.abs();
    let finite = number.is_finite();
    if !finite {
        text.extend_from_slice(if number.is_nan() { b"nan" } else { b"inf" });
    } else {
        match directive.letter | 0x20 {
            b'a' => {
                hexadecimal(text, magnitude, directive);
                prefix += 2;
            }
            b'e' => scientific(text, magnitude, directive.precision.unwrap_or(6), directive),
            b'f' => fixed(text, magnitude, directive.precision.unwrap_or(6), directive),
            _ => general(text, magnitude, directive),
        }
    }
    if directive.letter.is_ascii_uppercase()
        && let Some(written) = text.get_mut(start..)
    {
        written.make_ascii_uppercase();
    }
    pad(text, start, prefix, directive, finite);
}

/// Writing to a `Vec` cannot fail.
fn write(text: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}

fn fixed(text: &mut Vec<u8>, number: f64, precision: usize, directive: &Directive) {
    write(text, format_args!("{number:.precision$}"));
    if precision == 0 && directive.alternate {
        text.push(b'.');
    }
}

fn scientific(text: &mut Vec<u8>, number: f64, precision: usize, directive: &Directive) {
    let exponent = mantissa(text, number, precision);
    if precision == 0 && directive.alternate {
        text.push(b'.');
    }
    write_exponent(text, exponent);
}

/// Writes `d.ddd`; the decimal exponent.
fn mantissa(text: &mut Vec<u8>, number: f64, precision: usize) -> i32 {
    let start = text.len();
    write(text, format_args!("{number:.precision$e}"));
    let written = text.get(start..).unwrap_or_default();
    let Some(at) = written.iter().rposition(|byte| *byte == b'e') else {
        return 0;
    };
    let exponent = written
        .get(at + 1..)
        .and_then(|exponent| std::str::from_utf8(exponent).ok())
        .and_then(|exponent| exponent.parse().ok())
        .unwrap_or(0);
    text.truncate(start + at);
    exponent
}

fn write_exponent(text: &mut Vec<u8>, exponent: i32) {
    let sign = if exponent < 0 { '-' } else { '+' };
    write(text, format_args!("e{sign}{:02}", exponent.abs()));
}

fn general(text: &mut Vec<u8>, number: f64, directive: &Directive) {
    let start = text.len();
    let precision = directive.precision.unwrap_or(6).max(1);
    let exponent = mantissa(text, number, precision - 1);
    let scientific = exponent < -4 || exponent >= precision as i32;
    if !scientific {
        text.truncate(start);
        let decimals = usize::try_from(precision as i32 - 1 - exponent).unwrap_or(0);
        write(text, format_args!("{number:.decimals$}"));
    }
    let written = text.get(start..).unwrap_or_default();
    let point = written.contains(&b'.');
    if directive.alternate {
        if !point {
            text.push(b'.');
        }
    } else if point {
        while text.last() == Some(&b'0') {
            text.pop();
        }
        if text.last() == Some(&b'.') {
            text.pop();
        }
    }
    if scientific {
        write_exponent(text, exponent);
    }
}

const MANTISSA_BITS: u32 = 52;

fn hexadecimal(text: &mut Vec<u8>, number: f64, directive: &Directive) {
    /// Hexadecimal digits of a mantissa.
    const DIGITS: usize = MANTISSA_BITS as usize / 4;
    let bits = number.to_bits();
    let fraction = bits & ((1 << MANTISSA_BITS) - 1);
    let biased = (bits >> MANTISSA_BITS) as i32;
    let (mut mantissa, exponent) = match (biased, fraction) {
        (0, 0) => (0, 0),
        (0, _) => (fraction, -1022),
        _ => (fraction | 1 << MANTISSA_BITS, biased - 1023),
    };
    if let Some(precision) = directive.precision.filter(|precision| *precision < DIGITS) {
        // To the nearest, of two equally near ones to the even one.
        let unit = 1_u64 << ((DIGITS - precision) * 4);
        let rest = mantissa % unit;
        mantissa -= rest;
        if rest > unit / 2 || rest == unit / 2 && mantissa & unit != 0 {
            mantissa += unit;
        }
    }
    write(text, format_args!("0x{}", mantissa >> MANTISSA_BITS));
    let mut fraction = mantissa & ((1 << MANTISSA_BITS) - 1);
    let decimals = directive.precision.unwrap_or_else(|| {
        if fraction == 0 {
            0
        } else {
            DIGITS - fraction.trailing_zeros() as usize / 4
        }
    });
    if decimals > 0 || directive.alternate {
        text.push(b'.');
    }
    for _ in 0..decimals {
        fraction <<= 4;
        let digit = (fraction >> MANTISSA_BITS) as u8;
        text.push(if digit < 10 {
            b'0' + digit
        } else {
            b'a' + digit - 10
        });
        fraction &= (1 << MANTISSA_BITS) - 1;
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    write(text, format_args!("p{sign}{}", exponent.abs()));
}
