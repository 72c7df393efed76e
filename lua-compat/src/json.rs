//! JSON as the peer's `json` module reads and writes it.
//!
//! Maps are written in the order of their keys, `<`, `>` and `&` as `\u003c` and so on, whole numbers
//! without fraction or exponent. Tables that are neither arrays nor maps with string keys are errors.

use piccolo::{Context, Table, Value};

use crate::arguments::new_string;
use crate::convert::put;

/// Deeper nesting is refused, in both directions.
const DEPTH: usize = 100;

/// The field of the metatable that marks a table decoded from an object: empty, it is `{}` again.
const OBJECT_MARK: &str = "__jsonobject";

/// JSON text of a value, or why there is none.
pub(crate) fn encode(value: Value<'_>) -> Result<String, String> {
    let mut text = String::new();
    write(value, &mut Vec::new(), &mut text)?;
    Ok(text)
}

fn write<'gc>(
    value: Value<'gc>,
    above: &mut Vec<Table<'gc>>,
    text: &mut String,
) -> Result<(), String> {
    match value {
        Value::Nil => text.push_str("null"),
        Value::Boolean(truth) => text.push_str(if truth { "true" } else { "false" }),
        Value::Integer(number) => text.push_str(&number.to_string()),
        Value::Number(number) => write_number(number, text)?,
        Value::String(string) => text.push_str(&quoted(string.as_bytes())),
        Value::Table(table) => {
            if above.contains(&table) || above.len() >= DEPTH {
                return Err("cannot encode recursively nested tables to JSON".to_owned());
            }
            above.push(table);
            write_table(table, above, text)?;
            above.pop();
        }
        other => return Err(format!("cannot encode {} to JSON", other.type_name())),
    }
    Ok(())
}

fn write_number(number: f64, text: &mut String) -> Result<(), String> {
    if !number.is_finite() {
        return Err("json: unsupported value: not a finite number".to_owned());
    }
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        // `1e-7` is written `1e-07`, as Go does.
        let scientific = format!("{number:e}");
        match scientific.split_once("e-") {
            Some((mantissa, exponent)) if exponent.len() == 1 => {
                text.push_str(&format!("{mantissa}e-0{exponent}"));
            }
            Some(_) => text.push_str(&scientific),
            None => text.push_str(&scientific.replace('e', "e+")),
        }
    } else if number == 0.0 && number.is_sign_negative() {
        text.push_str("-0");
    } else {
        text.push_str(&number.to_string());
    }
    Ok(())
}

fn write_table<'gc>(
    table: Table<'gc>,
    above: &mut Vec<Table<'gc>>,
    text: &mut String,
) -> Result<(), String> {
    let mut members: Vec<(&[u8], Value<'gc>)> = Vec::new();
    let mut items = 0_i64;
    for (key, value) in table {
        match key {
            Value::String(name) => members.push((name.as_bytes(), value)),
            Value::Integer(_) => items += 1,
            _ => return Err("cannot encode mixed or invalid key types".to_owned()),
        }
    }
    if items > 0 && !members.is_empty() {
        return Err("cannot encode mixed or invalid key types".to_owned());
    }
    if members.is_empty() {
        if items == 0 && is_decoded_object(table) {
            text.push_str("{}");
            return Ok(());
        }
        text.push('[');
        for index in 1..=items {
            let item = table.get_raw(Value::Integer(index));
            if item.is_nil() {
                return Err("cannot encode sparse array".to_owned());
            }
            if index > 1 {
                text.push(',');
            }
            write(item, above, text)?;
        }
        text.push(']');
        return Ok(());
    }
    members.sort_by_key(|(name, _)| *name);
    text.push('{');
    for (index, (name, value)) in members.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&quoted(name));
        text.push(':');
        write(value, above, text)?;
    }
    text.push('}');
    Ok(())
}

fn is_decoded_object(table: Table<'_>) -> bool {
    table.metatable().is_some_and(|metatable| {
        metatable
            .iter()
            .any(|(key, _)| matches!(key, Value::String(name) if name == OBJECT_MARK.as_bytes()))
    })
}

/// A JSON string. Bytes that are not UTF-8 become U+FFFD.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let source = String::from_utf8_lossy(bytes);
    let mut text = String::with_capacity(source.len() + 2);
    text.push('"');
    for character in source.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

/// The metatable of tables that were decoded from objects.
pub(crate) fn object_metatable(ctx: Context<'_>) -> Table<'_> {
    let metatable = Table::new(&ctx);
    metatable.set_field(ctx, OBJECT_MARK, true);
    metatable
}

/// A Lua value from JSON text, or why there is none. `null` is nil.
pub(crate) fn decode<'gc>(
    ctx: Context<'gc>,
    metatable: Table<'gc>,
    text: &[u8],
) -> Result<Value<'gc>, String> {
    let value: serde_json::Value =
        serde_json::from_slice(text).map_err(|error| error.to_string())?;
    Ok(build(ctx, metatable, value))
}

fn build<'gc>(ctx: Context<'gc>, metatable: Table<'gc>, value: serde_json::Value) -> Value<'gc> {
    match value {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(truth) => Value::Boolean(truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => new_string(ctx, text),
        serde_json::Value::Array(items) => {
            let table = Table::new(&ctx);
            for (index, item) in (1_i64..).zip(items) {
                put(
                    ctx,
                    table,
                    Value::Integer(index),
                    build(ctx, metatable, item),
                );
            }
            table.into()
        }
        serde_json::Value::Object(members) => {
            let table = Table::new(&ctx);
            for (name, member) in members {
                put(
                    ctx,
                    table,
                    new_string(ctx, name),
                    build(ctx, metatable, member),
                );
            }
            table.set_metatable(&ctx, Some(metatable));
            table.into()
        }
    }
}
