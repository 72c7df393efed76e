//! Reading in the formats of each dialect, and the iterators of `lines`.

use ottavino_gc_arena::Collect;
use piccolo::{Callback, CallbackReturn, Context, Error, Execution, Stack, UserData, Value};

use super::file::{Done, File, Reader, file_of, open_file, outcome};
use super::number;
use crate::arguments::{bad, buffer, error, integer, lua51, new_string, out_of_memory, string};

/// `lines` takes no more formats.
const MOST_FORMATS: usize = 250;

#[derive(Clone, Copy)]
enum Format {
    Number,
    Line { keep_end: bool },
    All,
    Bytes(usize),
}

/// `file:read(...)`.
pub(super) fn read<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Done<'gc> {
    let (_, file) = open_file(ctx, &stack, 0, "read")?;
    read_formats(ctx, execution, stack, file, 1)
}

/// Reads by the formats from index `first` on. Nothing is read after the first one that fails.
pub(super) fn read_formats<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    file: &'gc File,
    first: usize,
) -> Done<'gc> {
    let mut values = Vec::new();
    if stack.len() <= first {
        let line = Format::Line { keep_end: false };
        match file.read(|reader| read_one(ctx, reader, line)) {
            Ok(value) => values.push(value?),
            Err(failure) => return outcome(ctx, stack, Err(failure)),
        }
    }
    for index in first..stack.len() {
        let format = format(ctx, &stack, index)?;
        let value = match file.read(|reader| read_one(ctx, reader, format)) {
            Ok(value) => value?,
            Err(failure) => return outcome(ctx, stack, Err(failure)),
        };
        if let Value::String(text) = value {
            let units = i32::try_from(text.len() / 16).unwrap_or(i32::MAX);
            execution.fuel().consume(units);
        }
        values.push(value);
        if value.is_nil() {
            break;
        }
    }
    stack.clear();
    stack.extend(values);
    Ok(CallbackReturn::Return)
}

fn format<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
) -> Result<Format, Error<'gc>> {
    let invalid = |text| bad(ctx, index, "read", text);
    if let Value::Integer(_) | Value::Number(_) = stack.get(index) {
        let count = integer(ctx, stack, index, "read")?;
        return match usize::try_from(count) {
            Ok(count) => Ok(Format::Bytes(count)),
            Err(_) if lua51() => Ok(Format::Bytes(usize::MAX)),
            Err(_) => Err(out_of_memory(ctx)),
        };
    }
    let letters = if lua51() {
        match stack.get(index) {
            Value::String(text) => text.as_bytes().strip_prefix(b"*"),
            _ => None,
        }
        .ok_or_else(|| invalid("invalid option"))?
    } else {
        let text = string(ctx, stack, index, "read")?.as_bytes();
        text.strip_prefix(b"*").unwrap_or(text)
    };
    match letters.first() {
        Some(b'n') => Ok(Format::Number),
        Some(b'l') => Ok(Format::Line { keep_end: false }),
        Some(b'L') if !lua51() => Ok(Format::Line { keep_end: true }),
        Some(b'a') => Ok(Format::All),
        _ => Err(invalid("invalid format")),
    }
}

/// What was read; nil if there was nothing.
fn read_one<'gc>(
    ctx: Context<'gc>,
    reader: &mut Reader<'_>,
    format: Format,
) -> Result<Value<'gc>, Error<'gc>> {
    let at_end = reader.rest().is_empty();
    let bytes = match format {
        Format::Number => return Ok(number::read(reader).unwrap_or_default()),
        Format::All => reader.take(usize::MAX),
        _ if at_end => return Ok(Value::Nil),
        Format::Bytes(count) => reader.take(count),
        Format::Line { keep_end } => {
            let end = reader.rest().iter().position(|byte| *byte == b'\n');
            let line = reader.take(end.map_or(usize::MAX, |end| end + 1));
            match end {
                Some(_) if !keep_end => line.strip_suffix(b"\n").unwrap_or(line),
                _ => line,
            }
        }
    };
    if bytes.len() > 4096 {
        buffer(ctx, bytes.len())?;
    }
    Ok(new_string(ctx, bytes))
}

/// What the iterator of `lines` works on.
#[derive(Collect)]
#[collect(no_drop)]
struct Lines<'gc> {
    handle: UserData<'gc>,
    formats: Vec<Value<'gc>>,
    close: bool,
}

/// The iterator of `lines`. The formats are the arguments from index `first` on.
pub(super) fn iterator<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    first: usize,
    handle: UserData<'gc>,
    close: bool,
) -> Result<Callback<'gc>, Error<'gc>> {
    let formats: Vec<_> = if lua51() {
        Vec::new()
    } else {
        (first..stack.len()).map(|index| stack.get(index)).collect()
    };
    if formats.len() > MOST_FORMATS {
        return Err(bad(ctx, MOST_FORMATS + 1, "lines", "too many arguments"));
    }
    let lines = Lines {
        handle,
        formats,
        close,
    };
    Ok(Callback::from_fn_with(
        &ctx,
        lines,
        |lines, ctx, execution, mut stack| {
            let Some((_, file)) =
                file_of(lines.handle.into()).filter(|(_, file)| !file.is_closed())
            else {
                return Err(error(ctx, "file is already closed"));
            };
            stack.replace(ctx, lines.handle);
            stack.extend(lines.formats.iter().copied());
            read_formats(ctx, execution, stack.reborrow(), file, 1)?;
            if stack.get(0).is_nil() {
                if let Value::String(message) = stack.get(1) {
                    return Err(Value::String(message).into());
                }
                if lines.close {
                    file.close();
                }
                stack.clear();
            }
            Ok(CallbackReturn::Return)
        },
    ))
}

/// `file:lines(...)`.
pub(super) fn lines<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Done<'gc> {
    let (handle, _) = open_file(ctx, &stack, 0, "lines")?;
    let iterator = iterator(ctx, &stack, 1, handle, false)?;
    stack.replace(ctx, iterator);
    Ok(CallbackReturn::Return)
}
