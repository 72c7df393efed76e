//! The library `utf8` of Lua 5.4.
//!
//! Unlike Rust, Lua takes sequences of up to six bytes if asked to be lax, so nothing here uses `str`.
//! Work that grows with the text is charged and done in slices.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll,
    Stack, Value,
};

use super::library;
use crate::arguments::{bad, error, integer, new_string, string};

/// The largest code that Unicode has.
const UNICODE: u32 = 0x10_FFFF;
/// The largest code that six bytes hold.
const LARGEST: u32 = 0x7FFF_FFFF;
/// Characters in a slice.
const SLICE: usize = 50_000;
/// How many values PUC-Rio puts on the stack of a function.
const MOST_VALUES: usize = 1_000_000 - 64;

pub(super) fn install(ctx: Context<'_>) {
    let utf8 = library(ctx, "utf8");
    let pattern = new_string(ctx, b"[\0-\x7F\xC2-\xFD][\x80-\xBF]*");
    utf8.set_field(ctx, "charpattern", pattern);
    utf8.set_field(ctx, "char", Callback::from_fn(&ctx, char));
    utf8.set_field(ctx, "codepoint", Callback::from_fn(&ctx, codepoint));
    utf8.set_field(ctx, "len", Callback::from_fn(&ctx, len));
    utf8.set_field(ctx, "offset", Callback::from_fn(&ctx, offset));
    utf8.set_field(ctx, "codes", Callback::from_fn(&ctx, codes));
}

fn is_continuation(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte & 0xC0 == 0x80)
}

/// The code at the beginning of the text and how many bytes it takes.
fn decode(text: &[u8], strict: bool) -> Option<(u32, usize)> {
    const LEAST: [u32; 6] = [0, 0x80, 0x800, 0x1_0000, 0x20_0000, 0x400_0000];
    let first = *text.first()?;
    if first < 0x80 {
        return Some((u32::from(first), 1));
    }
    let length = first.leading_ones() as usize;
    let least = *LEAST.get(length.checked_sub(1)?)?;
    if length < 2 {
        return None;
    }
    let mut code = u32::from(first) & (0x7F >> length);
    for index in 1..length {
        let byte = text.get(index);
        if !is_continuation(byte) {
            return None;
        }
        code = code << 6 | u32::from(byte.copied().unwrap_or(0) & 0x3F);
    }
    let surrogate = (0xD800..=0xDFFF).contains(&code);
    if code < least || strict && (code > UNICODE || surrogate) {
        return None;
    }
    Some((code, length))
}

fn encode(code: u32, text: &mut Vec<u8>) {
    if let Ok(byte @ 0..0x80) = u8::try_from(code) {
        text.push(byte);
        return;
    }
    // Six bits per byte from the end on, until the rest fits into the first.
    let mut bytes = [0_u8; 6];
    let mut rest = code;
    let mut first_holds = 0x3F_u32;
    let mut length = 0;
    for byte in bytes.iter_mut().rev() {
        length += 1;
        if length > 1 && rest <= first_holds {
            *byte = (!first_holds << 1) as u8 | rest as u8;
            break;
        }
        *byte = 0x80 | (rest & 0x3F) as u8;
        rest >>= 6;
        first_holds >>= 1;
    }
    text.extend_from_slice(bytes.get(6 - length..).unwrap_or_default());
}

/// A position as the script gives it; negative ones count from the end.
fn position(position: i64, length: usize) -> i64 {
    let length = length as i64;
    if position >= 0 {
        position
    } else if position < -length {
        0
    } else {
        length + position + 1
    }
}

fn position_or<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
    default: i64,
) -> Result<i64, Error<'gc>> {
    match stack.get(index) {
        Value::Nil => Ok(default),
        _ => integer(ctx, stack, index, function),
    }
}

fn char<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let mut text = Vec::new();
    for index in 0..stack.len() {
        let code = integer(ctx, &stack, index, "char")?;
        let code = u32::try_from(code)
            .ok()
            .filter(|code| *code <= LARGEST)
            .ok_or_else(|| bad(ctx, index, "char", "value out of range"))?;
        encode(code, &mut text);
    }
    charge(&mut execution, stack.len());
    stack.replace(ctx, new_string(ctx, text));
    Ok(CallbackReturn::Return)
}

