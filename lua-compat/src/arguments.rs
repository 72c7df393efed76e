//! Checking arguments of library functions, and raising errors, in PUC-Rio's wording.
//!
//! `index` counts from 0 everywhere here. `function` is the name that the library gives the function; the
//! VM replaces it by the name under which the script called it, as PUC-Rio does.

use piccolo::numbers::{self, Style};
use piccolo::position::BadArgument;
use piccolo::{Context, Error, RuntimeError, Stack, String as LuaString, Table, Value};

/// The script is written for Lua 5.1, where all numbers are floats.
pub(crate) fn lua51() -> bool {
    numbers::style() == Style::Lua51
}

/// A whole number as the dialect has it: a float in Lua 5.1, an integer in Lua 5.4.
pub(crate) fn whole<'gc>(number: i64) -> Value<'gc> {
    if lua51() {
        Value::Number(number as f64)
    } else {
        Value::Integer(number)
    }
}

/// An empty buffer with room for that many bytes, or the error `not enough memory`.
pub(crate) fn buffer<'gc>(ctx: Context<'gc>, bytes: usize) -> Result<Vec<u8>, Error<'gc>> {
    let mut buffer = Vec::new();
    // The text is copied once more into the Lua heap.
    match buffer.try_reserve_exact(bytes.saturating_mul(2)) {
        Ok(()) if bytes > 4096 => {
            buffer = Vec::new();
            buffer
                .try_reserve_exact(bytes)
                .map_err(|_| out_of_memory(ctx))?;
            Ok(buffer)
        }
        Ok(()) => Ok(buffer),
        Err(_) => Err(out_of_memory(ctx)),
    }
}

/// As PUC-Rio, without a position.
pub(crate) fn out_of_memory<'gc>(_: Context<'gc>) -> Error<'gc> {
    exact("not enough memory")
}

/// An error whose text stays as it is, without `chunk:line: `.
pub(crate) fn exact<'gc>(text: impl AsRef<[u8]>) -> Error<'gc> {
    Error::Runtime(RuntimeError::new(piccolo::position::Exact(
        text.as_ref().to_vec(),
    )))
}

/// An error with this text. The VM puts `chunk:line: ` of the calling function in front.
pub(crate) fn error<'gc>(ctx: Context<'gc>, text: impl AsRef<str>) -> Error<'gc> {
    Value::String(ctx.intern(text.as_ref().as_bytes())).into()
}

/// `bad argument #1 to 'name' (text)`.
pub(crate) fn bad<'gc>(
    _: Context<'gc>,
    index: usize,
    function: &str,
    text: impl std::fmt::Display,
) -> Error<'gc> {
    Error::Runtime(RuntimeError::new(BadArgument {
        index,
        function: function.to_owned(),
        text: text.to_string(),
    }))
}

/// `bad argument #1 to 'name' (string expected, got nil)`.
pub(crate) fn expected<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
    wanted: &str,
) -> Error<'gc> {
    let got = match stack.get(index) {
        Value::Nil if index >= stack.len() => "no value".to_owned(),
        value => type_name(ctx, value),
    };
    bad(
        ctx,
        index,
        function,
        format!("{wanted} expected, got {got}"),
    )
}

/// The name of a value's type in messages: in Lua 5.4 the metatable's `__name`, if that is text.
pub(crate) fn type_name<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> String {
    let metatable = match value {
        Value::Table(table) => table.metatable(),
        Value::UserData(data) => data.metatable(),
        _ => None,
    };
    match metatable.map(|metatable| metatable.get_value(ctx, "__name")) {
        Some(Value::String(name)) if !lua51() => lossy(name),
        _ => value.type_name().to_owned(),
    }
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

pub(crate) use piccolo::arithmetic::exact_integer as float_to_integer;

/// The argument as an integer. Lua 5.1 cuts fractions off, Lua 5.4 refuses them.
pub(crate) fn integer<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
) -> Result<i64, Error<'gc>> {
    match stack.get(index).to_numeric() {
        Some(Value::Integer(integer)) => Ok(integer),
        Some(Value::Number(number)) if lua51() => Ok(cut(number)),
        Some(Value::Number(number)) if cut(number) as f64 == number => Ok(cut(number)),
        Some(_) => {
            let text = "number has no integer representation";
            Err(bad(ctx, index, function, text))
        }
        None => Err(expected(ctx, stack, index, function, "number")),
    }
}

/// A float without its fraction, as C on common processors has it: what is out of range, or is no
/// number, becomes the least integer.
pub(crate) fn cut(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) {
        number as i64
    } else {
        i64::MIN
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
