//! The library `math`, as PUC-Rio has it in each dialect.
//!
//! In Lua 5.4 that includes what Debian's build keeps from 5.3 (`pow`, `log10` and their kin).

use std::f64::consts::PI;
use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::meta_ops::MetaResult;
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll,
    Stack, Table, Value,
};

use super::random;
use super::table::less_than;
use crate::arguments::{any, bad, float_to_integer, integer, lua51, number, whole};
use crate::wit::exports::bulkhead::policy::script::Dialect;

type OneNumber = fn(f64) -> f64;
type TwoNumbers = fn(f64, f64) -> f64;
type Native = for<'gc, 'a, 'b> fn(
    Context<'gc>,
    Execution<'gc, 'a>,
    Stack<'gc, 'b>,
) -> Result<CallbackReturn<'gc>, Error<'gc>>;
type Done<'gc> = Result<CallbackReturn<'gc>, Error<'gc>>;

const OF_ONE_NUMBER: [(&str, OneNumber); 14] = [
    ("acos", f64::acos),
    ("asin", f64::asin),
    ("cos", f64::cos),
    ("cosh", f64::cosh),
    ("deg", degrees),
    ("exp", f64::exp),
    ("log10", f64::log10),
    ("rad", |degrees| degrees * (PI / 180.0)),
    ("sin", f64::sin),
    ("sinh", f64::sinh),
    ("sqrt", f64::sqrt),
    ("tan", f64::tan),
    ("tanh", f64::tanh),
    // Replaced below in Lua 5.4.
    ("atan", f64::atan),
];
const OF_TWO_NUMBERS: [(&str, TwoNumbers); 2] = [("atan2", f64::atan2), ("pow", power)];
const OTHERS: [(&str, Native); 9] = [
    ("abs", abs),
    ("ceil", |ctx, _, stack| round(ctx, stack, "ceil", f64::ceil)),
    ("floor", |ctx, _, stack| {
        round(ctx, stack, "floor", f64::floor)
    }),
    ("fmod", fmod),
    ("frexp", frexp),
    ("ldexp", ldexp),
    ("log", log),
    ("max", |ctx, _, stack| extreme(ctx, stack, true)),
    ("min", |ctx, _, stack| extreme(ctx, stack, false)),
];
const NEW: [(&str, Native); 5] = [
    ("atan", atan),
    ("atan2", atan),
    ("tointeger", tointeger),
    ("type", kind),
    ("ult", ult),
];

pub(super) fn install(ctx: Context<'_>, dialect: Dialect) {
    let math = Table::new(&ctx);
    for (name, function) in OF_ONE_NUMBER {
        let callback = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
            let value = number(ctx, &stack, 0, name)?;
            stack.replace(ctx, function(value));
            Ok(CallbackReturn::Return)
        });
        math.set_field(ctx, name, callback);
    }
    for (name, function) in OF_TWO_NUMBERS {
        let callback = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
            if lua51() {
                // PUC-Rio looks at the second one first.
                number(ctx, &stack, 1, name)?;
            }
            let one = number(ctx, &stack, 0, name)?;
            let other = number(ctx, &stack, 1, name)?;
            stack.replace(ctx, function(one, other));
            Ok(CallbackReturn::Return)
        });
        math.set_field(ctx, name, callback);
    }
    for (name, function) in OTHERS {
        math.set_field(ctx, name, Callback::from_fn(&ctx, function));
    }
    math.set_field(ctx, "modf", Callback::from_fn(&ctx, modf));
    math.set_field(ctx, "pi", PI);
    math.set_field(ctx, "huge", f64::INFINITY);
    match dialect {
        Dialect::Lua51 => {
            math.set_field(ctx, "mod", math.get_value(ctx, "fmod"));
        }
        Dialect::Lua54 => {
            for (name, function) in NEW {
                math.set_field(ctx, name, Callback::from_fn(&ctx, function));
            }
            math.set_field(ctx, "maxinteger", Value::Integer(i64::MAX));
            math.set_field(ctx, "mininteger", Value::Integer(i64::MIN));
        }
    }
    random::install(ctx, math);
    ctx.set_global("math", math);
}

fn degrees(radians: f64) -> f64 {
    if lua51() {
        radians / (PI / 180.0)
    } else {
        radians * (180.0 / PI)
    }
}

/// C's `pow`.
fn power(base: f64, exponent: f64) -> f64 {
    base.powf(exponent)
}

