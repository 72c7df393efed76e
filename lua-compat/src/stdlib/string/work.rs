//! Work in slices, and texts that grow: what all string functions share.
//!
//! A function does at most [`SLICE`] units at once. A unit is about one VM instruction; a byte copied is
//! a sixteenth of one.

use piccolo::{Context, Error, Execution, Stack, String as LuaString, Value};

use super::matcher::{Captured, Matcher};
use crate::arguments::{error, integer, out_of_memory, whole};

/// Units between two looks at the fuel.
pub(super) const SLICE: i32 = 20_000;
/// Steps of the matcher in a slice; it makes several in the time of one unit.
pub(super) const MATCHER_SLICE: i64 = SLICE as i64 * 2;
/// Texts up to this length are copied into the Lua heap, longer ones handed over.
const SHORT: usize = 1024;

/// Charges for bytes that were copied or looked at.
pub(super) fn charge_bytes(execution: &mut Execution<'_, '_>, bytes: usize) {
    if bytes >= 16 {
        execution
            .fuel()
            .consume(i32::try_from(bytes / 16).unwrap_or(i32::MAX));
    }
}

/// Charges for the steps that were taken of the budget.
pub(super) fn charge_steps(execution: &mut Execution<'_, '_>, matcher: &Matcher) {
    let steps = (MATCHER_SLICE - matcher.budget) / 2;
    if steps > 0 {
        execution
            .fuel()
            .consume(i32::try_from(steps).unwrap_or(i32::MAX));
    }
}

/// Appends, or raises `not enough memory`.
#[inline]
pub(super) fn append<'gc>(
    ctx: Context<'gc>,
    text: &mut Vec<u8>,
    more: &[u8],
) -> Result<(), Error<'gc>> {
    if text.capacity() - text.len() < more.len() && text.try_reserve(more.len()).is_err() {
        return Err(out_of_memory(ctx));
    }
    text.extend_from_slice(more);
    Ok(())
}

/// The text as a Lua string.
pub(super) fn finished<'gc>(ctx: Context<'gc>, text: Vec<u8>) -> Result<Value<'gc>, Error<'gc>> {
    if text.len() <= SHORT {
        return Ok(LuaString::from_slice(&ctx, text).into());
    }
    let mut text = text;
    if text.capacity() > text.len() && text.capacity() - text.len() > text.len() / 2 {
        // Giving back what is left over may mean moving the rest.
        let mut exact = Vec::new();
        exact
            .try_reserve_exact(text.len())
            .map_err(|_| out_of_memory(ctx))?;
        exact.append(&mut text);
        text = exact;
    }
    Ok(LuaString::from_buffer(&ctx, text.into_boxed_slice()).into())
}

/// What a capture of a match is to the script.
pub(super) fn captured<'gc>(
    ctx: Context<'gc>,
    matcher: &Matcher,
    text: &[u8],
    index: usize,
    whole_match: (usize, usize),
) -> Result<Value<'gc>, Error<'gc>> {
    match matcher.capture(text, index, whole_match) {
        Ok(Captured::Text(text)) => Ok(LuaString::from_slice(&ctx, text).into()),
        Ok(Captured::Position(position)) => Ok(whole(position as i64)),
        Err(problem) => Err(error(ctx, problem.text())),
    }
}

/// Puts the captures on the stack. Without any, the whole match counts as one if `or_whole`.
pub(super) fn push_captures<'gc>(
    ctx: Context<'gc>,
    stack: &mut Stack<'gc, '_>,
    matcher: &Matcher,
    text: &[u8],
    whole_match: (usize, usize),
    or_whole: bool,
) -> Result<(), Error<'gc>> {
    let count = match matcher.captures() {
        0 if or_whole => 1,
        count => count,
    };
    for index in 0..count {
        let value = captured(ctx, matcher, text, index, whole_match)?;
        stack.push_back(value);
    }
    Ok(())
}

/// An optional whole number.
pub(super) fn integer_or<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
    default: i64,
) -> Result<i64, Error<'gc>> {
    match stack.get(index) {
        Value::Nil => Ok(default),
        Value::Integer(number) => Ok(number),
        _ => integer(ctx, stack, index, function),
    }
}

/// The first position of a piece, counted from 1. Negative ones count from the end.
pub(super) fn from_start(position: i64, length: usize) -> usize {
    let length = length as i64;
    let first = match position {
        1.. => position,
        0 => 1,
        _ if position < -length => 1,
        _ => length + position + 1,
    };
    usize::try_from(first).unwrap_or(usize::MAX)
}

/// The last position of a piece, counted from 1; 0 is before the text.
pub(super) fn to_end(position: i64, length: usize) -> usize {
    let whole = length as i64;
    let last = match position {
        _ if position > whole => whole,
        0.. => position,
        _ if position < -whole => 0,
        _ => whole + position + 1,
    };
    usize::try_from(last).unwrap_or(0)
}
