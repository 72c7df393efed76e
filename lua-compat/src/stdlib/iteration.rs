//! `next`, `pairs`, `ipairs`.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::meta_ops::{self, MetaResult};
use piccolo::table::NextValue;
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll,
    Stack, Value, metatables,
};

use super::conversions::callable;
use crate::arguments::{any, exact, integer, lua51, table, type_name, whole};

pub(super) fn install(ctx: Context<'_>) {
    ctx.set_global("next", Callback::from_fn(&ctx, next_pair));
    // What `pairs` returns in Lua 5.1 does the same, but is another function.
    let next = if lua51() {
        Callback::from_fn(&ctx, next_pair).into()
    } else {
        ctx.get_global_value("next")
    };
    ctx.set_global(
        "pairs",
        Callback::from_fn_with(&ctx, next, |next, ctx, _, mut stack| {
            if lua51() {
                let target = table(ctx, &stack, 0, "pairs")?;
                stack.replace(ctx, (*next, target, Value::Nil));
                return Ok(CallbackReturn::Return);
            }
            let target = any(ctx, &stack, 0, "pairs")?;
            let method = metatables::of(ctx, target)
                .map_or(Value::Nil, |metatable| metatable.get_value(ctx, "__pairs"));
            if method.is_nil() {
                stack.replace(ctx, (*next, target, Value::Nil));
                return Ok(CallbackReturn::Return);
            }
            stack.replace(ctx, target);
            Ok(CallbackReturn::Call {
                function: callable(ctx, method),
                then: Some(BoxSequence::new(&ctx, Three)),
            })
        }),
    );
    let step = if lua51() {
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let index = integer(ctx, &stack, 1, "ipairs")?.wrapping_add(1);
            let value = table(ctx, &stack, 0, "ipairs")?.get_raw(Value::Integer(index));
            match value {
                Value::Nil => stack.clear(),
                value => stack.replace(ctx, (whole(index), value)),
            }
            Ok(CallbackReturn::Return)
        })
    } else {
        Callback::from_fn(&ctx, step)
    };
    ctx.set_global(
        "ipairs",
        Callback::from_fn_with(&ctx, step, |step, ctx, _, mut stack| {
            let target = if lua51() {
                table(ctx, &stack, 0, "ipairs")?.into()
            } else {
                any(ctx, &stack, 0, "ipairs")?
            };
            stack.replace(ctx, (*step, target, whole(0)));
            Ok(CallbackReturn::Return)
        }),
    );
}

/// One step of `ipairs` in Lua 5.4, which respects `__index`.
fn step<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let index = integer(ctx, &stack, 1, "?")?.wrapping_add(1);
    let target = stack.get(0);
    let value = meta_ops::index(ctx, target, Value::Integer(index)).map_err(|_| {
        exact(format!(
            "attempt to index a {} value",
            type_name(ctx, target)
        ))
    })?;
    match value {
        MetaResult::Value(Value::Nil) => stack.replace(ctx, Value::Nil),
        MetaResult::Value(value) => stack.replace(ctx, (index, value)),
        MetaResult::Call(call) => {
            stack.clear();
            stack.extend(call.args);
            return Ok(CallbackReturn::Call {
                function: call.function,
                then: Some(BoxSequence::new(&ctx, Stepped(index))),
            });
        }
    }
    Ok(CallbackReturn::Return)
}

/// Puts the index before what `__index` returned.
#[derive(Collect)]
#[collect(require_static)]
struct Stepped(i64);

impl<'gc> Sequence<'gc> for Stepped {
    fn poll(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        match stack.get(0) {
            Value::Nil => stack.replace(ctx, Value::Nil),
            value => stack.replace(ctx, (self.0, value)),
        }
        Ok(SequencePoll::Return)
    }
}

/// Exactly three results, as `pairs` has.
#[derive(Collect)]
#[collect(require_static)]
struct Three;

impl<'gc> Sequence<'gc> for Three {
    fn poll(
        self: Pin<&mut Self>,
        _: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        stack.resize(3);
        Ok(SequencePoll::Return)
    }
}

fn next_pair<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let from = table(ctx, &stack, 0, "next")?;
    match from.next(stack.get(1)) {
        NextValue::Found { key, value } => stack.replace(ctx, (key, value)),
        NextValue::Last => stack.replace(ctx, Value::Nil),
        NextValue::NotFound => return Err(exact("invalid key to 'next'")),
    }
    Ok(CallbackReturn::Return)
}
