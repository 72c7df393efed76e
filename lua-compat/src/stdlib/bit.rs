//! The modules `bit` (LuaJIT's BitOp, dialect 5.1) and `bit32` (Lua 5.2's library), by `require` only.

use piccolo::{Callback, CallbackReturn, Context, Error, Stack, Table, Value};

use crate::arguments::{bad, error, integer, lua51, number, whole};
use crate::modules::Modules;
use crate::wit::exports::bulkhead::policy::script::Dialect;

type Fold = fn(u32, u32) -> u32;
type Shift = fn(u32, i64) -> u32;

/// How results are shown.
#[derive(Clone, Copy)]
enum Shown {
    Signed,
    Unsigned,
    Truth,
}

impl Shown {
    fn value<'gc>(self, bits: u32) -> Value<'gc> {
        match self {
            Self::Signed => whole(i64::from(bits as i32)),
            Self::Unsigned => whole(i64::from(bits)),
            Self::Truth => Value::Boolean(bits != 0),
        }
    }
}

pub(super) fn install<'gc>(ctx: Context<'gc>, dialect: Dialect, modules: Modules<'gc>) {
    if dialect == Dialect::Lua51 {
        modules.loaded.set_field(ctx, "bit", bit_op(ctx));
    }
    modules.loaded.set_field(ctx, "bit32", bit_32(ctx));
}

fn bit_op<'gc>(ctx: Context<'gc>) -> Table<'gc> {
    let library = Table::new(&ctx);
    let signed = Shown::Signed;
    fold(ctx, library, "band", None, |one, other| one & other, signed);
    fold(ctx, library, "bor", None, |one, other| one | other, signed);
    fold(ctx, library, "bxor", None, |one, other| one ^ other, signed);
    one(ctx, library, "tobit", |bits| bits, signed);
    one(ctx, library, "bnot", |bits| !bits, signed);
    one(ctx, library, "bswap", u32::swap_bytes, signed);
    // Only the lowest five bits of the count matter.
    let shifts: [(&'static str, Shift); 5] = [
        ("lshift", |bits, by| bits << (by & 31)),
        ("rshift", |bits, by| bits >> (by & 31)),
        ("arshift", |bits, by| ((bits as i32) >> (by & 31)) as u32),
        ("rol", |bits, by| bits.rotate_left((by & 31) as u32)),
        ("ror", |bits, by| bits.rotate_right((by & 31) as u32)),
    ];
    for (name, function) in shifts {
        let callback = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
            let bits = bits(ctx, &stack, 0, name)?;
            let by = self::bits(ctx, &stack, 1, name)?;
            stack.replace(ctx, signed.value(function(bits, i64::from(by))));
            Ok(CallbackReturn::Return)
        });
        library.set_field(ctx, name, callback);
    }
    let tohex = Callback::from_fn(&ctx, |ctx, _, mut stack| {
        let bits = bits(ctx, &stack, 0, "tohex")?;
        let digits = match stack.get(1) {
            Value::Nil => 8,
            _ => self::bits(ctx, &stack, 1, "tohex")? as i32,
        };
        let width = digits.unsigned_abs().min(8) as usize;
        let text = if digits < 0 {
            format!("{bits:08X}")
        } else {
            format!("{bits:08x}")
        };
        stack.replace(ctx, text.get(8 - width..).unwrap_or_default().to_owned());
        Ok(CallbackReturn::Return)
    });
    library.set_field(ctx, "tohex", tohex);
    library
}

