//! Lua values and the values of the contract, in both directions.

use piccolo::numbers::{self, Style};
use piccolo::{Context, Table, Value};

use crate::arguments::new_string;
use crate::wit::bulkhead::policy::types::{self, Attribute};

/// Integers up to here are exact as floats.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// Text of a key: strings and numbers can be names.
pub(crate) fn name(key: Value<'_>) -> Option<String> {
    match key {
        Value::String(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        Value::Integer(number) => Some(numbers::integer(number)),
        Value::Number(number) => Some(numbers::float(number)),
        _ => None,
    }
}

/// A string, number or boolean; absent for everything else.
pub(crate) fn scalar(value: Value<'_>) -> Option<types::Value> {
    Some(match value {
        Value::Boolean(truth) => types::Value::Boolean(truth),
        Value::Integer(number) => types::Value::Integer(number),
        Value::Number(number)
            if numbers::style() == Style::Lua51
                && number.fract() == 0.0
                && number.abs() <= EXACT_INTEGERS =>
        {
            types::Value::Integer(number as i64)
        }
        Value::Number(number) => types::Value::Decimal(number),
        Value::String(text) => match std::str::from_utf8(text.as_bytes()) {
            Ok(text) => types::Value::Text(text.to_owned()),
            Err(_) => types::Value::Bytes(text.as_bytes().to_vec()),
        },
        _ => return None,
    })
}

/// A table `name → scalar or array of scalars`, by name, and the names of the values that are neither.
pub(crate) fn attributes(table: Table<'_>) -> (Vec<Attribute>, Vec<String>) {
    let mut attributes = Vec::new();
    let mut refused = Vec::new();
    for (key, value) in table {
        let Some(name) = name(key) else { continue };
        let values = match value {
            Value::Table(list) => list_values(list),
            other => scalar(other).map(|value| vec![value]),
        };
        match values {
            Some(values) => attributes.push(Attribute { name, values }),
            None => refused.push(name),
        }
    }
    attributes.sort_by(|one, other| one.name.cmp(&other.name));
    refused.sort();
    (attributes, refused)
}

fn list_values(list: Table<'_>) -> Option<Vec<types::Value>> {
    let length = list.length();
    if length == 0 && list.iter().next().is_some() {
        return None;
    }
    (1..=length)
        .map(|index| scalar(list.get_raw(Value::Integer(index))))
        .collect()
}

/// The strings of an array; other items are left out.
pub(crate) fn strings(table: Table<'_>) -> Vec<String> {
    (1..=table.length())
        .filter_map(|index| name(table.get_raw(Value::Integer(index))))
        .collect()
}

/// A scalar of the contract as a Lua value.
pub(crate) fn from_scalar<'gc>(ctx: Context<'gc>, value: &types::Value) -> Value<'gc> {
    match value {
        types::Value::Text(text) => new_string(ctx, text),
        types::Value::Bytes(bytes) => new_string(ctx, bytes),
        types::Value::Integer(number) => Value::Integer(*number),
        types::Value::Decimal(number) => Value::Number(*number),
        types::Value::Boolean(truth) => Value::Boolean(*truth),
    }
}

/// Attributes as a table: one value as a scalar, several as an array.
pub(crate) fn from_attributes<'gc>(ctx: Context<'gc>, attributes: &[Attribute]) -> Table<'gc> {
    let table = Table::new(&ctx);
    for attribute in attributes {
        let value = match attribute.values.as_slice() {
            [single] => from_scalar(ctx, single),
            several => {
                let items: Vec<_> = several.iter().map(|item| from_scalar(ctx, item)).collect();
                array(ctx, &items).into()
            }
        };
        put(ctx, table, new_string(ctx, &attribute.name), value);
    }
    table
}

/// A new array.
pub(crate) fn array<'gc>(ctx: Context<'gc>, items: &[Value<'gc>]) -> Table<'gc> {
    let table = Table::new(&ctx);
    for (index, item) in (1_i64..).zip(items) {
        put(ctx, table, Value::Integer(index), *item);
    }
    table
}

/// A new array of strings.
pub(crate) fn string_array<'gc, T: AsRef<[u8]>>(ctx: Context<'gc>, items: &[T]) -> Table<'gc> {
    let table = Table::new(&ctx);
    for (index, item) in (1_i64..).zip(items) {
        put(ctx, table, Value::Integer(index), new_string(ctx, item));
    }
    table
}

/// Sets a field without metamethods. Keys of the callers are neither nil nor NaN, so this never fails.
pub(crate) fn put<'gc>(ctx: Context<'gc>, table: Table<'gc>, key: Value<'gc>, value: Value<'gc>) {
    let _ = table.set_raw(&ctx, key, value);
}

/// How the peer reads an integer that a script returned: a number or numeric text, else 0.
pub(crate) fn lenient_integer(value: Value<'_>) -> i64 {
    match value {
        Value::Integer(number) => number,
        other => other.to_number().map_or(0, |number| number as i64),
    }
}
