//! Operators on numbers, and equality: what they yield where no metamethod and no error is due.

use crate::Value;

#[inline]
pub(super) fn add(a: f64, b: f64) -> f64 {
    a + b
}

#[inline]
pub(super) fn sub(a: f64, b: f64) -> f64 {
    a - b
}

#[inline]
pub(super) fn mul(a: f64, b: f64) -> f64 {
    a * b
}

#[inline]
pub(super) fn div(a: f64, b: f64) -> f64 {
    a / b
}

/// `%` of what is whole and positive on both sides; the rest has corners that upstream knows.
#[inline]
pub(super) fn modulo<'gc>(left: Value<'gc>, right: Value<'gc>) -> Option<Value<'gc>> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match (left, right) {
        (Value::Integer(a), Value::Integer(b)) if b > 0 => Some(Value::Integer(a.rem_euclid(b))),
        (Value::Number(a), Value::Number(b)) => {
            let (small, divisor) = (a as u32, b as u32);
            // Not 0, because that may be -0.0.
            if small > 0 && divisor > 0 && f64::from(small) == a && f64::from(divisor) == b {
                return Some(Value::Number(f64::from(small % divisor)));
            }
            if a > 0.0 && a < EXACT && b > 0.0 && b < EXACT {
                let (whole, divisor) = (a as i64, b as i64);
                if whole as f64 == a && divisor as f64 == b {
                    return Some(Value::Number((whole % divisor) as f64));
                }
            }
            None
        }
        _ => None,
    }
}

/// One step of a numeric loop whose three numbers are of different kinds: the next value, and whether
/// the loop goes on.
#[inline(never)]
pub(super) fn mixed_step<'gc>(
    index: Value<'gc>,
    limit: Value<'gc>,
    step: Value<'gc>,
) -> Option<(Value<'gc>, bool)> {
    let limit = float(limit)?;
    if let (Value::Integer(index), Value::Integer(step)) = (index, step) {
        let (at, overflow) = index.overflowing_add(step);
        let within = if step < 0 { at as f64 >= limit } else { at as f64 <= limit };
        return Some((Value::Integer(at), within && !overflow));
    }
    let (at, step) = (float(index)? + float(step)?, float(step)?);
    let within = if step < 0.0 { at >= limit } else { at <= limit };
    Some((Value::Number(at), within))
}

fn float(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number),
        Value::Integer(number) => Some(number as f64),
        _ => None,
    }
}

/// Equality without metamethods; `None` where a metamethod may have a say.
#[inline]
pub(super) fn same<'gc>(left: &Value<'gc>, right: &Value<'gc>) -> Option<bool> {
    Some(match (*left, *right) {
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::Integer(a), Value::Integer(b)) => a == b,
        (Value::Integer(a), Value::Number(b)) | (Value::Number(b), Value::Integer(a)) => a as f64 == b,
        (Value::String(a), Value::String(b)) => a.same(b),
        (Value::Nil, Value::Nil) => true,
        (Value::Nil, _) | (_, Value::Nil) => false,
        (Value::Boolean(a), Value::Boolean(b)) => a == b,
        (Value::Table(a), Value::Table(b)) if a == b => true,
        (Value::Function(a), Value::Function(b)) => a == b,
        _ => return None,
    })
}