fn bit_32<'gc>(ctx: Context<'gc>) -> Table<'gc> {
    let library = Table::new(&ctx);
    let (unsigned, truth) = (Shown::Unsigned, Shown::Truth);
    let all = Some(u32::MAX);
    fold(
        ctx,
        library,
        "band",
        all,
        |one, other| one & other,
        unsigned,
    );
    fold(ctx, library, "btest", all, |one, other| one & other, truth);
    fold(
        ctx,
        library,
        "bor",
        Some(0),
        |one, other| one | other,
        unsigned,
    );
    fold(
        ctx,
        library,
        "bxor",
        Some(0),
        |one, other| one ^ other,
        unsigned,
    );
    one(ctx, library, "bnot", |bits| !bits, unsigned);
    let shifts: [(&'static str, Shift); 5] = [
        ("lshift", shift_left),
        ("rshift", |bits, by| shift_left(bits, by.saturating_neg())),
        ("arshift", |bits, by| match (bits >> 31, by) {
            (1, 0..=31) => ((bits as i32) >> by) as u32,
            (1, 32..) => u32::MAX,
            _ => shift_left(bits, by.saturating_neg()),
        }),
        ("lrotate", |bits, by| bits.rotate_left((by & 31) as u32)),
        ("rrotate", |bits, by| bits.rotate_right((by & 31) as u32)),
    ];
    for (name, function) in shifts {
        let callback = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
            let bits = bits(ctx, &stack, 0, name)?;
            let by = integer(ctx, &stack, 1, name)?;
            stack.replace(ctx, unsigned.value(function(bits, by)));
            Ok(CallbackReturn::Return)
        });
        library.set_field(ctx, name, callback);
    }
    let extract = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
        let bits = bits(ctx, &stack, 0, "extract")?;
        let (first, mask) = field(ctx, &stack, 1, "extract")?;
        stack.replace(ctx, unsigned.value((bits >> first) & mask));
        Ok(CallbackReturn::Return)
    });
    library.set_field(ctx, "extract", extract);
    let replace = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
        let bits = bits(ctx, &stack, 0, "replace")?;
        let by = self::bits(ctx, &stack, 1, "replace")?;
        let (first, mask) = field(ctx, &stack, 2, "replace")?;
        stack.replace(
            ctx,
            unsigned.value((bits & !(mask << first)) | ((by & mask) << first)),
        );
        Ok(CallbackReturn::Return)
    });
    library.set_field(ctx, "replace", replace);
    library
}

/// A function of any number of arguments. `empty` is its value without any; absent: it needs one.
fn fold<'gc>(
    ctx: Context<'gc>,
    library: Table<'gc>,
    name: &'static str,
    empty: Option<u32>,
    function: Fold,
    shown: Shown,
) {
    let callback = Callback::from_fn(&ctx, move |ctx, mut execution, mut stack| {
        execution.fuel().consume(stack.len() as i32);
        let (mut result, rest) = match empty {
            Some(empty) => (empty, 0),
            None => (bits(ctx, &stack, 0, name)?, 1),
        };
        for index in rest..stack.len() {
            result = function(result, bits(ctx, &stack, index, name)?);
        }
        stack.replace(ctx, shown.value(result));
        Ok(CallbackReturn::Return)
    });
    library.set_field(ctx, name, callback);
}

fn one<'gc>(
    ctx: Context<'gc>,
    library: Table<'gc>,
    name: &'static str,
    function: fn(u32) -> u32,
    shown: Shown,
) {
    let callback = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
        let bits = bits(ctx, &stack, 0, name)?;
        stack.replace(ctx, shown.value(function(bits)));
        Ok(CallbackReturn::Return)
    });
    library.set_field(ctx, name, callback);
}

/// The argument modulo 2^32; fractions are rounded, halves to even.
fn bits<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    name: &str,
) -> Result<u32, Error<'gc>> {
    if let (Value::Integer(integer), false) = (stack.get(index), lua51()) {
        return Ok(integer as u32);
    }
    let number = number(ctx, stack, index, name)?.round_ties_even();
    // Exact, because a float's remainder is; what is no number becomes 0.
    Ok(number.rem_euclid(4_294_967_296.0) as u32)
}

fn shift_left(bits: u32, by: i64) -> u32 {
    match by {
        0..=31 => bits << by,
        -31..=-1 => bits >> -by,
        _ => 0,
    }
}

/// First bit and mask of a field: the arguments from `index` on.
fn field<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    name: &str,
) -> Result<(u32, u32), Error<'gc>> {
    let first = integer(ctx, stack, index, name)?;
    let width = match stack.get(index + 1) {
        Value::Nil => 1,
        _ => integer(ctx, stack, index + 1, name)?,
    };
    if first < 0 {
        return Err(bad(ctx, index, name, "field cannot be negative"));
    }
    if width < 1 {
        return Err(bad(ctx, index + 1, name, "width must be positive"));
    }
    match first.checked_add(width) {
        Some(1..=32) => Ok((first as u32, u32::MAX >> (32 - width))),
        _ => Err(error(ctx, "trying to access non-existent bits")),
    }
}
