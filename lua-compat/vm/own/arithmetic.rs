//! Arithmetic, bit operations and comparison, by dialect, where the fast paths of the loop end.
//!
//! Upstream mixes the dialects: text is always a float, shifts by a negative count fail, integers are compared
//! with floats as floats, and `%` of floats is neither 5.1's nor 5.4's.

use crate::{
    meta_ops::MetaMethod,
    numbers::{self, Style},
    Constant, Value,
};

/// 2^63, the first float that is no integer any more.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

#[derive(Clone, Copy)]
enum Number {
    Integer(i64),
    Float(f64),
}

impl Number {
    fn float(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

/// A number, or text that looks like one.
fn number(value: Value<'_>) -> Option<Number> {
    Some(match value {
        Value::Integer(value) => Number::Integer(value),
        Value::Number(value) => Number::Float(value),
        Value::String(text) => match numbers::parse(text.as_bytes())? {
            Constant::Integer(value) => Number::Integer(value),
            Constant::Number(value) => Number::Float(value),
            _ => return None,
        },
        _ => return None,
    })
}

/// A number with the value of an integer. Text is none, unlike in arithmetic.
fn integer(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Integer(value) => Some(value),
        Value::Number(value) => exact_integer(value),
        _ => None,
    }
}

/// The integer of the same value, if there is one.
pub fn exact_integer(value: f64) -> Option<i64> {
    (value.trunc() == value && (-BEYOND..BEYOND).contains(&value)).then_some(value as i64)
}

/// The operator's result. `None` if the operands do not fit, or divide an integer by zero.
pub(crate) fn binary<'gc>(
    operator: MetaMethod,
    left: Value<'gc>,
    right: Value<'gc>,
) -> Option<Value<'gc>> {
    match operator {
        MetaMethod::BAnd => Some(Value::Integer(integer(left)? & integer(right)?)),
        MetaMethod::BOr => Some(Value::Integer(integer(left)? | integer(right)?)),
        MetaMethod::BXor => Some(Value::Integer(integer(left)? ^ integer(right)?)),
        MetaMethod::Shl => Some(Value::Integer(shift_left(integer(left)?, integer(right)?))),
        MetaMethod::Shr => {
            let count = integer(right)?;
            // The smallest integer has no opposite, but shifts everything out as well.
            let count = count.checked_neg().unwrap_or(i64::MAX);
            Some(Value::Integer(shift_left(integer(left)?, count)))
        }
        _ => arithmetic(operator, number(left)?, number(right)?),
    }
}

fn arithmetic<'gc>(operator: MetaMethod, left: Number, right: Number) -> Option<Value<'gc>> {
    let lua51 = numbers::style() == Style::Lua51;
    if let (Number::Integer(left), Number::Integer(right), false) = (left, right, lua51) {
        match operator {
            MetaMethod::Add => return Some(Value::Integer(left.wrapping_add(right))),
            MetaMethod::Sub => return Some(Value::Integer(left.wrapping_sub(right))),
            MetaMethod::Mul => return Some(Value::Integer(left.wrapping_mul(right))),
            MetaMethod::IDiv if right == 0 => return None,
            MetaMethod::Mod if right == 0 => return None,
            MetaMethod::IDiv => {
                let quotient = left.wrapping_div(right);
                let inexact = left.wrapping_rem(right) != 0 && (left ^ right) < 0;
                return Some(Value::Integer(quotient - i64::from(inexact)));
            }
            MetaMethod::Mod => {
                let rest = left.wrapping_rem(right);
                let other_sign = rest != 0 && (rest ^ right) < 0;
                return Some(Value::Integer(if other_sign { rest + right } else { rest }));
            }
            _ => {}
        }
    }
    let (left, right) = (left.float(), right.float());
    Some(Value::Number(match operator {
        MetaMethod::Add => left + right,
        MetaMethod::Sub => left - right,
        MetaMethod::Mul => left * right,
        MetaMethod::Div => left / right,
        MetaMethod::IDiv => (left / right).floor(),
        MetaMethod::Mod if lua51 => left - (left / right).floor() * right,
        MetaMethod::Mod => {
            let rest = left % right;
            let other_sign = if rest > 0.0 {
                right < 0.0
            } else {
                rest < 0.0 && right > 0.0
            };
            if other_sign {
                rest + right
            } else {
                rest
            }
        }
        MetaMethod::Pow if right == 2.0 => left * left,
        MetaMethod::Pow => left.powf(right),
        _ => return None,
    }))
}

