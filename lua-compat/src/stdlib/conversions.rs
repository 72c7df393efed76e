//! `tostring`, `tonumber` and `type`: values as text, text as numbers.
//!
//! [`Conversion`] is how any library function turns a value into text when `__tostring` may be Lua code.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Function, Sequence,
    SequencePoll, Stack, String as LuaString, Value, meta_ops, metatables, numbers,
};

use crate::arguments::{any, bad, error, expected, integer, lossy, lua51, string};

pub(super) fn install(ctx: Context<'_>) {
    ctx.set_global("tostring", Callback::from_fn(&ctx, to_string));
    ctx.set_global(
        "tonumber",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let number = if lua51() {
                to_number_51(ctx, &stack)?
            } else {
                to_number_54(ctx, &stack)?
            };
            stack.replace(ctx, number);
            Ok(CallbackReturn::Return)
        }),
    );
    ctx.set_global(
        "type",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let name = any(ctx, &stack, 0, "type")?.type_name();
            stack.replace(ctx, name);
            Ok(CallbackReturn::Return)
        }),
    );
}

/// The text of a value, or the metamethod that makes it.
pub(super) enum Conversion<'gc> {
    /// Known at once.
    Text(LuaString<'gc>),
    /// To be called with the value; [`converted`] checks what it returns.
    Call(Function<'gc>),
}

/// Begins to turn a value into text.
pub(super) fn convert<'gc>(
    ctx: Context<'gc>,
    value: Value<'gc>,
) -> Result<Conversion<'gc>, Error<'gc>> {
    let metatable = metatables::of(ctx, value);
    if let Some(metatable) = metatable {
        let method = metatable.get_value(ctx, "__tostring");
        if !method.is_nil() {
            return Ok(Conversion::Call(callable(ctx, method)));
        }
    }
    if let Value::String(text) = value {
        return Ok(Conversion::Text(text));
    }
    let name = metatable.map(|metatable| metatable.get_value(ctx, "__name"));
    let shown = value.display().to_string();
    let text = match (value, name) {
        (
            Value::Table(_) | Value::UserData(_) | Value::Function(_) | Value::Thread(_),
            Some(Value::String(name)),
        ) if !lua51() => match shown.split_once(": ") {
            Some((_, address)) => format!("{}: {address}", lossy(name)),
            None => shown,
        },
        _ => shown,
    };
    Ok(Conversion::Text(ctx.intern(text.as_bytes())))
}

/// What a `__tostring` metamethod returned, if it is text (Lua 5.4).
pub(super) fn converted<'gc>(
    ctx: Context<'gc>,
    returned: Value<'gc>,
) -> Result<LuaString<'gc>, Error<'gc>> {
    match returned {
        Value::String(_) | Value::Integer(_) | Value::Number(_) => returned.into_string(ctx),
        _ => None,
    }
    .ok_or_else(|| error(ctx, "'__tostring' must return a string"))
}

/// The function that a call of this value runs. A value that cannot be called gives a function that fails,
/// so that the error is raised within the call.
pub(crate) fn callable<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> Function<'gc> {
    match meta_ops::call(ctx, value) {
        Ok(function) => function,
        Err(_) => {
            let kind = crate::arguments::type_name(ctx, value);
            Callback::from_fn(&ctx, move |_, _, _| -> Result<CallbackReturn, _> {
                let text = format!("attempt to call a {kind} value");
                Err(crate::arguments::exact(text))
            })
            .into()
        }
    }
}

fn to_string<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let value = any(ctx, &stack, 0, "tostring")?;
    match convert(ctx, value)? {
        Conversion::Text(text) => {
            stack.replace(ctx, text);
            Ok(CallbackReturn::Return)
        }
        Conversion::Call(function) => {
            stack.replace(ctx, value);
            Ok(CallbackReturn::Call {
                function,
                then: Some(BoxSequence::new(&ctx, Converted)),
            })
        }
    }
}

/// Passes on what `__tostring` returned: in Lua 5.1 whatever it is.
#[derive(Collect)]
#[collect(require_static)]
struct Converted;

