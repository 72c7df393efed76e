//! Joining texts and numbers to one string, for `..`.
//!
//! Short results are made without a buffer on the heap, long ones without a second copy. A result for
//! which there is no memory is an error and no abort.

use crate::{
    numbers::{self, Style},
    position::Exact,
    Context, Error, RuntimeError, String, Value,
};

/// Why values were not joined.
pub(crate) enum NotJoined {
    /// One is neither text nor a number.
    NotText,
    /// The result does not fit into memory.
    TooLong,
}

/// Longest result that is made on the machine's stack.
const SHORT: usize = 256;
/// Whole numbers below print with all their digits in both dialects.
const PLAIN: u64 = 100_000_000_000_000;
/// Digits and sign of those.
const DIGITS: usize = 15;

/// The error for [`NotJoined::TooLong`]; as in PUC-Rio it has no position.
pub(crate) fn out_of_memory<'gc>() -> Error<'gc> {
    Error::Runtime(RuntimeError::new(Exact(b"not enough memory".to_vec())))
}

/// All values as one text.
pub(crate) fn join<'gc>(
    ctx: Context<'gc>,
    values: &[Value<'gc>],
) -> Result<String<'gc>, NotJoined> {
    let mut short = [0; SHORT];
    let mut length = 0;
    for (index, value) in values.iter().enumerate() {
        let mut digits = [0; DIGITS];
        let other;
        let piece = match value {
            Value::String(text) => text.as_bytes(),
            value => match plain(*value) {
                Some(number) => decimal(number, &mut digits),
                None => {
                    other = text_of(*value).ok_or(NotJoined::NotText)?;
                    other.as_bytes()
                }
            },
        };
        match short.get_mut(length..length + piece.len()) {
            Some(room) => room.copy_from_slice(piece),
            None => return join_long(ctx, &short[..length], &values[index..]),
        }
        length += piece.len();
    }
    Ok(String::from_slice(&ctx, &short[..length]))
}

#[inline(never)]
fn join_long<'gc>(
    ctx: Context<'gc>,
    begin: &[u8],
    rest: &[Value<'gc>],
) -> Result<String<'gc>, NotJoined> {
    let mut length = begin.len();
    for value in rest {
        let more = match value {
            Value::String(text) => text.as_bytes().len(),
            value => text_of(*value).ok_or(NotJoined::NotText)?.len(),
        };
        length = length.checked_add(more).ok_or(NotJoined::TooLong)?;
    }
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(length)
        .map_err(|_| NotJoined::TooLong)?;
    bytes.extend_from_slice(begin);
    for value in rest {
        match value {
            Value::String(text) => bytes.extend_from_slice(text.as_bytes()),
            value => bytes.extend_from_slice(text_of(*value).unwrap_or_default().as_bytes()),
        }
    }
    Ok(String::from_buffer(&ctx, bytes.into_boxed_slice()))
}

fn text_of(value: Value<'_>) -> Option<std::string::String> {
    match value {
        Value::Integer(number) => Some(numbers::integer(number)),
        Value::Number(number) => Some(numbers::float(number)),
        _ => None,
    }
}

/// A whole number that prints with all its digits and nothing else.
fn plain(value: Value<'_>) -> Option<i64> {
    let number = match value {
        Value::Integer(number) => number,
        Value::Number(number) if numbers::style() == Style::Lua51 => {
            let whole = number as i64;
            // Not -0.0.
            if whole as f64 != number || whole == 0 && number.is_sign_negative() {
                return None;
            }
            whole
        }
        _ => return None,
    };
    (number.unsigned_abs() < PLAIN).then_some(number)
}

fn decimal(number: i64, digits: &mut [u8; DIGITS]) -> &[u8] {
    let mut first = DIGITS;
    let mut rest = number.unsigned_abs();
    for place in digits.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        first -= 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        first -= 1;
        digits[first] = b'-';
    }
    &digits[first..]
}
