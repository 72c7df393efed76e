//! Basic functions that the VM lacks or has differently.

use piccolo::{Callback, CallbackReturn, Context, Value};

use crate::arguments::{any, bad, error, table};
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
        "rawlen",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let length = match stack.get(0) {
                Value::Table(table) => table.length(),
                Value::String(text) => text.len(),
                _ => return Err(error(ctx, "table or string expected")),
            };
            stack.replace(ctx, length);
            Ok(CallbackReturn::Return)
        }),
    );
    ctx.set_global(
        "rawget",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let from = table(ctx, &stack, 0, "rawget")?;
            let value = from.get_raw(stack.get(1));
            stack.replace(ctx, value);
            Ok(CallbackReturn::Return)
        }),
    );
    ctx.set_global(
        "next",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let from = table(ctx, &stack, 0, "next")?;
            let pair = match from.next(stack.get(1)) {
                piccolo::table::NextValue::Found { key, value } => (key, value),
                piccolo::table::NextValue::Last => (Value::Nil, Value::Nil),
                piccolo::table::NextValue::NotFound => {
                    return Err(error(ctx, "invalid key to 'next'"));
                }
            };
            if pair.0.is_nil() {
                stack.replace(ctx, Value::Nil);
            } else {
                stack.replace(ctx, pair);
            }
            Ok(CallbackReturn::Return)
        }),
    );
    type_name(ctx);
    metatables(ctx);
    ctx.set_global(
        "collectgarbage",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let bytes = ctx.metrics().total_allocation();
            let answer = match stack.get(0) {
                Value::String(option) if option == "count" => Value::Number(bytes as f64 / 1024.0),
                _ => Value::Integer(0),
            };
            stack.replace(ctx, answer);
            Ok(CallbackReturn::Return)
        }),
    );
}

fn type_name(ctx: Context<'_>) {
    ctx.set_global(
        "type",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let name = any(ctx, &stack, 0, "type")?.type_name();
            stack.replace(ctx, name);
            Ok(CallbackReturn::Return)
        }),
    );
}

fn metatables<'gc>(ctx: Context<'gc>) {
    ctx.set_global(
        "getmetatable",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let metatable = match any(ctx, &stack, 0, "getmetatable")? {
                Value::Table(table) => table.metatable(),
                Value::UserData(data) => data.metatable(),
                Value::String(_) => piccolo::strings::metatable(ctx),
                _ => None,
            };
            let value = match metatable {
                None => Value::Nil,
                Some(metatable) => match metatable.get_value(ctx, "__metatable") {
                    Value::Nil => metatable.into(),
                    shown => shown,
                },
            };
            stack.replace(ctx, value);
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
                _ => return Err(bad(ctx, 1, "setmetatable", "nil or table expected")),
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
fn identical<'gc>(one: Value<'gc>, other: Value<'gc>) -> bool {
    match (one, other) {
        (Value::Nil, Value::Nil) => true,
        (Value::Boolean(one), Value::Boolean(other)) => one == other,
        (Value::Integer(one), Value::Integer(other)) => one == other,
        (Value::Number(one), Value::Number(other)) => one == other,
        (Value::Integer(whole), Value::Number(number))
        | (Value::Number(number), Value::Integer(whole)) => whole as f64 == number,
        (Value::String(one), Value::String(other)) => one == other,
        (Value::Table(one), Value::Table(other)) => one == other,
        (Value::Function(one), Value::Function(other)) => one == other,
        (Value::Thread(one), Value::Thread(other)) => one == other,
        (Value::UserData(one), Value::UserData(other)) => one == other,
        _ => false,
    }
}
