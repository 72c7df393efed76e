//! `debug.getlocal` and `debug.setlocal`.

use piccolo::frames::{self, Active};
use piccolo::{CallbackReturn, Context, Error, Execution, Function, Stack, Thread, Value};

use super::traceback::thread_and_first;
use crate::arguments::{any, bad, integer, lua51, new_string};

/// The active function that the arguments name.
fn active<'gc>(
    ctx: Context<'gc>,
    execution: &Execution<'gc, '_>,
    stack: &Stack<'gc, '_>,
    name: &str,
) -> Result<(Option<Thread<'gc>>, usize, Active<'gc>), Error<'gc>> {
    let (thread, first) = thread_and_first(execution, stack);
    let level = usize::try_from(integer(ctx, stack, first, name)?).ok();
    let active = level.and_then(|level| match thread {
        Some(thread) => thread.active().get(level).copied(),
        None => execution.active().level(level),
    });
    match active {
        Some(active) => Ok((thread, first, active)),
        None => Err(bad(ctx, first, name, "level out of range")),
    }
}

/// `debug.getlocal([thread,] level or function, local)`. Of a function that is not active only the names of
/// its parameters are known (Lua 5.4).
pub(super) fn get<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let (_, first) = thread_and_first(&execution, &stack);
    let number = if lua51() {
        0
    } else {
        integer(ctx, &stack, first + 1, "getlocal")?
    };
    if let (Value::Function(function), false) = (stack.get(first), lua51()) {
        let name = match (function, usize::try_from(number)) {
            (Function::Closure(closure), Ok(number)) if number > 0 => {
                frames::parameter_name(&closure.prototype(), number - 1)
            }
            _ => None,
        };
        let name = name.map_or(Value::Nil, |name| new_string(ctx, name));
        stack.replace(ctx, name);
        return Ok(CallbackReturn::Return);
    }
    let (thread, first, active) = active(ctx, &execution, &stack, "getlocal")?;
    let number = integer(ctx, &stack, first + 1, "getlocal")?;
    let found = match thread {
        Some(thread) => thread.local(&active, number),
        None => execution.local(&stack, &active, number),
    };
    match found {
        Some((name, value)) => stack.replace(ctx, (new_string(ctx, name), value)),
        None => stack.replace(ctx, Value::Nil),
    }
    Ok(CallbackReturn::Return)
}

/// `debug.setlocal([thread,] level, local, value)`
pub(super) fn set<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let (thread, first, active) = active(ctx, &execution, &stack, "setlocal")?;
    let number = integer(ctx, &stack, first + 1, "setlocal")?;
    let value = any(ctx, &stack, first + 2, "setlocal")?;
    let name = match thread {
        Some(thread) => thread.set_local(ctx, &active, number, value),
        None => execution.set_local(&mut stack, &active, number, value),
    };
    let name = name.map_or(Value::Nil, |name| new_string(ctx, name));
    stack.replace(ctx, name);
    Ok(CallbackReturn::Return)
}
