//! What an operator error says, in PUC-Rio's words.

use std::string::String;

use crate::{
    meta_ops::{MetaCallError, MetaMethod, MetaOperatorError},
    names::Name,
    numbers::{self, Style},
    stopped::Stopped,
    thread::VMError,
    Context, TypeError, Value,
};

pub(crate) fn is_lua51() -> bool {
    numbers::style() == Style::Lua51
}

pub(crate) fn named(what: &str, kind: &str, name: Option<Name>) -> String {
    match name {
        None => format!("attempt to {what} a {kind} value"),
        Some((sort, name)) if is_lua51() => {
            format!("attempt to {what} {sort} '{name}' (a {kind} value)")
        }
        Some((sort, name)) => format!("attempt to {what} a {kind} value ({sort} '{name}')"),
    }
}

pub(crate) fn no_integer(name: Option<Name>) -> String {
    match name {
        None => "number has no integer representation".to_owned(),
        Some((sort, name)) => format!("number ({sort} '{name}') has no integer representation"),
    }
}

/// The name of a value's type in messages: in Lua 5.4 the metatable's `__name`, if that is text.
pub(crate) fn type_name<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> String {
    let metatable = match value {
        Value::Table(table) => table.metatable(),
        Value::UserData(data) => data.metatable(),
        _ => None,
    };
    match metatable.map(|metatable| metatable.get_value(ctx, "__name")) {
        Some(Value::String(name)) if !is_lua51() => name.display_lossy().to_string(),
        _ => value.type_name().to_owned(),
    }
}

/// What the error says. `stopped` is the function whose instruction raised it, if one did.
pub(crate) fn wording<'gc>(
    ctx: Context<'gc>,
    error: &anyhow::Error,
    stopped: Option<&Stopped<'gc, '_>>,
) -> String {
    if let Some(error) = error.downcast_ref::<VMError>() {
        return match error {
            VMError::OperatorError(error) => operator(ctx, error, stopped),
            VMError::BadCall(error) => call(ctx, error, stopped),
            VMError::NotClosable(register) => {
                let name = stopped.and_then(|stopped| {
                    let prototype = stopped.closure.prototype();
                    let debug = &prototype.debug;
                    let name = debug.local_in(*register, stopped.place + 1);
                    name.or_else(|| debug.local_in(*register, stopped.place))
                        .map(|name| name.display_lossy().to_string())
                });
                let name = name.unwrap_or_else(|| "?".to_owned());
                format!("variable '{name}' got a non-closable value")
            }
            other => stopped
                .and_then(|stopped| stopped.for_loop(ctx))
                .unwrap_or_else(|| other.to_string()),
        };
    }
    if let Some(error) = error.downcast_ref::<MetaOperatorError>() {
        return operator(ctx, error, None);
    }
    if let Some(error) = error.downcast_ref::<MetaCallError>() {
        return call(ctx, error, None);
    }
    if let Some(error) = error.downcast_ref::<crate::table::InvalidTableKey>() {
        return key(error).to_owned();
    }
    if let Some(TypeError { expected, found }) = error.downcast_ref::<TypeError>() {
        let expected = match *expected {
            "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "f32" | "f64" => "number",
            other => other,
        };
        let expected = expected.to_ascii_lowercase();
        return format!("bad argument ({expected} expected, got {found})");
    }
    if let Some(error) = error.downcast_ref::<crate::thread::BadThreadMode>() {
        return match error.found {
            crate::ThreadMode::Stopped | crate::ThreadMode::Result => "cannot resume dead coroutine",
            _ => "cannot resume non-suspended coroutine",
        }
        .to_owned();
    }
    format!("{error:#}")
}

fn call<'gc>(
    ctx: Context<'gc>,
    error: &MetaCallError,
    stopped: Option<&Stopped<'gc, '_>>,
) -> String {
    let kind = error.found();
    stopped
        .and_then(|stopped| stopped.call(ctx, kind))
        .unwrap_or_else(|| named("call", kind, None))
}

fn key(error: &crate::table::InvalidTableKey) -> &'static str {
    match error {
        crate::table::InvalidTableKey::IsNaN => "table index is NaN",
        crate::table::InvalidTableKey::IsNil => "table index is nil",
    }
}

fn operator<'gc>(
    ctx: Context<'gc>,
    error: &MetaOperatorError,
    stopped: Option<&Stopped<'gc, '_>>,
) -> String {
    let from_code = stopped.and_then(|stopped| stopped.operator(ctx));
    match error {
        MetaOperatorError::Call(_, error) => call(ctx, error, stopped),
        MetaOperatorError::IndexKeyError(error) => key(error).to_owned(),
        MetaOperatorError::Loop(method) if is_lua51() => match method {
            MetaMethod::Index => "loop in gettable",
            _ => "loop in settable",
        }
        .to_owned(),
        MetaOperatorError::Loop(method) => {
            format!("'{}' chain too long; possible loop", method.name())
        }
        MetaOperatorError::ConcatOverflow => "not enough memory".to_owned(),
        MetaOperatorError::Binary(method @ (MetaMethod::IDiv | MetaMethod::Mod), ..)
            if stopped.map_or(true, |stopped| stopped.divides_integers()) =>
        {
            match method {
                MetaMethod::IDiv => "attempt to divide by zero",
                _ => "attempt to perform 'n%0'",
            }
            .to_owned()
        }
        // Something further down the chain of `__index` cannot be indexed, and has no name.
        MetaOperatorError::Unary(MetaMethod::Index | MetaMethod::NewIndex, kind)
            if stopped
                .and_then(|stopped| stopped.indexed())
                .is_some_and(|indexed| indexed != *kind) =>
        {
            named("index", kind, None)
        }
        // An upvalue that is still a variable of a running function cannot be read here.
        MetaOperatorError::Unary(MetaMethod::Index | MetaMethod::NewIndex, kind)
            if stopped.is_some_and(|stopped| stopped.indexes_upvalue()) =>
        {
            let name = stopped.and_then(|stopped| stopped.upvalue_name());
            named("index", kind, name)
        }
        MetaOperatorError::Unary(method, kind) => from_code.unwrap_or_else(|| {
            let what = match method {
                MetaMethod::Index | MetaMethod::NewIndex => "index",
                MetaMethod::Len => "get length of",
                MetaMethod::BNot => "perform bitwise operation on",
                _ => "perform arithmetic on",
            };
            named(what, kind, None)
        }),
        MetaOperatorError::Binary(method, left, right) => from_code.unwrap_or_else(|| {
            let culprit = if *left == "number" { right } else { left };
            match method {
                MetaMethod::Lt | MetaMethod::Le if left == right => {
                    format!("attempt to compare two {left} values")
                }
                MetaMethod::Lt | MetaMethod::Le => format!("attempt to compare {left} with {right}"),
                MetaMethod::Concat => named("concatenate", culprit, None),
                _ => named("perform arithmetic on", culprit, None),
            }
        }),
    }
}
