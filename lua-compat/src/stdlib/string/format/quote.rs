//! `%q`: a value as the script's language writes it.

use piccolo::{Context, Error, Stack, Value};

use super::directive::Directive;
use super::numbers;
use crate::arguments::{bad, lua51, string};

/// Appends the argument as a literal.
pub(super) fn literal<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    text: &mut Vec<u8>,
) -> Result<(), Error<'gc>> {
    if lua51() {
        quoted_51(string(ctx, stack, index, "format")?.as_bytes(), text);
        return Ok(());
    }
    match stack.get(index) {
        Value::String(value) => quoted_54(value.as_bytes(), text),
        Value::Nil => text.extend_from_slice(b"nil"),
        Value::Boolean(value) => text.extend_from_slice(value.to_string().as_bytes()),
        // The digits alone would be read as a float.
        Value::Integer(i64::MIN) => text.extend_from_slice(b"0x8000000000000000"),
        Value::Integer(value) => text.extend_from_slice(value.to_string().as_bytes()),
        Value::Number(value) if value.is_nan() => text.extend_from_slice(b"(0/0)"),
        Value::Number(f64::INFINITY) => text.extend_from_slice(b"1e9999"),
        Value::Number(f64::NEG_INFINITY) => text.extend_from_slice(b"-1e9999"),
        Value::Number(value) => {
            let directive = Directive {
                letter: b'a',
                ..Directive::default()
            };
            numbers::float(text, value, &directive);
        }
        _ => return Err(bad(ctx, index, "format", "value has no literal form")),
    }
    Ok(())
}

fn quoted_51(value: &[u8], text: &mut Vec<u8>) {
    text.push(b'"');
    for byte in value {
        match byte {
            b'"' | b'\\' | b'\n' => text.extend_from_slice(&[b'\\', *byte]),
            b'\r' => text.extend_from_slice(b"\\r"),
            0 => text.extend_from_slice(b"\\000"),
            _ => text.push(*byte),
        }
    }
    text.push(b'"');
}

fn quoted_54(value: &[u8], text: &mut Vec<u8>) {
    text.push(b'"');
    let mut rest = value;
    while let Some((byte, after)) = rest.split_first() {
        match byte {
            b'"' | b'\\' | b'\n' => text.extend_from_slice(&[b'\\', *byte]),
            _ if byte.is_ascii_control() => {
                let digit_follows = after.first().is_some_and(u8::is_ascii_digit);
                let code = if digit_follows {
                    format!("\\{byte:03}")
                } else {
                    format!("\\{byte}")
                };
                text.extend_from_slice(code.as_bytes());
            }
            _ => text.push(*byte),
        }
        rest = after;
    }
    text.push(b'"');
}