impl<'gc> Sequence<'gc> for Converted {
    fn poll(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let returned = stack.get(0);
        if lua51() {
            stack.replace(ctx, returned);
        } else {
            let text = converted(ctx, returned)?;
            stack.replace(ctx, text);
        }
        Ok(SequencePoll::Return)
    }
}

fn to_number_54<'gc>(ctx: Context<'gc>, stack: &Stack<'gc, '_>) -> Result<Value<'gc>, Error<'gc>> {
    if stack.get(1).is_nil() {
        return Ok(match any(ctx, stack, 0, "tonumber")? {
            number @ (Value::Integer(_) | Value::Number(_)) => number,
            Value::String(text) => parsed(text.as_bytes()),
            _ => Value::Nil,
        });
    }
    let base = integer(ctx, stack, 1, "tonumber")?;
    let Value::String(text) = stack.get(0) else {
        return Err(expected(ctx, stack, 0, "tonumber", "string"));
    };
    let base = checked_base(ctx, base)?;
    let (negative, digits) = signed(trim(text.as_bytes()));
    if digits.is_empty() {
        return Ok(Value::Nil);
    }
    let mut value = 0_i64;
    for byte in digits {
        match char::from(*byte).to_digit(base) {
            Some(digit) => {
                value = value
                    .wrapping_mul(i64::from(base))
                    .wrapping_add(i64::from(digit));
            }
            None => return Ok(Value::Nil),
        }
    }
    let value = if negative {
        value.wrapping_neg()
    } else {
        value
    };
    Ok(Value::Integer(value))
}

/// As C's `strtoul` where a base is given.
fn to_number_51<'gc>(ctx: Context<'gc>, stack: &Stack<'gc, '_>) -> Result<Value<'gc>, Error<'gc>> {
    let base = match stack.get(1) {
        Value::Nil => 10,
        _ => integer(ctx, stack, 1, "tonumber")?,
    };
    if base == 10 {
        return Ok(match any(ctx, stack, 0, "tonumber")? {
            Value::Integer(number) => Value::Number(number as f64),
            number @ Value::Number(_) => number,
            Value::String(text) => parsed(until_nul(text.as_bytes())),
            _ => Value::Nil,
        });
    }
    let text = string(ctx, stack, 0, "tonumber")?;
    let base = checked_base(ctx, base)?;
    let (negative, mut digits) = signed(trim(until_nul(text.as_bytes())));
    if base == 16
        && let [b'0', b'x' | b'X', rest @ ..] = digits
        && !rest.is_empty()
    {
        digits = rest;
    }
    if digits.is_empty() {
        return Ok(Value::Nil);
    }
    let mut value = Some(0_u64);
    for byte in digits {
        let Some(digit) = char::from(*byte).to_digit(base) else {
            return Ok(Value::Nil);
        };
        value = value
            .and_then(|value| value.checked_mul(u64::from(base)))
            .and_then(|value| value.checked_add(u64::from(digit)));
    }
    let value = match value {
        Some(value) if negative => value.wrapping_neg(),
        Some(value) => value,
        None => u64::MAX,
    };
    Ok(Value::Number(value as f64))
}

fn checked_base(ctx: Context<'_>, base: i64) -> Result<u32, Error<'_>> {
    u32::try_from(base)
        .ok()
        .filter(|base| (2..=36).contains(base))
        .ok_or_else(|| bad(ctx, 1, "tonumber", "base out of range"))
}

fn parsed<'gc>(text: &[u8]) -> Value<'gc> {
    match numbers::parse(text) {
        Some(piccolo::Constant::Integer(number)) => Value::Integer(number),
        Some(piccolo::Constant::Number(number)) => Value::Number(number),
        _ => Value::Nil,
    }
}

fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or(text)
}

fn signed(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// Without the white space of C around it.
fn trim(text: &[u8]) -> &[u8] {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = text
        .iter()
        .position(|byte| !space(byte))
        .unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|byte| !space(byte))
        .map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}
