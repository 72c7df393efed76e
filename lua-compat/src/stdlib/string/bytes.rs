//! The functions that treat a text as bytes: `byte`, `char`, `len`, `sub`, `lower`, `upper`, `reverse`, `rep`.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::{
    BoxSequence, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll, Stack,
    String as LuaString, Value,
};

use super::work::{SLICE, charge_bytes, finished, from_start, integer_or, to_end};
use crate::arguments::{
    bad, buffer, error, integer, lua51, new_string, out_of_memory, string, whole,
};

/// Bytes that are made in one slice.
const BYTES: usize = SLICE as usize * 16;
/// What `rep` makes is no longer than C's `int` can count.
const LONGEST: i64 = i32::MAX as i64;
/// How many values PUC-Rio puts on the stack of a function.
const MOST_VALUES_54: usize = 1_000_000 - 64;
const MOST_VALUES_51: usize = 8_000;

pub(super) fn len<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let length = string(ctx, &stack, 0, "len")?.len();
    stack.replace(ctx, whole(length));
    Ok(CallbackReturn::Return)
}

pub(super) fn sub<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let text = string(ctx, &stack, 0, "sub")?;
    let bytes = text.as_bytes();
    let first = match stack.get(1) {
        Value::Integer(first) => first,
        _ => integer(ctx, &stack, 1, "sub")?,
    };
    let first = from_start(first, bytes.len());
    let last = to_end(integer_or(ctx, &stack, 2, "sub", -1)?, bytes.len());
    let value = if first == 1 && last == bytes.len() {
        text.into()
    } else {
        let piece = bytes.get(first - 1..last).unwrap_or_default();
        charge_bytes(&mut execution, piece.len());
        new_string(ctx, piece)
    };
    stack.clear();
    stack.push_back(value);
    Ok(CallbackReturn::Return)
}

pub(super) fn byte<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let text = string(ctx, &stack, 0, "byte")?.as_bytes();
    let position = integer_or(ctx, &stack, 1, "byte", 1)?;
    let first = from_start(position, text.len());
    let last = to_end(integer_or(ctx, &stack, 2, "byte", position)?, text.len());
    let bytes = text.get(first - 1..last).unwrap_or_default();
    let too_many = if lua51() {
        bytes.len() + stack.len() > MOST_VALUES_51
    } else {
        bytes.len() > MOST_VALUES_54
    };
    if too_many {
        let text = "stack overflow (string slice too long)";
        return Err(error(ctx, text));
    }
    charge_bytes(&mut execution, bytes.len().saturating_mul(4));
    stack.clear();
    stack.extend(bytes.iter().map(|byte| whole(i64::from(*byte))));
    Ok(CallbackReturn::Return)
}

pub(super) fn char<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let mut text = Vec::new();
    text.try_reserve(stack.len())
        .map_err(|_| out_of_memory(ctx))?;
    for index in 0..stack.len() {
        let code = integer(ctx, &stack, index, "char")?;
        // In Lua 5.1 a code is a C `int`.
        let code = if lua51() {
            i64::from(code as i32)
        } else {
            code
        };
        let byte = u8::try_from(code).map_err(|_| {
            let old = lua51();
            let text = if old {
                "invalid value"
            } else {
                "value out of range"
            };
            bad(ctx, index, "char", text)
        })?;
        text.push(byte);
    }
    charge_bytes(&mut execution, text.len().saturating_mul(4));
    let value = finished(ctx, text)?;
    stack.replace(ctx, value);
    Ok(CallbackReturn::Return)
}

pub(super) fn lower<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    changed(ctx, execution, stack, "lower", Change::Lower)
}

pub(super) fn upper<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    changed(ctx, execution, stack, "upper", Change::Upper)
}

pub(super) fn reverse<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    changed(ctx, execution, stack, "reverse", Change::Reverse)
}

