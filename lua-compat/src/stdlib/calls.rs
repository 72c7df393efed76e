//! Protected calls, raising errors, tracebacks, and coroutines as functions.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::numbers::{self, Style};
use piccolo::position::{self, Exact};
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Function, RuntimeError,
    Sequence, SequencePoll, Stack, Thread, ThreadMode, Value, meta_ops,
};

use super::{library, traceback};
use crate::arguments::{any, bad, new_string};

pub(super) fn install(ctx: Context<'_>) {
    ctx.set_global(
        "pcall",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let called = any(ctx, &stack, 0, "pcall")?;
            let function = match meta_ops::call(ctx, called) {
                Ok(function) => function,
                Err(_) => {
                    let text = format!("attempt to call a {} value", called.type_name());
                    stack.replace(ctx, (false, text));
                    return Ok(CallbackReturn::Return);
                }
            };
            stack.pop_front();
            Ok(CallbackReturn::Call {
                function,
                then: Some(BoxSequence::new(&ctx, Protected { handler: None })),
            })
        }),
    );
    ctx.set_global(
        "xpcall",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let handler = match stack.get(1) {
                Value::Function(handler) => handler,
                _ => return Err(bad(ctx, 1, "xpcall", "function expected")),
            };
            let called = stack.get(0);
            stack.drain(..2);
            let function = meta_ops::call(ctx, called)?;
            Ok(CallbackReturn::Call {
                function,
                then: Some(BoxSequence::new(
                    &ctx,
                    Protected {
                        handler: Some(handler),
                    },
                )),
            })
        }),
    );
    ctx.set_global("error", Callback::from_fn(&ctx, raise));
    library(ctx, "debug").set_field(ctx, "traceback", Callback::from_fn(&ctx, trace));
    coroutines(ctx);
}

/// Waits for a protected call to end.
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
        match self.handler {
            None => {
                stack.replace(ctx, (false, error));
                Ok(SequencePoll::Return)
            }
            Some(handler) => {
                stack.replace(ctx, error);
                Ok(SequencePoll::TailCall(
                    Callback::from_fn_with(&ctx, handler, |handler, ctx, _, _| {
                        Ok(CallbackReturn::Call {
                            function: *handler,
                            then: Some(BoxSequence::new(&ctx, Handled)),
                        })
                    })
                    .into(),
                ))
            }
        }
    }
}

/// Puts `false` before what the handler of `xpcall` returned.
#[derive(Collect)]
#[collect(require_static)]
struct Handled;

impl<'gc> Sequence<'gc> for Handled {
    fn poll(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        stack.into_front(ctx, false);
        Ok(SequencePoll::Return)
    }

    fn error(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        error: Error<'gc>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        // The handler failed: its own error is all there is to tell.
        stack.replace(ctx, (false, error));
        Ok(SequencePoll::Return)
    }
}

/// `error(value [, level])`. The VM itself puts the position of level 1 before a text.
fn raise<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let value = stack.get(0);
    let level = match stack.get(1) {
        Value::Nil => 1,
        level => level.to_integer().unwrap_or(1),
    };
    let text = match value {
        Value::String(text) => text,
        // In Lua 5.1 a number is text here.
        Value::Integer(_) | Value::Number(_) if numbers::style() == Style::Lua51 => {
            value.into_string(ctx).unwrap_or_else(|| ctx.intern(b""))
        }
        _ => return Err(value.into()),
    };
    if level == 1 {
        return Err(Value::String(text).into());
    }
    let mut message = Vec::new();
    if let Ok(above) = usize::try_from(level)
        && let Some(index) = above.checked_sub(1)
        && let Some(caller) = execution.level(index)
    {
        message.extend_from_slice(format!("{}:{}: ", caller.chunk, caller.line).as_bytes());
    }
    message.extend_from_slice(text.as_bytes());
    Err(Error::Runtime(RuntimeError::new(Exact(message))))
}

/// `debug.traceback([message [, level]])`. In a handler of `xpcall` it shows where the error was raised.
fn trace<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let message = match stack.get(0) {
        Value::Thread(_) => stack.get(1),
        message => message,
    };
    if !matches!(
        message,
        Value::Nil | Value::String(_) | Value::Integer(_) | Value::Number(_)
    ) {
        stack.replace(ctx, message);
        return Ok(CallbackReturn::Return);
    }
    let levels = if execution.upper_lua_frame().is_some() {
        execution.levels(22)
    } else {
        position::last_traceback()
    };
    let mut text = Vec::new();
    if let Some(message) = message.into_string(ctx) {
        text.extend_from_slice(message.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(traceback(&levels).as_bytes());
    stack.replace(ctx, new_string(ctx, text));
    Ok(CallbackReturn::Return)
}

fn coroutines(ctx: Context<'_>) {
    let coroutine = library(ctx, "coroutine");
    coroutine.set_field(
        ctx,
        "wrap",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let function = match stack.get(0) {
                Value::Function(function) => function,
                _ => return Err(bad(ctx, 0, "wrap", "function expected")),
            };
            let thread = Thread::new(ctx);
            thread.start_suspended(&ctx, function)?;
            let wrapped = Callback::from_fn_with(&ctx, thread, |thread, _, _, _| {
                Ok(CallbackReturn::Resume {
                    thread: *thread,
                    then: None,
                })
            });
            stack.replace(ctx, wrapped);
            Ok(CallbackReturn::Return)
        }),
    );
    let yields = coroutine.get_value(ctx, "yield");
    if let Value::Function(yields) = yields {
        coroutine.set_field(
            ctx,
            "yield",
            Callback::from_fn_with(&ctx, yields, |yields, ctx, execution, _| {
                if execution.current_thread().is_main {
                    return Err(crate::arguments::error(
                        ctx,
                        "attempt to yield from outside a coroutine",
                    ));
                }
                Ok(CallbackReturn::Call {
                    function: *yields,
                    then: None,
                })
            }),
        );
    }
    // The VM's own ways to switch between coroutines are no Lua.
    coroutine.set_field(ctx, "yieldto", Value::Nil);
    coroutine.set_field(ctx, "continue", Value::Nil);
    coroutine.set_field(
        ctx,
        "isyieldable",
        Callback::from_fn(&ctx, |ctx, execution, mut stack| {
            let inside = !execution.current_thread().is_main;
            stack.replace(ctx, inside);
            Ok(CallbackReturn::Return)
        }),
    );
    coroutine.set_field(
        ctx,
        "close",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let thread = match stack.get(0) {
                Value::Thread(thread) => thread,
                _ => return Err(bad(ctx, 0, "close", "coroutine expected")),
            };
            match thread.mode() {
                ThreadMode::Stopped | ThreadMode::Suspended | ThreadMode::Result => {
                    thread.reset(&ctx)?;
                    stack.replace(ctx, true);
                    Ok(CallbackReturn::Return)
                }
                _ => Err(crate::arguments::error(
                    ctx,
                    "cannot close a running coroutine",
                )),
            }
        }),
    );
}
