//! `insert`, `remove` and `move`: functions that shift elements.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::meta_ops::MetaResult;
use piccolo::{
    BoxSequence, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll, Stack, Value,
};

use super::access::{
    ALL, Copying, Progress, READS, WRITES, append, get, get_raw, raw, set, set_raw, table_like,
    with_length,
};
use crate::arguments::{bad, error, integer, lua51};

/// `table.insert(list, [pos,] value)`.
pub(super) fn insert<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    table_like(ctx, &stack, 0, "insert", ALL)?;
    with_length(ctx, execution, stack, insert_at)
}

fn insert_at<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    length: i64,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let list = stack.get(0);
    let mut end = length.wrapping_add(1);
    let (position, value) = match stack.len() {
        2 => (end, stack.get(1)),
        3 => {
            let position = integer(ctx, &stack, 1, "insert")?;
            if lua51() {
                // Beyond the end is allowed, and everything between moves.
                end = end.max(position);
            } else if position.wrapping_sub(1) as u64 >= end as u64 {
                return Err(bad(ctx, 1, "insert", "position out of bounds"));
            }
            (position, stack.get(2))
        }
        _ => return Err(error(ctx, "wrong number of arguments to 'insert'")),
    };
    if position == end
        && let Some(list) = raw(ctx, list)
    {
        if end == length.wrapping_add(1) {
            append(ctx, list, length, value)?;
        } else {
            set_raw(ctx, list, position, value);
        }
        stack.clear();
        return Ok(CallbackReturn::Return);
    }
    stack.clear();
    let count = (end as u64).wrapping_sub(position as u64);
    let copying = Copying::new(
        list,
        list,
        (position, position.wrapping_add(1)),
        if end > position { count } else { 0 },
        true,
    );
    Ok(CallbackReturn::Sequence(BoxSequence::new(
        &ctx,
        Shift {
            phase: Phase::Copy,
            kept: 0,
            copying,
            last: Some((position, value)),
        },
    )))
}

/// `table.remove(list [, pos])`.
pub(super) fn remove<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    table_like(ctx, &stack, 0, "remove", ALL)?;
    with_length(ctx, execution, stack, remove_at)
}

fn remove_at<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    length: i64,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let list = stack.get(0);
    let position = match stack.get(1) {
        Value::Nil => length,
        _ => integer(ctx, &stack, 1, "remove")?,
    };
    if lua51() {
        if position < 1 || position > length {
            stack.clear();
            return Ok(CallbackReturn::Return);
        }
    } else if stack.len() > 1
        && position != length
        && position.wrapping_sub(1) as u64 > length as u64
    {
        return Err(bad(ctx, 0, "remove", "position out of bounds"));
    }
    if let (true, Some(list)) = (position >= length, raw(ctx, list)) {
        stack.replace(ctx, get_raw(list, position));
        set_raw(ctx, list, position, Value::Nil);
        return Ok(CallbackReturn::Return);
    }
    stack.clear();
    let count = (length as u64).wrapping_sub(position as u64);
    Ok(CallbackReturn::Sequence(BoxSequence::new(
        &ctx,
        Shift {
            phase: Phase::Take,
            kept: 1,
            copying: Copying::new(
                list,
                list,
                (position.wrapping_add(1), position),
                if position < length { count } else { 0 },
                false,
            ),
            last: Some((position.max(length), Value::Nil)),
        },
    )))
}

/// `table.move(a1, f, e, t [, a2])`.
pub(super) fn transfer<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let first = integer(ctx, &stack, 1, "move")?;
    let last = integer(ctx, &stack, 2, "move")?;
    let to = integer(ctx, &stack, 3, "move")?;
    let target = if stack.get(4).is_nil() { 0 } else { 4 };
    let source = table_like(ctx, &stack, 0, "move", READS)?;
    let target = table_like(ctx, &stack, target, "move", WRITES)?;
    stack.replace(ctx, target);
    if last < first {
        return Ok(CallbackReturn::Return);
    }
    if first <= 0 && last >= i64::MAX.wrapping_add(first) {
        return Err(bad(ctx, 2, "move", "too many elements to move"));
    }
    let more = last.wrapping_sub(first);
    if to > i64::MAX.wrapping_sub(more) {
        return Err(bad(ctx, 3, "move", "destination wrap around"));
    }
    let apart = match (source, target) {
        (Value::Table(source), Value::Table(target)) => source != target,
        (Value::UserData(source), Value::UserData(target)) => source != target,
        _ => true,
    };
    let copying = Copying::new(
        source,
        target,
        (first, to),
        (more as u64).saturating_add(1),
        !(to > last || to <= first || apart),
    );
    Ok(CallbackReturn::Sequence(BoxSequence::new(
        &ctx,
        Shift {
            phase: Phase::Copy,
            kept: 1,
            copying,
            last: None,
        },
    )))
}

#[derive(Collect, Clone, Copy)]
#[collect(require_static)]
enum Phase {
    /// Read the element that will be overwritten first.
    Take,
    Taken,
    Copy,
    /// Set the last element.
    Store,
    End,
}

/// Copies elements, then sets one more. Returns the first `kept` values of its stack.
#[derive(Collect)]
#[collect(no_drop)]
struct Shift<'gc> {
    phase: Phase,
    kept: usize,
    copying: Copying<'gc>,
    last: Option<(i64, Value<'gc>)>,
}

impl<'gc> Sequence<'gc> for Shift<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let list = self.copying.target;
        let bottom = self.kept;
        loop {
            match self.phase {
                Phase::Take => match get(ctx, list, self.copying.to)? {
                    MetaResult::Value(value) => {
                        stack.push_back(value);
                        self.phase = Phase::Copy;
                    }
                    MetaResult::Call(call) => {
                        stack.extend(call.args);
                        self.phase = Phase::Taken;
                        return Ok(SequencePoll::Call {
                            bottom: 0,
                            function: call.function,
                        });
                    }
                },
                Phase::Taken => {
                    stack.resize(1);
                    self.phase = Phase::Copy;
                }
                Phase::Copy => {
                    match self
                        .copying
                        .advance(ctx, &mut execution, &mut stack, bottom)?
                    {
                        Progress::Done => self.phase = Phase::Store,
                        Progress::Pending => return Ok(SequencePoll::Pending),
                        Progress::Call(function) => {
                            return Ok(SequencePoll::Call { bottom, function });
                        }
                    }
                }
                Phase::Store => {
                    self.phase = Phase::End;
                    if let Some((index, value)) = self.last
                        && let Some(function) = set(ctx, &mut stack, list, index, value)?
                    {
                        return Ok(SequencePoll::Call { bottom, function });
                    }
                }
                Phase::End => {
                    stack.resize(bottom);
                    return Ok(SequencePoll::Return);
                }
            }
        }
    }
}
