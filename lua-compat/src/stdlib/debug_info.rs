//! `debug.getinfo`: what is known of a function, and of a call of it.

use piccolo::frames::{self, Active};
use piccolo::{Callback, CallbackReturn, Context, Error, Execution, Function, Stack, Table, Value};

use super::traceback::thread_and_first;
use crate::arguments::{bad, expected, integer, lossy, lua51, new_string, string, whole};
use crate::convert::put;

pub(super) fn install<'gc>(ctx: Context<'gc>, debug: Table<'gc>) {
    debug.set_field(ctx, "getinfo", Callback::from_fn(&ctx, get_info));
}

/// `debug.getinfo([thread,] function [, what])`.
fn get_info<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let (thread, first) = thread_and_first(&execution, &stack);
    let options = match stack.get(first + 1) {
        Value::Nil if lua51() => "flnSu".to_owned(),
        Value::Nil => "flnSrtu".to_owned(),
        _ => lossy(string(ctx, &stack, first + 1, "getinfo")?),
    };
    if options.starts_with('>') && !lua51() {
        return Err(bad(ctx, first + 1, "getinfo", "invalid option '>'"));
    }
    let (function, call) = match stack.get(first) {
        Value::Function(function) => (Some(function), None),
        other if lua51() && other.to_number().is_none() => {
            return Err(bad(ctx, first, "getinfo", "function or level expected"));
        }
        other if other.to_number().is_none() => {
            return Err(expected(ctx, &stack, first, "getinfo", "number"));
        }
        _ => {
            let level = usize::try_from(integer(ctx, &stack, first, "getinfo")?).ok();
            let steps = level.map_or(0, |level| level.min(execution.active().depth()));
            execution
                .fuel()
                .consume(i32::try_from(steps / 8).unwrap_or(i32::MAX));
            let active = level.and_then(|level| match thread {
                Some(thread) => thread.active().get(level).copied(),
                None => execution.active().level(level),
            });
            let Some(active) = active else {
                stack.replace(ctx, Value::Nil);
                return Ok(CallbackReturn::Return);
            };
            (active.function, Some(active))
        }
    };
    let info = Table::new(&ctx);
    for option in options.chars() {
        match option {
            'S' => source(ctx, info, function, call),
            'l' => {
                let line = call.and_then(|call| call.line());
                info.set_field(ctx, "currentline", count(line));
            }
            'n' => name(ctx, info, call),
            'u' => variables(ctx, info, function),
            'f' => {
                let function = function.map_or(Value::Nil, Value::Function);
                info.set_field(ctx, "func", function);
            }
            'L' => lines(ctx, info, function),
            't' if !lua51() => {
                let tail = call.is_some_and(|call| call.tail_called);
                info.set_field(ctx, "istailcall", tail);
            }
            'r' if !lua51() => {
                info.set_field(ctx, "ftransfer", 0);
                info.set_field(ctx, "ntransfer", 0);
            }
            '>' if lua51() => {}
            _ => return Err(bad(ctx, first + 1, "getinfo", "invalid option")),
        }
    }
    stack.replace(ctx, info);
    Ok(CallbackReturn::Return)
}

/// A line number, or -1.
fn count<'gc>(line: Option<u64>) -> Value<'gc> {
    whole(line.map_or(-1, |line| line as i64))
}

fn source<'gc>(
    ctx: Context<'gc>,
    info: Table<'gc>,
    function: Option<Function<'gc>>,
    call: Option<Active<'gc>>,
) {
    let (source, first, last, what) = match function {
        Some(Function::Closure(closure)) => {
            let prototype = closure.prototype();
            let (first, last) = frames::source_lines(&prototype);
            let what = if first == 0 { "main" } else { "Lua" };
            (
                Value::String(prototype.chunk_name),
                Some(first),
                Some(last),
                what,
            )
        }
        _ if call.is_some_and(|call| call.lost) => {
            (new_string(ctx, "=(tail call)"), None, None, "tail")
        }
        _ => (new_string(ctx, "=[C]"), None, None, "C"),
    };
    let shown = match source {
        Value::String(name) => piccolo::chunk_name::shown(name.as_bytes()),
        _ => Vec::new(),
    };
    info.set_field(ctx, "source", source);
    info.set_field(ctx, "short_src", new_string(ctx, shown));
    info.set_field(ctx, "linedefined", count(first));
    info.set_field(ctx, "lastlinedefined", count(last));
    info.set_field(ctx, "what", what);
}

fn name<'gc>(ctx: Context<'gc>, info: Table<'gc>, call: Option<Active<'gc>>) {
    match call.and_then(|call| call.name()) {
        Some((kind, name)) => {
            info.set_field(ctx, "namewhat", kind);
            info.set_field(ctx, "name", new_string(ctx, name));
        }
        None => {
            info.set_field(ctx, "namewhat", "");
        }
    }
}

fn variables<'gc>(ctx: Context<'gc>, info: Table<'gc>, function: Option<Function<'gc>>) {
    let (upvalues, parameters, variable) = match function {
        Some(Function::Closure(closure)) => {
            let prototype = closure.prototype();
            (
                closure
                    .upvalues()
                    .len()
                    .saturating_sub(super::debug::hidden_upvalues()),
                prototype.fixed_params,
                prototype.has_varargs,
            )
        }
        _ => (0, 0, true),
    };
    info.set_field(ctx, "nups", whole(upvalues as i64));
    if !lua51() {
        info.set_field(ctx, "nparams", i64::from(parameters));
        info.set_field(ctx, "isvararg", variable);
    }
}

fn lines<'gc>(ctx: Context<'gc>, info: Table<'gc>, function: Option<Function<'gc>>) {
    if let Some(Function::Closure(closure)) = function {
        let lines = Table::new(&ctx);
        for line in frames::active_lines(&closure.prototype()) {
            put(
                ctx,
                lines,
                Value::Integer(line as i64),
                Value::Boolean(true),
            );
        }
        info.set_field(ctx, "activelines", lines);
    }
}