/// `-value`.
pub(crate) fn negate<'gc>(value: Value<'gc>) -> Option<Value<'gc>> {
    Some(match number(value)? {
        Number::Integer(value) if numbers::style() == Style::Lua54 => {
            Value::Integer(value.wrapping_neg())
        }
        value => Value::Number(-value.float()),
    })
}

/// `~value`.
pub(crate) fn bitwise_not<'gc>(value: Value<'gc>) -> Option<Value<'gc>> {
    integer(value).map(|value| Value::Integer(!value))
}

/// A negative count shifts to the right.
fn shift_left(value: i64, count: i64) -> i64 {
    let bits = value as u64;
    let distance = count.unsigned_abs();
    if distance >= 64 {
        return 0;
    }
    if count >= 0 {
        (bits << distance) as i64
    } else {
        (bits >> distance) as i64
    }
}

/// `integer == float`, without rounding the integer.
pub fn equals(integer: i64, float: f64) -> bool {
    exact_integer(float) == Some(integer)
}

/// `left < right` of numbers and of texts. `None` for anything else.
pub(crate) fn less<'gc>(left: Value<'gc>, right: Value<'gc>) -> Option<bool> {
    Some(match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => left < right,
        (Value::Number(left), Value::Number(right)) => left < right,
        (Value::Integer(left), Value::Number(right)) => integer_less(left, right),
        (Value::Number(left), Value::Integer(right)) => {
            !left.is_nan() && !integer_less_or_equal(right, left)
        }
        (Value::String(left), Value::String(right)) => left.as_bytes() < right.as_bytes(),
        _ => return None,
    })
}

/// `left <= right`, likewise.
pub(crate) fn less_or_equal<'gc>(left: Value<'gc>, right: Value<'gc>) -> Option<bool> {
    Some(match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => left <= right,
        (Value::Number(left), Value::Number(right)) => left <= right,
        (Value::Integer(left), Value::Number(right)) => integer_less_or_equal(left, right),
        (Value::Number(left), Value::Integer(right)) => {
            !left.is_nan() && !integer_less(right, left)
        }
        (Value::String(left), Value::String(right)) => left.as_bytes() <= right.as_bytes(),
        _ => return None,
    })
}

fn integer_less(left: i64, right: f64) -> bool {
    if right >= BEYOND {
        true
    } else if right > -BEYOND {
        left < right.ceil() as i64
    } else {
        false
    }
}

fn integer_less_or_equal(left: i64, right: f64) -> bool {
    if right >= BEYOND {
        true
    } else if right >= -BEYOND {
        left <= right.floor() as i64
    } else {
        false
    }
}

/// Equality without metamethods.
pub fn identical<'gc>(one: Value<'gc>, other: Value<'gc>) -> bool {
    match (one, other) {
        (Value::Nil, Value::Nil) => true,
        (Value::Boolean(one), Value::Boolean(other)) => one == other,
        (Value::Integer(one), Value::Integer(other)) => one == other,
        (Value::Number(one), Value::Number(other)) => one == other,
        (Value::Integer(whole), Value::Number(number))
        | (Value::Number(number), Value::Integer(whole)) => equals(whole, number),
        (Value::String(one), Value::String(other)) => one == other,
        (Value::Table(one), Value::Table(other)) => one == other,
        (Value::Function(one), Value::Function(other)) => one == other,
        (Value::Thread(one), Value::Thread(other)) => one == other,
        (Value::UserData(one), Value::UserData(other)) => one == other,
        _ => false,
    }
}
