//! Checking arguments of library functions, and raising errors, in PUC-Rio's wording.

use piccolo::{Context, Error, Stack, String as LuaString, Table, Value};

/// An error with this text. The VM puts `chunk:line: ` of the calling function in front.
pub(crate) fn error<'gc>(ctx: Context<'gc>, text: impl AsRef<str>) -> Error<'gc> {
    Value::String(ctx.intern(text.as_ref().as_bytes())).into()
}

/// `bad argument #1 to 'name' (text)`. `index` counts from 0.
pub(crate) fn bad<'gc>(
    ctx: Context<'gc>,
    index: usize,
    function: &str,
    text: impl std::fmt::Display,
) -> Error<'gc> {
    error(
        ctx,
        format!("bad argument #{} to '{function}' ({text})", index + 1),
    )
}

fn expected<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
    wanted: &str,
) -> Error<'gc> {
    let got = if index < stack.len() {
        stack.get(index).type_name()
    } else {
        "no value"
    };
    bad(
        ctx,
        index,
        function,
        format!("{wanted} expected, got {got}"),
    )
}

/// The argument as a string; numbers are converted.
pub(crate) fn string<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
) -> Result<LuaString<'gc>, Error<'gc>> {
    stack
        .get(index)
        .into_string(ctx)
        .ok_or_else(|| expected(ctx, stack, index, function, "string"))
}

/// The argument as text; bytes that are not UTF-8 are replaced.
pub(crate) fn text<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
) -> Result<String, Error<'gc>> {
    string(ctx, stack, index, function).map(|text| lossy(text))
}

/// The argument as a table.
pub(crate) fn table<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
) -> Result<Table<'gc>, Error<'gc>> {
    match stack.get(index) {
        Value::Table(table) => Ok(table),
        _ => Err(expected(ctx, stack, index, function, "table")),
    }
}

/// The argument as a float; numeric strings are converted.
pub(crate) fn number<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
) -> Result<f64, Error<'gc>> {
    stack
        .get(index)
        .to_number()
        .ok_or_else(|| expected(ctx, stack, index, function, "number"))
}

/// The argument as an integer. Fractions are cut off, as Lua 5.1 does.
pub(crate) fn integer<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
) -> Result<i64, Error<'gc>> {
    let value = stack.get(index);
    match value.to_integer() {
        Some(integer) => Ok(integer),
        None => number(ctx, stack, index, function).map(|number| number as i64),
    }
}

/// The argument, which must be there (nil counts).
pub(crate) fn any<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
) -> Result<Value<'gc>, Error<'gc>> {
    if index < stack.len() {
        Ok(stack.get(index))
    } else {
        Err(bad(ctx, index, function, "value expected"))
    }
}

/// Text of a Lua string; bytes that are not UTF-8 are replaced.
pub(crate) fn lossy(text: LuaString<'_>) -> String {
    String::from_utf8_lossy(text.as_bytes()).into_owned()
}

/// A new Lua string with these bytes.
pub(crate) fn new_string<'gc>(ctx: Context<'gc>, bytes: impl AsRef<[u8]>) -> Value<'gc> {
    Value::String(LuaString::from_slice(&ctx, bytes))
}
