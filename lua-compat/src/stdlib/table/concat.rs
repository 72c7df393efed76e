//! `concat`.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::meta_ops::MetaResult;
use piccolo::{
    BoxSequence, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll, Stack,
    String as LuaString, Value, numbers,
};

use super::SLICE;
use super::access::{READS_LENGTH, get, table_like, with_length};
use crate::arguments::{error, integer, lua51, out_of_memory, string, type_name};

/// Bytes that are copied between two chances to stop.
const SLICE_OF_BYTES: usize = 1 << 20;
/// Bytes that cost as much as one element.
const BYTES_PER_UNIT: usize = 16;

/// `table.concat(list [, sep [, i [, j]]])`.
pub(super) fn concat<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    // The dialects check in different orders, and in 5.4 the length counts even where `j` is given.
    if lua51() {
        separator(ctx, &stack)?;
        table_like(ctx, &stack, 0, "concat", READS_LENGTH)?;
        first(ctx, &stack)?;
        if !stack.get(3).is_nil() {
            return concat_list(ctx, execution, stack, 0);
        }
    } else {
        table_like(ctx, &stack, 0, "concat", READS_LENGTH)?;
    }
    with_length(ctx, execution, stack, concat_list)
}

fn separator<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
) -> Result<Option<LuaString<'gc>>, Error<'gc>> {
    match stack.get(1) {
        Value::Nil => Ok(None),
        _ => string(ctx, stack, 1, "concat").map(Some),
    }
}

fn first<'gc>(ctx: Context<'gc>, stack: &Stack<'gc, '_>) -> Result<i64, Error<'gc>> {
    match stack.get(2) {
        Value::Nil => Ok(1),
        _ => integer(ctx, stack, 2, "concat"),
    }
}

fn concat_list<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    length: i64,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let sequence = Concat {
        list: stack.get(0),
        separator: separator(ctx, &stack)?,
        next: first(ctx, &stack)?,
        last: match stack.get(3) {
            Value::Nil => length,
            _ => integer(ctx, &stack, 3, "concat")?,
        },
        text: Vec::new(),
        waiting: false,
    };
    stack.clear();
    Ok(CallbackReturn::Sequence(BoxSequence::new(&ctx, sequence)))
}

#[derive(Collect)]
#[collect(no_drop)]
struct Concat<'gc> {
    list: Value<'gc>,
    separator: Option<LuaString<'gc>>,
    next: i64,
    last: i64,
    text: Vec<u8>,
    /// The element was asked of a metamethod and is on the stack.
    waiting: bool,
}

impl<'gc> Concat<'gc> {
    fn append(&mut self, ctx: Context<'gc>, bytes: &[u8]) -> Result<(), Error<'gc>> {
        self.text
            .try_reserve(bytes.len())
            .map_err(|_| out_of_memory(ctx))?;
        self.text.extend_from_slice(bytes);
        Ok(())
    }

    /// Adds an element and the separator after it. Says whether that was the last one.
    fn add(&mut self, ctx: Context<'gc>, value: Value<'gc>) -> Result<bool, Error<'gc>> {
        match value {
            Value::String(text) => self.append(ctx, text.as_bytes())?,
            Value::Integer(number) => self.append(ctx, numbers::integer(number).as_bytes())?,
            Value::Number(number) => self.append(ctx, numbers::float(number).as_bytes())?,
            _ => {
                return Err(error(
                    ctx,
                    format!(
                        "invalid value ({}) at index {} in table for 'concat'",
                        type_name(ctx, value),
                        self.next
                    ),
                ));
            }
        }
        if self.next >= self.last {
            return Ok(true);
        }
        if let Some(separator) = self.separator {
            self.append(ctx, separator.as_bytes())?;
        }
        self.next += 1;
        Ok(false)
    }

    /// The text as a Lua string, without a second copy of it.
    fn finish(&mut self, ctx: Context<'gc>) -> Value<'gc> {
        let text = std::mem::take(&mut self.text);
        if text.len() < 256 {
            return Value::String(LuaString::from_slice(&ctx, &text));
        }
        Value::String(LuaString::from_buffer(&ctx, text.into_boxed_slice()))
    }
}

impl<'gc> Sequence<'gc> for Concat<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let before = self.text.len();
        let mut elements = 0;
        let mut done = self.next > self.last;
        if std::mem::take(&mut self.waiting) {
            let value = stack.get(0);
            stack.clear();
            done = self.add(ctx, value)?;
        }
        let poll = loop {
            if done {
                let text = self.finish(ctx);
                stack.replace(ctx, text);
                break SequencePoll::Return;
            }
            if elements >= SLICE || self.text.len() - before > SLICE_OF_BYTES {
                break SequencePoll::Pending;
            }
            elements += 1;
            match get(ctx, self.list, self.next)? {
                MetaResult::Value(value) => done = self.add(ctx, value)?,
                MetaResult::Call(call) => {
                    stack.extend(call.args);
                    self.waiting = true;
                    break SequencePoll::Call {
                        bottom: 0,
                        function: call.function,
                    };
                }
            }
        };
        let bytes = self.text.len().saturating_sub(before) / BYTES_PER_UNIT;
        let units = (elements as usize).saturating_add(bytes);
        execution
            .fuel()
            .consume(i32::try_from(units).unwrap_or(i32::MAX));
        Ok(poll)
    }
}
