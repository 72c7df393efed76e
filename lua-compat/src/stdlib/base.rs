//! The basic functions that need nothing but their arguments: `assert`, `select`, `_G`, `_VERSION`.
//!
//! Tables and metatables are in `raw`, iteration in `iteration`, protected calls in `calls`.

use piccolo::{Callback, CallbackReturn, Context, Error, Execution, Stack, Value};

use crate::arguments::{any, bad, exact, integer, lua51, string, whole};
use crate::wit::exports::bulkhead::policy::script::Dialect;

pub(super) fn install(ctx: Context<'_>, dialect: Dialect) {
    ctx.set_global("_G", ctx.globals());
    ctx.set_global(
        "_VERSION",
        match dialect {
            Dialect::Lua51 => "Lua 5.1",
            Dialect::Lua54 => "Lua 5.4",
        },
    );
    ctx.set_global("assert", Callback::from_fn(&ctx, assert));
    ctx.set_global("select", Callback::from_fn(&ctx, select));
}

/// `assert(value [, message])`: Lua 5.4 takes any message.
fn assert<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    if any(ctx, &stack, 0, "assert")?.to_bool() {
        return Ok(CallbackReturn::Return);
    }
    let failed = "assertion failed!";
    let message = match stack.get(1) {
        _ if stack.len() < 2 => ctx.intern(failed.as_bytes()),
        Value::Nil if lua51() => ctx.intern(failed.as_bytes()),
        _ if lua51() => string(ctx, &stack, 1, "assert")?,
        Value::String(text) => text,
        other => return Err(other.into()),
    };
    let mut text = execution.position(1);
    text.extend_from_slice(message.as_bytes());
    Err(exact(text))
}

/// `select(index, …)` and `select('#', …)`.
fn select<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let count = stack.len();
    if matches!(stack.get(0), Value::String(text) if text.as_bytes().first() == Some(&b'#')) {
        stack.replace(ctx, whole(count as i64 - 1));
        return Ok(CallbackReturn::Return);
    }
    let index = integer(ctx, &stack, 0, "select")?;
    let first = if index < 0 {
        index.saturating_add(count as i64)
    } else {
        index.min(count as i64)
    };
    match usize::try_from(first) {
        Ok(first) if first >= 1 => {
            stack.drain(..first);
            Ok(CallbackReturn::Return)
        }
        _ => Err(bad(ctx, 0, "select", "index out of range")),
    }
}
