//! The text of `debug.traceback`, in the form of each dialect.

use piccolo::frames::{self, Active};
use piccolo::{Callback, CallbackReturn, Context, Error, Execution, Function, Stack, Table, Value};

use crate::arguments::{integer, lossy, lua51, new_string};

/// Levels shown of a deep stack: the innermost (in Lua 5.1 counted from level 0), then the outermost.
const FIRST_51: usize = 12;
const LAST_51: usize = 10;
const FIRST_54: usize = 10;
const LAST_54: usize = 11;
/// Names are looked for in so many modules, and so many entries of each.
const MODULES: usize = 50;
const ENTRIES: usize = 300;
/// In fuel, without the walk over the stack.
const COST: i32 = 2_000;

/// Installs `debug.traceback`; `loaded` is `package.loaded`, which names functions.
pub(super) fn install<'gc>(ctx: Context<'gc>, debug: Table<'gc>, loaded: Table<'gc>) {
    let function = Callback::from_fn_with(&ctx, loaded, |loaded, ctx, execution, stack| {
        trace(*loaded, ctx, execution, stack)
    });
    debug.set_field(ctx, "traceback", function);
}

/// `debug.traceback([thread,] [message [, level]])`.
fn trace<'gc>(
    loaded: Table<'gc>,
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let (thread, first) = thread_and_first(&execution, &stack);
    let message = stack.get(first);
    let text = match message {
        Value::String(text) => Some(text),
        Value::Integer(_) | Value::Number(_) => message.into_string(ctx),
        Value::Nil if stack.len() <= first || !lua51() => None,
        _ => {
            stack.replace(ctx, message);
            return Ok(CallbackReturn::Return);
        }
    };
    let level = match stack.get(first + 1) {
        Value::Nil => i64::from(thread.is_none()),
        _ if lua51() && stack.get(first + 1).to_number().is_none() => i64::from(thread.is_none()),
        _ => integer(ctx, &stack, first + 1, "traceback")?,
    };
    let level = usize::try_from(level).unwrap_or(0);
    let mut bytes = Vec::new();
    if let Some(text) = text {
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'\n');
    }
    let total;
    let lines = match thread {
        Some(thread) => {
            let active = thread.active();
            total = active.len();
            lines(ctx, loaded, active.into_iter(), level, total)
        }
        None => {
            let active = execution.active();
            total = active.iter().count();
            lines(ctx, loaded, active.iter(), level, total)
        }
    };
    execution
        .fuel()
        .consume(COST + i32::try_from(total / 8).unwrap_or(i32::MAX));
    bytes.extend_from_slice(lines.as_bytes());
    stack.replace(ctx, new_string(ctx, bytes));
    Ok(CallbackReturn::Return)
}

/// The thread that the first argument is, if it is one and another than the running; and the index of
/// the argument after it.
pub(super) fn thread_and_first<'gc>(
    execution: &Execution<'gc, '_>,
    stack: &Stack<'gc, '_>,
) -> (Option<piccolo::Thread<'gc>>, usize) {
    match stack.get(0) {
        Value::Thread(thread) if thread == execution.current_thread().thread => (None, 1),
        Value::Thread(thread) => (Some(thread), 1),
        _ => (None, 0),
    }
}

/// `stack traceback:` and a line for each function from that level on; `total` are active.
pub(crate) fn lines<'gc>(
    ctx: Context<'gc>,
    loaded: Table<'gc>,
    active: impl Iterator<Item = Active<'gc>>,
    level: usize,
    total: usize,
) -> String {
    let (first, last) = if lua51() {
        (FIRST_51.max(level), LAST_51)
    } else {
        (level + FIRST_54, LAST_54)
    };
    let cut = total > first + last + 1;
    let mut text = "stack traceback:".to_owned();
    for (index, active) in active.enumerate().skip(level) {
        if cut && index == first {
            text.push_str("\n\t...");
            if !lua51() {
                // One less than are left out, as PUC-Rio counts.
                text.push_str(&format!("\t(skipping {} levels)", total - first - last - 1));
            }
        }
        if cut && index >= first && index + last < total {
            continue;
        }
        text.push_str("\n\t");
        text.push_str(&if lua51() {
            line_51(&active)
        } else {
            line_54(ctx, loaded, &active)
        });
    }
    text
}

/// `chunk:line:`, or `[C]:`.
fn place(active: &Active<'_>) -> String {
    match active.function {
        Some(Function::Closure(closure)) => {
            let chunk = piccolo::chunk_name::shown(closure.prototype().chunk_name.as_bytes());
            let chunk = String::from_utf8_lossy(&chunk);
            match active.line() {
                Some(line) => format!("{chunk}:{line}:"),
                None => format!("{chunk}:"),
            }
        }
        _ if active.lost => "(tail call):".to_owned(),
        _ => "[C]:".to_owned(),
    }
}

/// `main chunk` or `function <chunk:line>`.
fn defined(active: &Active<'_>) -> Option<String> {
    let Some(Function::Closure(closure)) = active.function else {
        return None;
    };
    let prototype = closure.prototype();
    Some(match frames::source_lines(&prototype) {
        (0, _) => "main chunk".to_owned(),
        (line, _) => {
            let chunk = piccolo::chunk_name::shown(prototype.chunk_name.as_bytes());
            format!("function <{}:{line}>", String::from_utf8_lossy(&chunk))
        }
    })
}

fn line_51(active: &Active<'_>) -> String {
    let place = place(active);
    match (active.name(), defined(active)) {
        (Some((_, name)), _) => format!("{place} in function '{name}'"),
        (None, Some(defined)) => format!("{place} in {defined}"),
        (None, None) => format!("{place} ?"),
    }
}

fn line_54<'gc>(ctx: Context<'gc>, loaded: Table<'gc>, active: &Active<'gc>) -> String {
    let mut text = format!("{} in ", place(active));
    let library = active
        .function
        .and_then(|function| library_name(ctx, loaded, function));
    text.push_str(&match (library, active.name(), defined(active)) {
        (Some(name), _, _) => format!("function '{name}'"),
        (None, Some((kind, name)), _) => format!("{kind} '{name}'"),
        (None, None, Some(defined)) => defined,
        (None, None, None) => "?".to_owned(),
    });
    if active.tail_called {
        text.push_str("\n\t(...tail calls...)");
    }
    text
}

/// The name by which a function can be found in a loaded module: `print`, `string.rep`.
fn library_name<'gc>(
    ctx: Context<'gc>,
    loaded: Table<'gc>,
    function: Function<'gc>,
) -> Option<String> {
    let wanted = Value::Function(function);
    let field = |table: Value<'gc>| match table {
        Value::Table(table) => table
            .iter()
            .take(ENTRIES)
            .find_map(|(key, value)| match key {
                Value::String(name) if super::raw::identical(value, wanted) => Some(lossy(name)),
                _ => None,
            }),
        _ => None,
    };
    if let Some(name) = field(loaded.get_value(ctx, "_G")) {
        return Some(name);
    }
    loaded
        .iter()
        .take(MODULES)
        .find_map(|(key, module)| match key {
            Value::String(key) => field(module).map(|name| format!("{}.{name}", lossy(key))),
            _ => None,
        })
}
