//! Protected calls and raising errors: `pcall`, `xpcall`, `error`.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::unwinding::Role;
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Function, Sequence,
    SequencePoll, Stack, Value,
};

use super::conversions::callable;
use crate::arguments::{any, exact, expected, integer, lua51};

pub(super) fn install(ctx: Context<'_>) {
    ctx.set_global(
        "pcall",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let called = any(ctx, &stack, 0, "pcall")?;
            stack.pop_front();
            Ok(protected(ctx, called, None))
        }),
    );
    ctx.set_global(
        "xpcall",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let handler = match stack.get(1) {
                Value::Function(handler) => handler,
                _ if lua51() => {
                    any(ctx, &stack, 1, "xpcall")?;
                    unusable_handler(ctx)
                }
                _ => return Err(expected(ctx, &stack, 1, "xpcall", "function")),
            };
            let called = stack.get(0);
            if lua51() {
                stack.clear();
            } else {
                stack.drain(..2);
            }
            Ok(protected(ctx, called, Some(handler)))
        }),
    );
    ctx.set_global("error", Callback::from_fn(&ctx, raise));
}

fn protected<'gc>(
    ctx: Context<'gc>,
    called: Value<'gc>,
    handler: Option<Function<'gc>>,
) -> CallbackReturn<'gc> {
    CallbackReturn::Call {
        function: callable(ctx, called),
        then: Some(BoxSequence::new(&ctx, Protected { handler })),
    }
}

/// What Lua 5.1 makes of a handler that is no function.
fn unusable_handler(ctx: Context<'_>) -> Function<'_> {
    Callback::from_fn(&ctx, |ctx, _, mut stack| {
        stack.replace(ctx, "error in error handling");
        Ok(CallbackReturn::Return)
    })
    .into()
}

/// Waits for a protected call to end. The VM calls the handler.
#[derive(Collect)]
#[collect(no_drop)]
struct Protected<'gc> {
    handler: Option<Function<'gc>>,
}

impl<'gc> Sequence<'gc> for Protected<'gc> {
    fn poll(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        stack.into_front(ctx, true);
        Ok(SequencePoll::Return)
    }

    fn error(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        error: Error<'gc>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        stack.replace(ctx, (false, error));
        Ok(SequencePoll::Return)
    }

    fn role(&self) -> Role<'gc> {
        Role::Protected(self.handler)
    }
}

/// `error(value [, level])`.
fn raise<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let value = stack.get(0);
    let level = match stack.get(1) {
        Value::Nil => 1,
        _ => integer(ctx, &stack, 1, "error")?,
    };
    let text = match value {
        Value::String(text) => text,
        // In Lua 5.1 a number is text here, where a position goes before it.
        Value::Integer(_) | Value::Number(_) if lua51() && level > 0 => {
            value.into_string(ctx).unwrap_or_else(|| ctx.intern(b""))
        }
        _ => return Err(value.into()),
    };
    let mut message = match usize::try_from(level) {
        Ok(level) if level > 0 => execution.position(level),
        _ => Vec::new(),
    };
    message.extend_from_slice(text.as_bytes());
    Err(exact(message))
}
