//! How numbers become text, in `tostring`, in `..` and wherever a number is used as a string.
//!
//! Lua 5.1 knows one type of number, so there an integral float and an integer look the same; Lua 5.4
//! marks floats. Both print with `%.14g`, as PUC-Rio does.

use std::cell::Cell;
use std::string::String;

use crate::Constant;

/// Whose rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `10/2` is `5`, `2^53` is `9.007199254741e+15`.
    Lua51,
    /// `10/2` is `5.0`, `1 << 53` is `9007199254740992`.
    Lua54,
}

thread_local! {
    static STYLE: Cell<Style> = const { Cell::new(Style::Lua54) };
}

/// Chooses the rules for all VMs of this thread.
pub fn set_style(style: Style) {
    STYLE.set(style);
}

/// The rules that hold.
pub fn style() -> Style {
    STYLE.get()
}

/// What a text that looks like a number is worth; white space around it does not matter.
///
/// Lua 5.4 tells integers from floats. Lua 5.1 has floats only, and takes whatever C's `strtod` takes:
/// `inf` and `nan` too.
pub fn parse(text: &[u8]) -> Option<Constant<()>> {
    let text = trim(text);
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let float = |value: f64| Constant::Number(if negative { -value } else { value });
    let lua51 = style() == Style::Lua51;
    if let [b'0', b'x' | b'X', rest @ ..] = digits {
        if !lua51 {
            if let Some(value) = hexadecimal_integer(rest) {
                let value = if negative { value.wrapping_neg() } else { value };
                return Some(Constant::Integer(value));
            }
        }
        return hexadecimal_float(rest).map(float);
    }
    if digits.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.') {
        if !lua51 {
            if let Some(value) = decimal_integer(negative, digits) {
                return Some(Constant::Integer(value));
            }
        }
        let digits = std::str::from_utf8(digits).ok()?;
        return digits.parse().ok().map(float);
    }
    match digits.to_ascii_lowercase().as_slice() {
        b"inf" | b"infinity" if lua51 => Some(float(f64::INFINITY)),
        b"nan" if lua51 => Some(float(f64::NAN)),
        _ => None,
    }
}

fn trim(mut text: &[u8]) -> &[u8] {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    while let Some((first, rest)) = text.split_first().filter(|(first, _)| space(first)) {
        let _ = first;
        text = rest;
    }
    while let Some((last, rest)) = text.split_last().filter(|(last, _)| space(last)) {
        let _ = last;
        text = rest;
    }
    text
}

/// `None` if a digit is wrong or the number does not fit.
fn decimal_integer(negative: bool, digits: &[u8]) -> Option<i64> {
    let mut value = 0_i64;
    for byte in digits {
        let digit = i64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
        value = value.checked_mul(10)?;
        value = if negative { value.checked_sub(digit)? } else { value.checked_add(digit)? };
    }
    Some(value)
}

/// Wraps around, as in C.
fn hexadecimal_integer(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_u64;
    for byte in digits {
        let digit = (*byte as char).to_digit(16)?;
        value = value.wrapping_mul(16).wrapping_add(u64::from(digit));
    }
    Some(value as i64)
}

/// `1A.8p-3`, without the `0x`.
fn hexadecimal_float(digits: &[u8]) -> Option<f64> {
    let (mut mantissa, mut exponent) = (0.0_f64, 0_i32);
    let (mut any, mut point, mut significant) = (false, false, 0);
    let mut rest = digits;
    while let [byte, after @ ..] = rest {
        match (*byte as char).to_digit(16) {
            _ if *byte == b'.' && !point => point = true,
            None => break,
            Some(digit) => {
                any = true;
                // More digits than these have no place in a double.
                if significant < 30 {
                    mantissa = mantissa * 16.0 + f64::from(digit);
                    significant += i32::from(mantissa != 0.0);
                } else {
                    exponent = exponent.saturating_add(4);
                }
                if point {
                    exponent = exponent.saturating_sub(4);
                }
            }
        }
        rest = after;
    }
    if !any {
        return None;
    }
    match rest {
        [] => {}
        [b'p' | b'P', power @ ..] => {
            let text = std::str::from_utf8(power).ok()?;
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let power = digits.parse().unwrap_or(i32::MAX / 2);
            let power: i32 = if text.starts_with('-') { -power } else { power };
            exponent = exponent.saturating_add(power);
        }
        _ => return None,
    }
    // In two steps, so that a denormal result is not lost on the way.
    let half = exponent / 2;
    Some(mantissa * 2.0_f64.powi(half) * 2.0_f64.powi(exponent - half))
}

/// Text of an integer.
pub fn integer(i: i64) -> String {
    if STYLE.get() == Style::Lua51 && i.unsigned_abs() >= 100_000_000_000_000 {
        general(i as f64)
    } else {
        i.to_string()
    }
}

/// Text of a float.
pub fn float(n: f64) -> String {
    let mut text = general(n);
    if STYLE.get() == Style::Lua54
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-')
    {
        text.push_str(".0");
    }
    text
}

/// C's `%.14g`.
fn general(n: f64) -> String {
    const PRECISION: i32 = 14;
    if n.is_nan() {
        return if n.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if n.is_infinite() {
        return if n < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    if n == n.trunc() && n.abs() < 1e14 && !(n == 0.0 && n.is_sign_negative()) {
        return (n as i64).to_string();
    }
    let scientific = format!("{:.*e}", PRECISION as usize - 1, n);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let strip = |text: &str| -> String {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    if exponent < -4 || exponent >= PRECISION {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", strip(mantissa), exponent.abs())
    } else {
        strip(&format!("{:.*}", (PRECISION - 1 - exponent) as usize, n))
    }
}
