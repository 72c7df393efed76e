//! Where an error was raised, and what it says.
//!
//! Every error that Lua code can catch is made here into what PUC-Rio raises: text in its wording,
//! with `chunk:line: ` in front. Values other than strings pass unchanged.

use std::cell::RefCell;
use std::fmt::Write;
use std::string::String;

use thiserror::Error;

use crate::{
    closure::UpValueState,
    compiler::FunctionRef,
    error::LuaError,
    meta_ops::{MetaMethod, MetaOperatorError},
    opcode::{Operation, RCIndex},
    thread::{Frame, VMError},
    Closure, Constant, Context, Error, TypeError, Value,
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

/// One Lua function that was active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    pub chunk: String,
    /// From 1.
    pub line: u64,
    /// Name of the function, or where it was defined.
    pub function: String,
}

const TRACE_LEVELS: usize = 22;

thread_local! {
    static LAST: RefCell<Vec<Level>> = const { RefCell::new(Vec::new()) };
}

/// The functions that were active when the last error was raised, innermost first.
pub fn last_traceback() -> Vec<Level> {
    LAST.with_borrow(Clone::clone)
}

/// The Lua function at that level, 0 being the innermost frame; absent if that is not Lua.
pub(crate) fn level_from_top(frames: &[Frame<'_>], index: usize) -> Option<Level> {
    frames.iter().rev().nth(index).and_then(level)
}

/// The active Lua functions, innermost first.
pub(crate) fn levels(frames: &[Frame<'_>], most: usize) -> Vec<Level> {
    frames
        .iter()
        .rev()
        .filter_map(level)
        .take(most)
        .collect()
}

fn level(frame: &Frame<'_>) -> Option<Level> {
    match frame {
        Frame::Lua { closure, pc, .. } => Some(level_at(*closure, *pc)),
        _ => None,
    }
}

fn level_at(closure: Closure<'_>, pc: usize) -> Level {
    let prototype = closure.prototype();
    let operation = pc.saturating_sub(1);
    let lines = &prototype.opcode_line_numbers;
    let line = match lines.binary_search_by_key(&operation, |(first, _)| *first) {
        Ok(i) => lines.get(i),
        Err(i) => i.checked_sub(1).and_then(|i| lines.get(i)),
    };
    let chunk = crate::chunk_name::shown(prototype.chunk_name.as_bytes());
    let chunk = String::from_utf8_lossy(&chunk).into_owned();
    Level {
        chunk: chunk.clone(),
        line: line.map_or(0, |(_, line)| line.0 + 1),
        function: match prototype.reference {
            FunctionRef::Named(name, _) => format!("function '{}'", name.display_lossy()),
            FunctionRef::Expression(line) => {
                format!("function <{chunk}:{line}>")
            }
            FunctionRef::Chunk => "main chunk".to_owned(),
        },
    }
}

/// Makes an error that was just raised into what Lua code catches.
///
/// `tail_caller` is the function that called the raising callback in tail position, and so has no
/// frame any more.
pub(crate) fn locate<'gc>(
    ctx: Context<'gc>,
    error: Error<'gc>,
    frames: &[Frame<'gc>],
    tail_caller: Option<(Closure<'gc>, usize)>,
) -> Error<'gc> {
    let caller = tail_caller.map(|(closure, pc)| level_at(closure, pc));
    LAST.with_borrow_mut(|last| {
        *last = levels(frames, TRACE_LEVELS);
        if let Some(caller) = &caller {
            last.insert(0, caller.clone());
        }
    });
    let message = match &error {
        Error::Lua(LuaError(Value::String(text))) => text.as_bytes().to_vec(),
        Error::Lua(_) => return error,
        Error::Runtime(runtime) => {
            if let Some(Exact(text)) = runtime.downcast::<Exact>() {
                return Value::String(ctx.intern(text)).into();
            }
            let text = wording(&runtime.0);
            let name = match (runtime.downcast::<VMError>(), frames.last()) {
                (
                    Some(
                        VMError::BadCall(_)
                        | VMError::OperatorError(MetaOperatorError::Unary(
                            MetaMethod::Index | MetaMethod::NewIndex,
                            _,
                        )),
                    ),
                    Some(Frame::Lua { closure, pc, .. }),
                ) => variable(ctx, *closure, *pc),
                _ => None,
            };
            match name {
                Some((kind, name)) => named(text, kind, &name),
                None => text,
            }
            .into_bytes()
        }
    };
    let mut text = Vec::with_capacity(message.len() + 32);
    // What the VM's own library has in Lua counts as native code.
    if let Some(Level { chunk, line, .. }) = caller
        .or_else(|| frames.last().and_then(level))
        .filter(|level| !matches!(level.chunk.as_str(), "[string \"table/sort.lua\"]" | "[string \"table/move.lua\"]")) {
        text.extend_from_slice(format!("{chunk}:{line}: ").as_bytes());
    }
    text.extend_from_slice(&message);
    Value::String(ctx.intern(&text)).into()
}

/// The name of the variable that an operator failed on: ` (global 'x')` or, in Lua 5.1, what replaces
/// `a nil value`. Only names that the instructions themselves hold are known; locals have none.
fn variable<'gc>(ctx: Context<'gc>, closure: Closure<'gc>, pc: usize) -> Option<(&'static str, String)> {
    let prototype = closure.prototype();
    let failed = pc.checked_sub(1)?;
    let culprit = match prototype.opcodes.get(failed)?.decode() {
        Operation::GetTable { table, .. }
        | Operation::SetTable { table, .. }
        | Operation::Method { table, .. } => table,
        Operation::Call { func, .. } | Operation::TailCall { func, .. } => func,
        _ => return None,
    };
    let name = |key: RCIndex| match key {
        RCIndex::Constant(index) => match prototype.constants.get(index.0 as usize)? {
            Constant::String(name) => Some(name.display_lossy().to_string()),
            _ => None,
        },
        RCIndex::Register(_) => None,
    };
    let line = |operation: usize| level_at(closure, operation + 1).line;
    for before in (0..failed).rev() {
        if line(before) != line(failed) {
            return None;
        }
        match prototype.opcodes.get(before)?.decode() {
            Operation::GetUpTable { dest, table, key } if dest == culprit => {
                let global = closure.upvalues().get(table.0 as usize).is_some_and(|upvalue| {
                    matches!(upvalue.get().get(), UpValueState::Closed(Value::Table(table)) if table == ctx.globals())
                });
                return Some((if global { "global" } else { "field" }, name(key)?));
            }
            Operation::GetTable { dest, key, .. } if dest == culprit => {
                return Some(("field", name(key)?));
            }
            Operation::Method { base, key, .. } if base == culprit => {
                return Some(("method", name(key)?));
            }
            Operation::Move { dest, .. } | Operation::GetUpValue { dest, .. } if dest == culprit => {
                return None;
            }
            Operation::Call { func, .. } if func.0 <= culprit.0 => return None,
            Operation::Jump { .. } | Operation::Test { .. } | Operation::TestSet { .. } => return None,
            _ => {}
        }
    }
    None
}

/// `attempt to call a nil value` with the name of what was nil.
fn named(text: String, kind: &'static str, name: &str) -> String {
    if crate::numbers::style() == crate::numbers::Style::Lua54 {
        return format!("{text} ({kind} '{name}')");
    }
    match text.split_once(" a ") {
        Some((attempt, what)) => format!("{attempt} {kind} '{name}' (a {what})"),
        None => text,
    }
}

fn wording(error: &anyhow::Error) -> String {
    if let Some(error) = error.downcast_ref::<VMError>() {
        return match error {
            VMError::OperatorError(error) => operator(error),
            VMError::BadCall(error) => called(&error.to_string()),
            VMError::BadForLoop(first, last, step) => for_loop(&[first, last, step]),
            VMError::BadForLoopPrep(first, step) => for_loop(&[first, "number", step]),
            other => other.to_string(),
        };
    }
    if let Some(error) = error.downcast_ref::<MetaOperatorError>() {
        return operator(error);
    }
    if let Some(error) = error.downcast_ref::<crate::meta_ops::MetaCallError>() {
        return called(&error.to_string());
    }
    if let Some(error) = error.downcast_ref::<crate::table::InvalidTableKey>() {
        return operator(&MetaOperatorError::IndexKeyError(*error));
    }
    if let Some(TypeError { expected, found }) = error.downcast_ref::<TypeError>() {
        let expected = match *expected {
            "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "f32" | "f64" => "number",
            other => other,
        };
        return format!(
            "bad argument ({} expected, got {found})",
            expected.to_ascii_lowercase()
        );
    }
    if let Some(error) = error.downcast_ref::<crate::thread::BadThreadMode>() {
        return match error.found {
            crate::ThreadMode::Stopped | crate::ThreadMode::Result => "cannot resume dead coroutine",
            _ => "cannot resume non-suspended coroutine",
        }
        .to_owned();
    }
    let mut text = String::new();
    let _ = write!(text, "{error:#}");
    text
}

fn called(text: &str) -> String {
    text.replacen("could not call", "attempt to call", 1)
}

fn for_loop(kinds: &[&str]) -> String {
    let names = ["initial value", "limit", "step"];
    let name = kinds
        .iter()
        .zip(names)
        .find(|(kind, _)| !matches!(**kind, "number" | "integer"))
        .map_or("initial value", |(_, name)| name);
    format!("'for' {name} must be a number")
}

fn operator(error: &MetaOperatorError) -> String {
    match error {
        MetaOperatorError::Call(_, error) => called(&error.to_string()),
        MetaOperatorError::Unary(method, kind) => match method {
            MetaMethod::Index | MetaMethod::NewIndex => {
                format!("attempt to index a {kind} value")
            }
            MetaMethod::Len => format!("attempt to get length of a {kind} value"),
            MetaMethod::BNot if *kind == "number" => {
                "number has no integer representation".to_owned()
            }
            MetaMethod::BNot => format!("attempt to perform bitwise operation on a {kind} value"),
            _ => format!("attempt to perform arithmetic on a {kind} value"),
        },
        MetaOperatorError::Binary(method, left, right) => {
            let culprit = if *left == "number" { right } else { left };
            match method {
                MetaMethod::Lt | MetaMethod::Le if left == right => {
                    format!("attempt to compare two {left} values")
                }
                MetaMethod::Lt | MetaMethod::Le => {
                    format!("attempt to compare {left} with {right}")
                }
                MetaMethod::Concat => {
                    let culprit = if matches!(*left, "string" | "number") {
                        right
                    } else {
                        left
                    };
                    format!("attempt to concatenate a {culprit} value")
                }
                MetaMethod::IDiv | MetaMethod::Mod if left == right && *left == "number" => {
                    format!(
                        "attempt to perform '{}'",
                        if *method == MetaMethod::IDiv { "n//0" } else { "n%%0" }
                    )
                }
                MetaMethod::BAnd
                | MetaMethod::BOr
                | MetaMethod::BXor
                | MetaMethod::Shl
                | MetaMethod::Shr => {
                    if left == right && *left == "number" {
                        "number has no integer representation".to_owned()
                    } else {
                        format!("attempt to perform bitwise operation on a {culprit} value")
                    }
                }
                _ => format!("attempt to perform arithmetic on a {culprit} value"),
            }
        }
        MetaOperatorError::IndexKeyError(crate::table::InvalidTableKey::IsNaN) => {
            "table index is NaN".to_owned()
        }
        MetaOperatorError::IndexKeyError(crate::table::InvalidTableKey::IsNil) => {
            "table index is nil".to_owned()
        }
        other => other.to_string(),
    }
}
