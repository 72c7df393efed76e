//! Names of Lua 5.1 that the VM, modelled on 5.4, does not have.

use piccolo::{Callback, CallbackReturn, Context, Value};

use super::library;
use crate::arguments::{error, integer, number, string};
use crate::wit::exports::bulkhead::policy::script::Dialect;

/// `string.rep` makes nothing longer, in bytes.
const LONGEST_STRING: i64 = i32::MAX as i64;

type OneNumber = fn(f64) -> f64;
type TwoNumbers = fn(f64, f64) -> f64;

pub(super) fn install(ctx: Context<'_>, dialect: Dialect) {
    bounded_rep(ctx);
    if dialect == Dialect::Lua51 {
        let strings = library(ctx, "string");
        strings.set_field(ctx, "gfind", strings.get_value(ctx, "gmatch"));
        old_math(ctx);
    }
}

/// The VM's `string.rep` cuts its count to the width of a pointer, so too large a one is refused here.
fn bounded_rep(ctx: Context<'_>) {
    let strings = library(ctx, "string");
    let Value::Function(rep) = strings.get_value(ctx, "rep") else {
        return;
    };
    let bounded = Callback::from_fn_with(&ctx, rep, |rep, ctx, _, stack| {
        let length = string(ctx, &stack, 0, "rep")?.len();
        let count = integer(ctx, &stack, 1, "rep")?;
        let separator = stack.get(2).into_string(ctx).map_or(0, |text| text.len());
        let total = length.saturating_add(separator).saturating_mul(count);
        if count > LONGEST_STRING || total > LONGEST_STRING {
            return Err(error(ctx, "resulting string too large"));
        }
        Ok(CallbackReturn::Call {
            function: *rep,
            then: None,
        })
    });
    strings.set_field(ctx, "rep", bounded);
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
