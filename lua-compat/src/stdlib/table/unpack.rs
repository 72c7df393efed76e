//! `unpack` and `pack`: elements to values and back.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::meta_ops::MetaResult;
use piccolo::{
    BoxSequence, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll, Stack, Table,
    Value,
};

use super::SLICE;
use super::access::{get, set_raw, with_length};
use crate::arguments::{buffer, error, integer, lua51, table};

/// Values that a call can return, by dialect: PUC-Rio's own limits.
const MOST_51: u64 = 8000;
const MOST_54: u64 = 999_500;

/// `table.unpack(list [, i [, j]])`.
pub(super) fn unpack<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    if lua51() {
        table(ctx, &stack, 0, "unpack")?;
    }
    first(ctx, &stack)?;
    match stack.get(2) {
        Value::Nil => with_length(ctx, execution, stack, unpack_to),
        _ => {
            let last = integer(ctx, &stack, 2, "unpack")?;
            // An `int` of C in Lua 5.1.
            let last = if lua51() {
                i64::from(last as i32)
            } else {
                last
            };
            unpack_to(ctx, execution, stack, last)
        }
    }
}

fn first<'gc>(ctx: Context<'gc>, stack: &Stack<'gc, '_>) -> Result<i64, Error<'gc>> {
    match stack.get(1) {
        Value::Nil => Ok(1),
        _ => integer(ctx, stack, 1, "unpack"),
    }
}

fn unpack_to<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    last: i64,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let list = stack.get(0);
    let first = first(ctx, &stack)?;
    if first > last {
        stack.clear();
        return Ok(CallbackReturn::Return);
    }
    let count = (last as u64).wrapping_sub(first as u64);
    let most = if lua51() {
        MOST_51.saturating_sub(stack.len() as u64)
    } else {
        MOST_54
    };
    if count >= most {
        return Err(error(ctx, "too many results to unpack"));
    }
    let count = count as usize + 1;
    if count as u64 > SLICE {
        buffer(ctx, count.saturating_mul(size_of::<Value<'gc>>()))?;
    }
    stack.clear();
    stack.reserve(count);
    Ok(CallbackReturn::Sequence(BoxSequence::new(
        &ctx,
        Unpack { list, first, count },
    )))
}

/// Pushes elements until there are `count`.
#[derive(Collect)]
#[collect(no_drop)]
struct Unpack<'gc> {
    list: Value<'gc>,
    first: i64,
    count: usize,
}

impl<'gc> Sequence<'gc> for Unpack<'gc> {
    fn poll(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let before = stack.len();
        while stack.len() < self.count {
            let bottom = stack.len();
            if (bottom - before) as u64 >= SLICE {
                execution.fuel().consume(SLICE as i32);
                return Ok(SequencePoll::Pending);
            }
            match get(ctx, self.list, self.first.wrapping_add(bottom as i64))? {
                MetaResult::Value(value) => stack.push_back(value),
                MetaResult::Call(call) => {
                    stack.extend(call.args);
                    return Ok(SequencePoll::Call {
                        bottom,
                        function: call.function,
                    });
                }
            }
        }
        execution.fuel().consume((stack.len() - before) as i32);
        Ok(SequencePoll::Return)
    }
}

/// `table.pack(...)`.
pub(super) fn pack<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let count = stack.len();
    execution.fuel().consume(count as i32);
    let packed = Table::new(&ctx);
    if count > 0 {
        buffer(ctx, count.saturating_mul(size_of::<Value<'gc>>()))?;
        let mut state = packed.into_inner().borrow_mut(&ctx);
        state.raw_table.grow_array(count);
    }
    for (index, value) in (1..).zip(&stack) {
        set_raw(ctx, packed, index, value);
    }
    packed.set_field(ctx, "n", Value::Integer(count as i64));
    stack.replace(ctx, packed);
    Ok(CallbackReturn::Return)
}
