//! Lua values as CBOR (RFC 8949): how the request context holds them.
//!
//! Strings that are UTF-8 travel as text, others as bytes. A table whose keys are 1 to n is an array, an
//! empty one too; every other table is a map. Functions, coroutines and userdata cannot travel.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use piccolo::{Context, Table, Value};

use crate::arguments::new_string;
use crate::convert::put;

/// Deeper nesting is refused, in both directions.
const DEPTH: usize = 100;

/// One CBOR item, or why the value has none.
pub(super) fn encode(value: Value<'_>) -> Result<Vec<u8>, String> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder, value, 0)?;
    Ok(encoder.into_writer())
}

fn write(encoder: &mut Encoder<Vec<u8>>, value: Value<'_>, depth: usize) -> Result<(), String> {
    // Writing to a vector cannot fail.
    let ignore = |_: &mut Encoder<Vec<u8>>| ();
    match value {
        Value::Nil => {
            encoder.null().map(ignore).ok();
        }
        Value::Boolean(truth) => {
            encoder.bool(truth).map(ignore).ok();
        }
        Value::Integer(number) => {
            encoder.i64(number).map(ignore).ok();
        }
        Value::Number(number) => {
            encoder.f64(number).map(ignore).ok();
        }
        Value::String(text) => match std::str::from_utf8(text.as_bytes()) {
            Ok(text) => {
                encoder.str(text).map(ignore).ok();
            }
            Err(_) => {
                encoder.bytes(text.as_bytes()).map(ignore).ok();
            }
        },
        Value::Table(table) => write_table(encoder, table, depth)?,
        other => return Err(format!("a {} cannot be stored", other.type_name())),
    }
    Ok(())
}

fn write_table(
    encoder: &mut Encoder<Vec<u8>>,
    table: Table<'_>,
    depth: usize,
) -> Result<(), String> {
    if depth >= DEPTH {
        return Err("the table is nested too deeply, or contains itself".to_owned());
    }
    let entries = table.iter().count();
    let length = table.length();
    if usize::try_from(length) == Ok(entries) {
        encoder.array(entries as u64).ok();
        for index in 1..=length {
            write(encoder, table.get_raw(Value::Integer(index)), depth + 1)?;
        }
    } else {
        encoder.map(entries as u64).ok();
        for (key, item) in table {
            if matches!(key, Value::Table(_)) {
                return Err("a table cannot be the key of a stored table".to_owned());
            }
            write(encoder, key, depth + 1)?;
            write(encoder, item, depth + 1)?;
        }
    }
    Ok(())
}

/// The value of a CBOR item. Other plugins may have written it, so everything that CBOR knows is read:
/// tags are passed over, undefined is nil.
pub(super) fn decode<'gc>(ctx: Context<'gc>, bytes: &[u8]) -> Result<Value<'gc>, String> {
    read(ctx, &mut Decoder::new(bytes), 0).map_err(|error| error.to_string())
}

fn read<'gc>(
    ctx: Context<'gc>,
    decoder: &mut Decoder<'_>,
    depth: usize,
) -> Result<Value<'gc>, minicbor::decode::Error> {
    if depth > DEPTH {
        return Err(minicbor::decode::Error::message("nested too deeply"));
    }
    Ok(match decoder.datatype()? {
        Type::Null | Type::Undefined => {
            decoder.skip()?;
            Value::Nil
        }
        Type::Bool => Value::Boolean(decoder.bool()?),
        Type::U8
        | Type::U16
        | Type::U32
        | Type::U64
        | Type::I8
        | Type::I16
        | Type::I32
        | Type::I64
        | Type::Int => {
            let number = i128::from(decoder.int()?);
            match i64::try_from(number) {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Number(number as f64),
            }
        }
        Type::F16 => Value::Number(f64::from(decoder.f16()?)),
        Type::F32 => Value::Number(f64::from(decoder.f32()?)),
        Type::F64 => Value::Number(decoder.f64()?),
        Type::String => new_string(ctx, decoder.str()?),
        Type::Bytes => new_string(ctx, decoder.bytes()?),
        Type::StringIndef => {
            let mut text = String::new();
            for piece in decoder.str_iter()? {
                text.push_str(piece?);
            }
            new_string(ctx, text)
        }
        Type::BytesIndef => {
            let mut bytes = Vec::new();
            for piece in decoder.bytes_iter()? {
                bytes.extend_from_slice(piece?);
            }
            new_string(ctx, bytes)
        }
        Type::Tag => {
            decoder.tag()?;
            read(ctx, decoder, depth + 1)?
        }
        Type::Array | Type::ArrayIndef => {
            let table = Table::new(&ctx);
            let mut left = decoder.array()?;
            let mut index = 1;
            while more(decoder, &mut left)? {
                let item = read(ctx, decoder, depth + 1)?;
                put(ctx, table, Value::Integer(index), item);
                index += 1;
            }
            table.into()
        }
        Type::Map | Type::MapIndef => {
            let table = Table::new(&ctx);
            let mut left = decoder.map()?;
            while more(decoder, &mut left)? {
                let key = read(ctx, decoder, depth + 1)?;
                let item = read(ctx, decoder, depth + 1)?;
                put(ctx, table, key, item);
            }
            table.into()
        }
        other => {
            decoder.skip()?;
            return Err(minicbor::decode::Error::message(format!(
                "CBOR type {other} has no Lua value"
            )));
        }
    })
}

/// Is another item of the array or map to come? Counts it, or takes the break that ends it.
fn more(
    decoder: &mut Decoder<'_>,
    left: &mut Option<u64>,
) -> Result<bool, minicbor::decode::Error> {
    match left {
        Some(0) => Ok(false),
        Some(count) => {
            *count -= 1;
            Ok(true)
        }
        None if decoder.datatype()? == Type::Break => {
            decoder.skip()?;
            Ok(false)
        }
        None => Ok(true),
    }
}