/// The argument, if it is a number without fraction by its type.
fn as_integer<'gc>(stack: &Stack<'gc, '_>, index: usize) -> Option<i64> {
    match stack.get(index) {
        Value::Integer(integer) if !lua51() => Some(integer),
        _ => None,
    }
}

fn abs<'gc>(ctx: Context<'gc>, _: Execution<'gc, '_>, mut stack: Stack<'gc, '_>) -> Done<'gc> {
    let value = match as_integer(&stack, 0) {
        Some(integer) => Value::Integer(integer.wrapping_abs()),
        None => Value::Number(number(ctx, &stack, 0, "abs")?.abs()),
    };
    stack.replace(ctx, value);
    Ok(CallbackReturn::Return)
}

fn round<'gc>(
    ctx: Context<'gc>,
    mut stack: Stack<'gc, '_>,
    name: &str,
    function: OneNumber,
) -> Done<'gc> {
    let value = match as_integer(&stack, 0) {
        Some(integer) => Value::Integer(integer),
        None => {
            let rounded = function(number(ctx, &stack, 0, name)?);
            match float_to_integer(rounded) {
                Some(integer) if !lua51() => Value::Integer(integer),
                _ => Value::Number(rounded),
            }
        }
    };
    stack.replace(ctx, value);
    Ok(CallbackReturn::Return)
}

fn fmod<'gc>(ctx: Context<'gc>, _: Execution<'gc, '_>, mut stack: Stack<'gc, '_>) -> Done<'gc> {
    let value = match (as_integer(&stack, 0), as_integer(&stack, 1)) {
        (Some(_), Some(0)) => return Err(bad(ctx, 1, "fmod", "zero")),
        (Some(value), Some(by)) => Value::Integer(value.wrapping_rem(by)),
        _ => {
            let by = number(ctx, &stack, 1, "fmod")?;
            Value::Number(number(ctx, &stack, 0, "fmod")? % by)
        }
    };
    stack.replace(ctx, value);
    Ok(CallbackReturn::Return)
}

fn modf<'gc>(ctx: Context<'gc>, _: Execution<'gc, '_>, mut stack: Stack<'gc, '_>) -> Done<'gc> {
    if let Some(integer) = as_integer(&stack, 0) {
        stack.replace(ctx, (Value::Integer(integer), 0.0));
        return Ok(CallbackReturn::Return);
    }
    let value = number(ctx, &stack, 0, "modf")?;
    let integral = value.trunc();
    let fraction = if integral == value {
        if lua51() {
            0.0_f64.copysign(value)
        } else {
            0.0
        }
    } else {
        value - integral
    };
    let integral = match float_to_integer(integral) {
        Some(integer) if !lua51() => Value::Integer(integer),
        _ => Value::Number(integral),
    };
    stack.replace(ctx, (integral, fraction));
    Ok(CallbackReturn::Return)
}

fn log<'gc>(ctx: Context<'gc>, _: Execution<'gc, '_>, mut stack: Stack<'gc, '_>) -> Done<'gc> {
    let value = number(ctx, &stack, 0, "log")?;
    let result = if lua51() || stack.get(1).is_nil() {
        value.ln()
    } else {
        match number(ctx, &stack, 1, "log")? {
            2.0 => value.log2(),
            10.0 => value.log10(),
            base => value.ln() / base.ln(),
        }
    };
    stack.replace(ctx, result);
    Ok(CallbackReturn::Return)
}

fn atan<'gc>(ctx: Context<'gc>, _: Execution<'gc, '_>, mut stack: Stack<'gc, '_>) -> Done<'gc> {
    let y = number(ctx, &stack, 0, "atan")?;
    let x = match stack.get(1) {
        Value::Nil => 1.0,
        _ => number(ctx, &stack, 1, "atan")?,
    };
    stack.replace(ctx, y.atan2(x));
    Ok(CallbackReturn::Return)
}

/// `max` and `min`. Lua 5.4 takes all values that can be compared, and returns one as it is.
fn extreme<'gc>(ctx: Context<'gc>, mut stack: Stack<'gc, '_>, largest: bool) -> Done<'gc> {
    if !lua51() {
        if stack.is_empty() {
            let name = if largest { "max" } else { "min" };
            return Err(bad(ctx, 0, name, "value expected"));
        }
        return Ok(CallbackReturn::Sequence(BoxSequence::new(
            &ctx,
            Extreme {
                largest,
                count: stack.len(),
                found: 0,
                next: 1,
                asked: false,
            },
        )));
    }
    let name = if largest { "max" } else { "min" };
    let mut found = number(ctx, &stack, 0, name)?;
    for index in 1..stack.len() {
        let value = number(ctx, &stack, index, name)?;
        if (largest && found < value) || (!largest && value < found) {
            found = value;
        }
    }
    stack.replace(ctx, found);
    Ok(CallbackReturn::Return)
}