fn charge(execution: &mut Execution<'_, '_>, characters: usize) {
    if characters > 2 {
        execution
            .fuel()
            .consume(i32::try_from(characters / 2).unwrap_or(i32::MAX));
    }
}

fn codepoint<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let text = string(ctx, &stack, 0, "codepoint")?.as_bytes();
    let first = position(position_or(ctx, &stack, 1, "codepoint", 1)?, text.len());
    let last = position(position_or(ctx, &stack, 2, "codepoint", first)?, text.len());
    let strict = !stack.get(3).to_bool();
    if first < 1 {
        return Err(bad(ctx, 1, "codepoint", "out of bounds"));
    }
    if last > text.len() as i64 {
        return Err(bad(ctx, 2, "codepoint", "out of bounds"));
    }
    stack.clear();
    if first > last {
        return Ok(CallbackReturn::Return);
    }
    if last - first >= i64::from(i32::MAX) {
        return Err(error(ctx, "string slice too long"));
    }
    let (mut at, last) = (first as usize - 1, last as usize);
    if last - at > MOST_VALUES {
        let text = "stack overflow (string slice too long)";
        return Err(error(ctx, text));
    }
    while at < last {
        let (code, length) = decode(text.get(at..).unwrap_or_default(), strict)
            .ok_or_else(|| error(ctx, "invalid UTF-8 code"))?;
        stack.push_back(Value::Integer(i64::from(code)));
        at += length;
    }
    charge(&mut execution, stack.len());
    Ok(CallbackReturn::Return)
}

fn len<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let text = string(ctx, &stack, 0, "len")?;
    let length = text.as_bytes().len();
    let first = position(position_or(ctx, &stack, 1, "len", 1)?, length);
    let last = position(position_or(ctx, &stack, 2, "len", -1)?, length);
    let strict = !stack.get(3).to_bool();
    if first < 1 || first - 1 > length as i64 {
        return Err(bad(ctx, 1, "len", "initial position out of bounds"));
    }
    if last > length as i64 {
        return Err(bad(ctx, 2, "len", "final position out of bounds"));
    }
    stack.replace(ctx, text);
    let mut counting = Counting {
        at: first as usize - 1,
        last: usize::try_from(last).unwrap_or(0),
        strict,
        count: 0,
    };
    if counting.slice(ctx, &mut execution, &mut stack) {
        Ok(CallbackReturn::Return)
    } else {
        Ok(CallbackReturn::Sequence(BoxSequence::new(&ctx, counting)))
    }
}

/// How far `len` has counted. The text lies on the stack.
#[derive(Collect)]
#[collect(require_static)]
struct Counting {
    at: usize,
    last: usize,
    strict: bool,
    count: i64,
}

impl Counting {
    /// Counts for a while; true if the results are on the stack.
    fn slice<'gc>(
        &mut self,
        ctx: Context<'gc>,
        execution: &mut Execution<'gc, '_>,
        stack: &mut Stack<'gc, '_>,
    ) -> bool {
        let Value::String(text) = stack.get(0) else {
            return true;
        };
        let text = text.as_bytes();
        let mut counted = 0;
        while self.at < self.last {
            if counted > SLICE {
                charge(execution, counted);
                return false;
            }
            match decode(text.get(self.at..).unwrap_or_default(), self.strict) {
                Some((_, length)) => self.at += length,
                None => {
                    stack.replace(ctx, (Value::Nil, self.at as i64 + 1));
                    return true;
                }
            }
            self.count += 1;
            counted += 1;
        }
        charge(execution, counted);
        stack.replace(ctx, self.count);
        true
    }
}

impl<'gc> Sequence<'gc> for Counting {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        if self.slice(ctx, &mut execution, &mut stack) {
            Ok(SequencePoll::Return)
        } else {
            Ok(SequencePoll::Pending)
        }
    }
}

