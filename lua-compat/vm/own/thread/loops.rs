//! How a numeric `for` begins.
//!
//! Upstream subtracts the step from the index first, which wraps around at the smallest integer, and mixes
//! integers and floats in the loop. Here the three values are made alike once, as PUC-Rio does, and a loop that
//! has no turn is skipped.

use crate::{
    numbers::{self, Style},
    thread::VMError,
    Value,
};

/// Makes index, limit and step (in that order at the begin of `registers`) ready, and puts the first value
/// into the fourth register. False: the loop has no turn.
pub(super) fn prepare(registers: &mut [Value<'_>]) -> Result<bool, VMError> {
    let [index, limit, step, variable, ..] = registers else {
        return Ok(false);
    };
    if let (Value::Number(first), Value::Number(last), Value::Number(by)) = (*index, *limit, *step) {
        *variable = *index;
        return enters(first, last, by);
    }
    if let (Value::Integer(first), Value::Integer(by)) = (*index, *step) {
        if numbers::style() == Style::Lua54 {
            if by == 0 {
                return Err(bad(*index, *limit, *step));
            }
            let Some(last) = integer_limit(*limit, by) else {
                return match limit.to_number() {
                    Some(_) => Ok(false),
                    None => Err(bad(*index, *limit, *step)),
                };
            };
            *limit = Value::Integer(last);
            *variable = *index;
            return Ok(if by > 0 { first <= last } else { first >= last });
        }
    }
    // Text that looks like a number is one, but never an integer.
    let (Some(first), Some(last), Some(by)) =
        (index.to_number(), limit.to_number(), step.to_number())
    else {
        return Err(bad(*index, *limit, *step));
    };
    *index = Value::Number(first);
    *limit = Value::Number(last);
    *step = Value::Number(by);
    *variable = *index;
    enters(first, last, by)
}

fn enters(first: f64, last: f64, by: f64) -> Result<bool, VMError> {
    if by == 0.0 && numbers::style() == Style::Lua54 {
        return Err(VMError::BadForLoopPrep("number", "number"));
    }
    // A loop over what is no number at all has one turn in Lua 5.4, and none in 5.1.
    let skips = numbers::style() == Style::Lua51 && (first.is_nan() || last.is_nan());
    Ok(!skips && !(if by > 0.0 { last < first } else { first < last }))
}

/// The last integer that the index may have. `None` if there is none, or no number.
fn integer_limit(limit: Value<'_>, step: i64) -> Option<i64> {
    if let Value::Integer(limit) = limit {
        return Some(limit);
    }
    let limit = limit.to_number()?;
    if limit.is_nan() {
        return None;
    }
    let whole = if step > 0 { limit.floor() } else { limit.ceil() };
    // Conversion stops at the ends of the range. Beyond them, a loop away from the limit has no turn.
    if step > 0 && whole < -9_223_372_036_854_775_808.0 {
        return None;
    }
    if step < 0 && whole >= 9_223_372_036_854_775_808.0 {
        return None;
    }
    Some(whole as i64)
}

fn bad(index: Value<'_>, limit: Value<'_>, step: Value<'_>) -> VMError {
    VMError::BadForLoop(index.type_name(), limit.type_name(), step.type_name())
}