/// Compares one argument after the other, because `__lt` may be Lua code.
#[derive(Collect)]
#[collect(require_static)]
struct Extreme {
    largest: bool,
    count: usize,
    /// Index of the largest or smallest value so far.
    found: usize,
    next: usize,
    /// The answer of a metamethod is on the stack.
    asked: bool,
}

impl<'gc> Sequence<'gc> for Extreme {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        if std::mem::take(&mut self.asked) {
            if stack.get(self.count).to_bool() {
                self.found = self.next;
            }
            self.next += 1;
            stack.resize(self.count);
        }
        while self.next < self.count {
            execution.fuel().consume(1);
            let (found, value) = (stack.get(self.found), stack.get(self.next));
            let (one, other) = if self.largest {
                (found, value)
            } else {
                (value, found)
            };
            match less_than(ctx, one, other)? {
                MetaResult::Value(less) => {
                    if less.to_bool() {
                        self.found = self.next;
                    }
                    self.next += 1;
                }
                MetaResult::Call(call) => {
                    stack.extend(call.args);
                    self.asked = true;
                    return Ok(SequencePoll::Call {
                        bottom: self.count,
                        function: call.function,
                    });
                }
            }
        }
        let found = stack.get(self.found);
        stack.replace(ctx, found);
        Ok(SequencePoll::Return)
    }
}

fn frexp<'gc>(ctx: Context<'gc>, _: Execution<'gc, '_>, mut stack: Stack<'gc, '_>) -> Done<'gc> {
    let value = number(ctx, &stack, 0, "frexp")?;
    let (mut mantissa, mut exponent) = (value, 0);
    if value != 0.0 && value.is_finite() {
        while mantissa.abs() >= 1.0 {
            mantissa /= 2.0;
            exponent += 1;
        }
        while mantissa.abs() < 0.5 {
            mantissa *= 2.0;
            exponent -= 1;
        }
    }
    stack.replace(ctx, (mantissa, whole(exponent)));
    Ok(CallbackReturn::Return)
}

fn ldexp<'gc>(ctx: Context<'gc>, _: Execution<'gc, '_>, mut stack: Stack<'gc, '_>) -> Done<'gc> {
    if lua51() {
        integer(ctx, &stack, 1, "ldexp")?;
    }
    let mut value = number(ctx, &stack, 0, "ldexp")?;
    // C takes an `int`.
    let mut power = integer(ctx, &stack, 1, "ldexp")? as i32;
    for _ in 0..2 {
        if power > 1023 {
            value *= 2.0_f64.powi(1023);
            power -= 1023;
        } else if power < -1022 {
            // Keeps 53 bits away from the denormal numbers, so that rounding happens once.
            value *= 2.0_f64.powi(-1022 + 53);
            power += 1022 - 53;
        }
    }
    stack.replace(ctx, value * 2.0_f64.powi(power.clamp(-1022, 1023)));
    Ok(CallbackReturn::Return)
}

fn tointeger<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Done<'gc> {
    let value = match any(ctx, &stack, 0, "tointeger")?.to_numeric() {
        Some(Value::Integer(integer)) => Value::Integer(integer),
        Some(Value::Number(number)) => float_to_integer(number).map_or(Value::Nil, Value::Integer),
        _ => Value::Nil,
    };
    stack.replace(ctx, value);
    Ok(CallbackReturn::Return)
}

fn kind<'gc>(ctx: Context<'gc>, _: Execution<'gc, '_>, mut stack: Stack<'gc, '_>) -> Done<'gc> {
    let name = match any(ctx, &stack, 0, "type")? {
        Value::Integer(_) => Some("integer"),
        Value::Number(_) => Some("float"),
        _ => None,
    };
    stack.replace(ctx, name);
    Ok(CallbackReturn::Return)
}

fn ult<'gc>(ctx: Context<'gc>, _: Execution<'gc, '_>, mut stack: Stack<'gc, '_>) -> Done<'gc> {
    let one = integer(ctx, &stack, 0, "ult")?;
    let other = integer(ctx, &stack, 1, "ult")?;
    stack.replace(ctx, (one as u64) < (other as u64));
    Ok(CallbackReturn::Return)
}