pub(super) fn rep<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let text = string(ctx, &stack, 0, "rep")?;
    let count = integer(ctx, &stack, 1, "rep")?;
    let separator = match stack.get(2) {
        Value::Nil => None,
        _ if lua51() => None,
        _ => Some(string(ctx, &stack, 2, "rep")?),
    };
    // In Lua 5.1 the count is a C `int`.
    let count = if lua51() {
        i64::from(count as i32)
    } else {
        count
    };
    let unit = text.len() + separator.map_or(0, LuaString::len);
    if count <= 0 || unit == 0 {
        stack.replace(ctx, new_string(ctx, b""));
        return Ok(CallbackReturn::Return);
    }
    if unit > LONGEST / count {
        return Err(if lua51() {
            out_of_memory(ctx)
        } else {
            error(ctx, "resulting string too large")
        });
    }
    let total = unit * count - separator.map_or(0, LuaString::len);
    let total = usize::try_from(total).map_err(|_| out_of_memory(ctx))?;
    let mut result = buffer(ctx, total)?;
    result.extend_from_slice(text.as_bytes());
    if count > 1 {
        result.extend_from_slice(separator.map_or(&[], LuaString::as_bytes));
    }
    let unit = result.len();
    let change = Change::Repeat { unit };
    stack.replace(ctx, text);
    make(
        ctx,
        &mut execution,
        stack,
        Making {
            result,
            total,
            change,
        },
    )
}

#[derive(Clone, Copy)]
enum Change {
    Lower,
    Upper,
    Reverse,
    /// The first `unit` bytes again and again.
    Repeat {
        unit: usize,
    },
}

/// A text in the making; what it is made of lies on the stack.
#[derive(Collect)]
#[collect(require_static)]
struct Making {
    result: Vec<u8>,
    total: usize,
    change: Change,
}

fn changed<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    function: &str,
    change: Change,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let text = string(ctx, &stack, 0, function)?;
    let total = text.as_bytes().len();
    let result = buffer(ctx, total)?;
    stack.replace(ctx, text);
    make(
        ctx,
        &mut execution,
        stack,
        Making {
            result,
            total,
            change,
        },
    )
}

fn make<'gc>(
    ctx: Context<'gc>,
    execution: &mut Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    mut making: Making,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    if making.slice(ctx, execution, &mut stack)? {
        Ok(CallbackReturn::Return)
    } else {
        Ok(CallbackReturn::Sequence(BoxSequence::new(&ctx, making)))
    }
}

impl Making {
    /// Makes a part; true if the text is complete and on the stack.
    fn slice<'gc>(
        &mut self,
        ctx: Context<'gc>,
        execution: &mut Execution<'gc, '_>,
        stack: &mut Stack<'gc, '_>,
    ) -> Result<bool, Error<'gc>> {
        let Value::String(text) = stack.get(0) else {
            return Ok(true);
        };
        let text = text.as_bytes();
        let before = self.result.len();
        let end = self.total.min(before + BYTES);
        match self.change {
            Change::Lower => {
                let part = text.get(before..end).unwrap_or_default();
                self.result.extend(part.iter().map(u8::to_ascii_lowercase));
            }
            Change::Upper => {
                let part = text.get(before..end).unwrap_or_default();
                self.result.extend(part.iter().map(u8::to_ascii_uppercase));
            }
            Change::Reverse => {
                let part = text.get(self.total - end..self.total - before);
                self.result
                    .extend(part.unwrap_or_default().iter().rev().copied());
            }
            Change::Repeat { unit } => {
                while self.result.len() < end {
                    // Whole units, so that what follows begins with one.
                    let ready = self.result.len();
                    let most = (BYTES / unit).max(1) * unit;
                    let more = ready.min(most).min(self.total - ready);
                    self.result.extend_from_within(..more);
                }
            }
        }
        charge_bytes(execution, self.result.len() - before);
        if self.result.len() < self.total {
            return Ok(false);
        }
        let value = finished(ctx, std::mem::take(&mut self.result))?;
        stack.replace(ctx, value);
        Ok(true)
    }
}

impl<'gc> Sequence<'gc> for Making {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        if self.slice(ctx, &mut execution, &mut stack)? {
            Ok(SequencePoll::Return)
        } else {
            Ok(SequencePoll::Pending)
        }
    }
}