fn offset<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let text = string(ctx, &stack, 0, "offset")?;
    let length = text.as_bytes().len();
    let characters = integer(ctx, &stack, 1, "offset")?;
    let default = if characters >= 0 {
        1
    } else {
        length as i64 + 1
    };
    let start = position(position_or(ctx, &stack, 2, "offset", default)?, length);
    if start < 1 || start - 1 > length as i64 {
        return Err(bad(ctx, 2, "offset", "position out of bounds"));
    }
    let at = start as usize - 1;
    if characters != 0 && is_continuation(text.as_bytes().get(at)) {
        return Err(error(ctx, "initial position is a continuation byte"));
    }
    stack.replace(ctx, text);
    let left = if characters > 0 {
        characters - 1
    } else {
        characters
    };
    let mut walking = Walking {
        at,
        left,
        to_start: characters == 0,
    };
    if walking.slice(ctx, &mut execution, &mut stack) {
        Ok(CallbackReturn::Return)
    } else {
        Ok(CallbackReturn::Sequence(BoxSequence::new(&ctx, walking)))
    }
}

/// How far `offset` has gone. The text lies on the stack.
#[derive(Collect)]
#[collect(require_static)]
struct Walking {
    at: usize,
    /// Characters still to go; backwards if negative.
    left: i64,
    /// Only to the beginning of the character.
    to_start: bool,
}

impl Walking {
    /// Goes on for a while; true if the result is on the stack.
    fn slice<'gc>(
        &mut self,
        ctx: Context<'gc>,
        execution: &mut Execution<'gc, '_>,
        stack: &mut Stack<'gc, '_>,
    ) -> bool {
        let Value::String(text) = stack.get(0) else {
            return true;
        };
        let text = text.as_bytes();
        let mut bytes = 0;
        loop {
            let inside = is_continuation(text.get(self.at));
            let arrived = !inside && self.left == 0;
            if arrived || self.to_start && self.at == 0 {
                break;
            }
            if bytes > SLICE {
                charge(execution, bytes);
                return false;
            }
            bytes += 1;
            if self.to_start {
                self.at -= 1;
            } else if self.left < 0 {
                if self.at == 0 {
                    break;
                }
                self.at -= 1;
                if !is_continuation(text.get(self.at)) {
                    self.left += 1;
                }
            } else {
                if self.at >= text.len() {
                    break;
                }
                self.at += 1;
                if !is_continuation(text.get(self.at)) {
                    self.left -= 1;
                }
            }
        }
        charge(execution, bytes);
        let found = self.left == 0;
        let value = if found {
            Value::Integer(self.at as i64 + 1)
        } else {
            Value::Nil
        };
        stack.replace(ctx, value);
        true
    }
}

impl<'gc> Sequence<'gc> for Walking {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        if self.slice(ctx, &mut execution, &mut stack) {
            Ok(SequencePoll::Return)
        } else {
            Ok(SequencePoll::Pending)
        }
    }
}

fn codes<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let text = string(ctx, &stack, 0, "codes")?;
    let strict = !stack.get(1).to_bool();
    let next = Callback::from_fn(&ctx, move |ctx, execution, stack| {
        next_code(ctx, execution, stack, strict)
    });
    stack.replace(ctx, (next, text, 0));
    Ok(CallbackReturn::Return)
}

/// The iterator of `codes`: from the position of a character to the next one.
fn next_code<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    strict: bool,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let text = string(ctx, &stack, 0, "for iterator")?.as_bytes();
    let previous = stack.get(1).to_integer().unwrap_or(0) as u64;
    let mut at = usize::try_from(previous).unwrap_or(usize::MAX);
    let start = at;
    while is_continuation(text.get(at)) {
        at += 1;
    }
    charge(&mut execution, at - start);
    let rest = text.get(at..).unwrap_or_default();
    if rest.is_empty() {
        stack.clear();
        return Ok(CallbackReturn::Return);
    }
    match decode(rest, strict) {
        Some((code, _)) => {
            stack.replace(ctx, (at as i64 + 1, i64::from(code)));
            Ok(CallbackReturn::Return)
        }
        None => Err(error(ctx, "invalid UTF-8 code")),
    }
}
