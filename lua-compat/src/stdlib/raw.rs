//! Access to tables without metamethods, and metatables: `rawget` and its kin, `getmetatable`,
//! `setmetatable`.

use piccolo::{Callback, CallbackReturn, Context, Value, metatables};

use crate::arguments::{any, bad, error, exact, expected, lua51, table};

pub(super) fn install(ctx: Context<'_>) {
    ctx.set_global(
        "rawequal",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let one = any(ctx, &stack, 0, "rawequal")?;
            let other = any(ctx, &stack, 1, "rawequal")?;
            stack.replace(ctx, identical(one, other));
            Ok(CallbackReturn::Return)
        }),
    );
    ctx.set_global(
        "rawget",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let from = table(ctx, &stack, 0, "rawget")?;
            let value = from.get_raw(any(ctx, &stack, 1, "rawget")?);
            stack.replace(ctx, value);
            Ok(CallbackReturn::Return)
        }),
    );
    ctx.set_global(
        "rawset",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let into = table(ctx, &stack, 0, "rawset")?;
            let key = any(ctx, &stack, 1, "rawset")?;
            let value = any(ctx, &stack, 2, "rawset")?;
            if into.set_raw(&ctx, key, value).is_err() {
                let what = if key.is_nil() { "nil" } else { "NaN" };
                return Err(exact(format!("table index is {what}")));
            }
            stack.replace(ctx, into);
            Ok(CallbackReturn::Return)
        }),
    );
    let rawlen = Callback::from_fn(&ctx, |ctx, _, mut stack| {
        let length = match stack.get(0) {
            Value::Table(table) => table.length(),
            Value::String(text) => text.len(),
            _ => return Err(expected(ctx, &stack, 0, "rawlen", "table or string")),
        };
        stack.replace(ctx, length);
        Ok(CallbackReturn::Return)
    });
    let rawlen = if lua51() { Value::Nil } else { rawlen.into() };
    ctx.set_global("rawlen", rawlen);
    metatable_functions(ctx);
}

fn metatable_functions(ctx: Context<'_>) {
    ctx.set_global(
        "getmetatable",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let value = any(ctx, &stack, 0, "getmetatable")?;
            let shown = match metatables::of(ctx, value) {
                None => Value::Nil,
                Some(metatable) => match metatable.get_value(ctx, "__metatable") {
                    Value::Nil => metatable.into(),
                    shown => shown,
                },
            };
            stack.replace(ctx, shown);
            Ok(CallbackReturn::Return)
        }),
    );
    ctx.set_global(
        "setmetatable",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let target = table(ctx, &stack, 0, "setmetatable")?;
            let metatable = match stack.get(1) {
                Value::Table(metatable) => Some(metatable),
                Value::Nil if stack.len() > 1 => None,
                _ if lua51() => {
                    return Err(bad(ctx, 1, "setmetatable", "nil or table expected"));
                }
                _ => return Err(expected(ctx, &stack, 1, "setmetatable", "nil or table")),
            };
            if let Some(current) = target.metatable()
                && !current.get_value(ctx, "__metatable").is_nil()
            {
                return Err(error(ctx, "cannot change a protected metatable"));
            }
            target.set_metatable(&ctx, metatable);
            stack.replace(ctx, target);
            Ok(CallbackReturn::Return)
        }),
    );
}

/// Equality without metamethods.
pub(super) fn identical<'gc>(one: Value<'gc>, other: Value<'gc>) -> bool {
    match (one, other) {
        (Value::Nil, Value::Nil) => true,
        (Value::Boolean(one), Value::Boolean(other)) => one == other,
        (Value::Integer(one), Value::Integer(other)) => one == other,
        (Value::Number(one), Value::Number(other)) => one == other,
        (Value::Integer(whole), Value::Number(number))
        | (Value::Number(number), Value::Integer(whole)) => {
            // Not every integer is a float: the way back must lead to the same one.
            number == whole as f64 && number as i128 == i128::from(whole)
        }
        (Value::String(one), Value::String(other)) => one == other,
        (Value::Table(one), Value::Table(other)) => one == other,
        (Value::Function(one), Value::Function(other)) => one == other,
        (Value::Thread(one), Value::Thread(other)) => one == other,
        (Value::UserData(one), Value::UserData(other)) => one == other,
        _ => false,
    }
}
