//! Where an error was raised, and what it says.
//!
//! Every error that Lua code can catch is made here into what PUC-Rio raises: text in its wording,
//! with `chunk:line: ` in front. Values other than strings pass unchanged.

use std::cell::Cell;
use std::string::String;

use thiserror::Error;

use crate::{
    chunk_name,
    error::LuaError,
    frames,
    meta_ops::{MetaCallError, MetaOperatorError},
    names,
    numbers::{self, Style},
    thread::Frame,
    stopped::Stopped,
    wording::wording,
    Closure, Context, Error, Function, Value,
};

/// An error whose text is complete: no position is put in front.
#[derive(Debug, Error)]
#[error("{}", String::from_utf8_lossy(.0))]
pub struct Exact(pub Vec<u8>);

/// A library function was given a wrong argument. [`locate`] words it, because the name of the function
/// is the one that its caller used.
#[derive(Debug, Error)]
#[error("bad argument #{} to '{function}' ({text})", .index + 1)]
pub struct BadArgument {
    /// From 0.
    pub index: usize,
    /// The library's own name for it.
    pub function: String,
    pub text: String,
}

thread_local! {
    static UNCHANGED: Cell<bool> = const { Cell::new(false) };
}

/// Whether the error that was just returned goes on as it is, without meeting a handler again.
pub(crate) fn take_unchanged() -> bool {
    UNCHANGED.take()
}

/// The error that is returned next was caught before and goes on as it is.
pub fn raise_unchanged() {
    UNCHANGED.set(true);
}

/// `chunk:line: ` of a Lua function that is at that instruction.
fn place(closure: Closure<'_>, pc: usize) -> Vec<u8> {
    let mut text = chunk_name::shown(closure.prototype().chunk_name.as_bytes());
    let line = frames::line_at(closure, pc).unwrap_or(0);
    text.extend_from_slice(format!(":{line}: ").as_bytes());
    text
}

/// What raised an error, for [`locate`].
#[derive(Default)]
pub(crate) struct Raiser<'gc, 'a> {
    /// The stack of the thread, if an instruction of the innermost frame raised it.
    pub(crate) stack: Option<&'a [Value<'gc>]>,
    /// The callback that raised it.
    pub(crate) callback: Option<Function<'gc>>,
    /// The function that called the callback in tail position, and so has no frame any more.
    pub(crate) tail_caller: Option<(Closure<'gc>, usize)>,
}

/// Makes an error that was just raised into what Lua code catches.
pub(crate) fn locate<'gc>(
    ctx: Context<'gc>,
    error: Error<'gc>,
    frames: &[Frame<'gc>],
    raiser: Raiser<'gc, '_>,
) -> Error<'gc> {
    if UNCHANGED.take() {
        return error;
    }
    let message = match &error {
        Error::Lua(LuaError(Value::String(text))) => text.as_bytes().to_vec(),
        Error::Lua(_) => return error,
        Error::Runtime(runtime) => {
            if let Some(Exact(text)) = runtime.downcast::<Exact>() {
                return Value::String(ctx.intern(text)).into();
            }
            match runtime.downcast::<BadArgument>() {
                Some(bad) => argument(ctx, bad, frames, &raiser),
                None => {
                    let stopped = match (raiser.stack, frames.last()) {
                        (Some(stack), Some(Frame::Lua { closure, pc, base, .. })) => Some(Stopped {
                            closure: *closure,
                            place: pc.saturating_sub(1),
                            registers: stack.get(*base..).unwrap_or_default(),
                        }),
                        _ => None,
                    };
                    let text = wording(ctx, &runtime.0, stopped.as_ref());
                    // What native code does to values has no line.
                    let native = raiser.callback.is_some()
                        && (runtime.downcast::<MetaOperatorError>().is_some()
                            || runtime.downcast::<MetaCallError>().is_some());
                    if native || stopped.is_some_and(|stopped| stopped.is_native()) {
                        return Value::String(ctx.intern(text.as_bytes())).into();
                    }
                    text
                }
            }
            .into_bytes()
        }
    };
    let caller = raiser.tail_caller.or(match frames.last() {
        Some(Frame::Lua { closure, pc, .. }) => Some((*closure, *pc)),
        _ => None,
    });
    let mut text = caller.map_or_else(Vec::new, |(closure, pc)| place(closure, pc));
    text.extend_from_slice(&message);
    Value::String(ctx.intern(&text)).into()
}

/// `bad argument #1 to 'name' (…)`, with the name that the caller used. A method's object does not count.
fn argument<'gc>(
    ctx: Context<'gc>,
    bad: &BadArgument,
    frames: &[Frame<'gc>],
    raiser: &Raiser<'gc, '_>,
) -> String {
    let name = match (raiser.tail_caller, frames.last()) {
        (Some((closure, pc)), _) => names::called(closure, pc),
        (None, Some(Frame::Lua { closure, pc, .. })) => names::called(*closure, *pc),
        _ => None,
    };
    let BadArgument { index, text, .. } = bad;
    match name {
        Some(("method", name)) => match index.checked_sub(1) {
            None => format!("calling '{name}' on bad self ({text})"),
            Some(index) => format!("bad argument #{} to '{name}' ({text})", index + 1),
        },
        Some((_, name)) => format!("bad argument #{} to '{name}' ({text})", index + 1),
        None => {
            let name = raiser.callback.and_then(|function| library_name(ctx, function));
            let name = match name {
                Some(name) if numbers::style() == Style::Lua54 => name,
                // Lua 5.1 does not know the names of its own functions.
                Some(name) if is_standard(&name) => "?".to_owned(),
                _ => bad.function.clone(),
            };
            format!("bad argument #{} to '{name}' ({text})", index + 1)
        }
    }
}

fn is_standard(name: &str) -> bool {
    match name.split_once('.') {
        None => true,
        Some((module, _)) => matches!(
            module,
            "string" | "table" | "math" | "os" | "io" | "coroutine" | "debug" | "package"
        ),
    }
}

/// The name of a function in the loaded modules, such as `string.rep`.
pub fn library_name<'gc>(ctx: Context<'gc>, function: Function<'gc>) -> Option<String> {
    let Value::Table(package) = ctx.get_global_value("package") else {
        return None;
    };
    let Value::Table(loaded) = package.get_value(ctx, "loaded") else {
        return None;
    };
    for (module, members) in loaded {
        let (Value::String(module), Value::Table(members)) = (module, members) else {
            continue;
        };
        for (name, member) in members {
            if let (Value::String(name), Value::Function(member)) = (name, member) {
                if member == function {
                    let module = module.display_lossy().to_string();
                    return Some(match module.as_str() {
                        "_G" => name.display_lossy().to_string(),
                        _ => format!("{module}.{}", name.display_lossy()),
                    });
                }
            }
        }
    }
    None
}
