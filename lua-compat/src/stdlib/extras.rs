//! Names of Lua 5.1 that the VM, modelled on 5.4, does not have.

use piccolo::{Callback, CallbackReturn, Context, Value};

use super::library;
use crate::arguments::{integer, number, table};
use crate::wit::exports::bulkhead::policy::script::Dialect;

type OneNumber = fn(f64) -> f64;
type TwoNumbers = fn(f64, f64) -> f64;

pub(super) fn install(ctx: Context<'_>, dialect: Dialect) {
    let tables = library(ctx, "table");
    let unpack = tables.get_value(ctx, "unpack");
    if dialect == Dialect::Lua51 {
        ctx.set_global("unpack", unpack);
        old_tables(ctx);
        old_math(ctx);
    }
}

fn old_tables(ctx: Context<'_>) {
    let tables = library(ctx, "table");
    tables.set_field(
        ctx,
        "getn",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let length = table(ctx, &stack, 0, "getn")?.length();
            stack.replace(ctx, length);
            Ok(CallbackReturn::Return)
        }),
    );
    tables.set_field(
        ctx,
        "maxn",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let largest = table(ctx, &stack, 0, "maxn")?
                .iter()
                .filter_map(|(key, _)| match key {
                    Value::Integer(number) => Some(number as f64),
                    Value::Number(number) => Some(number),
                    _ => None,
                })
                .fold(0.0, f64::max);
            stack.replace(ctx, largest);
            Ok(CallbackReturn::Return)
        }),
    );
}

fn old_math(ctx: Context<'_>) {
    let math = library(ctx, "math");
    let one: [(&'static str, OneNumber); 4] = [
        ("log10", f64::log10),
        ("cosh", f64::cosh),
        ("sinh", f64::sinh),
        ("tanh", f64::tanh),
    ];
    for (name, function) in one {
        math.set_field(
            ctx,
            name,
            Callback::from_fn(&ctx, move |ctx, _, mut stack| {
                let value = number(ctx, &stack, 0, name)?;
                stack.replace(ctx, function(value));
                Ok(CallbackReturn::Return)
            }),
        );
    }
    let two: [(&'static str, TwoNumbers); 3] = [
        ("pow", f64::powf),
        ("atan2", f64::atan2),
        ("fmod", |value, by| value % by),
    ];
    for (name, function) in two {
        math.set_field(
            ctx,
            name,
            Callback::from_fn(&ctx, move |ctx, _, mut stack| {
                let one = number(ctx, &stack, 0, name)?;
                let other = number(ctx, &stack, 1, name)?;
                stack.replace(ctx, function(one, other));
                Ok(CallbackReturn::Return)
            }),
        );
    }
    math.set_field(ctx, "mod", math.get_value(ctx, "fmod"));
    math.set_field(
        ctx,
        "ldexp",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let value = number(ctx, &stack, 0, "ldexp")?;
            let power = integer(ctx, &stack, 1, "ldexp")?.clamp(-4096, 4096);
            stack.replace(ctx, value * 2_f64.powi(power as i32));
            Ok(CallbackReturn::Return)
        }),
    );
    math.set_field(
        ctx,
        "frexp",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let value = number(ctx, &stack, 0, "frexp")?;
            stack.replace(ctx, frexp(value));
            Ok(CallbackReturn::Return)
        }),
    );
    // Names that came later.
    for name in ["type", "tointeger", "ult", "maxinteger", "mininteger"] {
        math.set_field(ctx, name, Value::Nil);
    }
}

/// Mantissa in `[0.5, 1)` and power of two.
fn frexp(value: f64) -> (f64, i64) {
    if value == 0.0 || !value.is_finite() {
        return (value, 0);
    }
    let mut exponent = 0;
    let mut mantissa = value;
    while mantissa.abs() >= 1.0 {
        mantissa /= 2.0;
        exponent += 1;
    }
    while mantissa.abs() < 0.5 {
        mantissa *= 2.0;
        exponent -= 1;
    }
    (mantissa, exponent)
}
