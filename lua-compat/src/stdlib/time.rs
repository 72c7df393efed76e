//! `os.time` and `os.date`. Local time is UTC: a sandbox has no time zone.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::meta_ops::{self, MetaResult};
use piccolo::{
    BoxSequence, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll, Stack, Table,
    Value,
};

use super::date::{self, Civil};
use crate::arguments::{
    bad, error, float_to_integer, integer, lua51, new_string, number, string, table, whole,
};
use crate::host;

/// A field of the table that `os.time` takes.
struct Field {
    name: &'static str,
    default: Option<i64>,
    /// What C subtracts.
    base: i64,
}

const fn field(name: &'static str, default: Option<i64>, base: i64) -> Field {
    Field {
        name,
        default,
        base,
    }
}

const YEAR: Field = field("year", None, 1900);
const MONTH: Field = field("month", None, 1);
const DAY: Field = field("day", None, 0);
const HOUR: Field = field("hour", Some(12), 0);
const MINUTE: Field = field("min", Some(0), 0);
const SECOND: Field = field("sec", Some(0), 0);

/// In the order in which they are looked at.
const FIELDS_51: [Field; 6] = [SECOND, MINUTE, HOUR, DAY, MONTH, YEAR];
const FIELDS_54: [Field; 6] = [YEAR, MONTH, DAY, HOUR, MINUTE, SECOND];

/// Seconds since 1970.
fn now() -> i64 {
    host::try_with(|host| host.clock_now().seconds)
        .and_then(|seconds| i64::try_from(seconds).ok())
        .unwrap_or(0)
}

/// `os.time([table])`.
pub(super) fn time<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    if stack.get(0).is_nil() {
        stack.replace(ctx, whole(now()));
        return Ok(CallbackReturn::Return);
    }
    let fields = table(ctx, &stack, 0, "time")?;
    stack.clear();
    Ok(CallbackReturn::Sequence(BoxSequence::new(
        &ctx,
        FromFields {
            fields,
            read: Vec::new(),
            asked: false,
        },
    )))
}

/// Reads the fields, which may need metamethods, and makes a time of them.
#[derive(Collect)]
#[collect(no_drop)]
struct FromFields<'gc> {
    fields: Table<'gc>,
    #[collect(require_static)]
    read: Vec<i64>,
    /// The field was asked of a metamethod and is on the stack.
    asked: bool,
}

impl<'gc> Sequence<'gc> for FromFields<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let order = if lua51() { &FIELDS_51 } else { &FIELDS_54 };
        loop {
            let wanted = order.get(self.read.len());
            let value = if std::mem::take(&mut self.asked) {
                let value = stack.get(0);
                stack.clear();
                value
            } else {
                let name = wanted.map_or("isdst", |field| field.name);
                let key = Value::String(ctx.intern_static(name.as_bytes()));
                match meta_ops::index(ctx, self.fields.into(), key)? {
                    MetaResult::Value(value) => value,
                    MetaResult::Call(call) => {
                        stack.extend(call.args);
                        self.asked = true;
                        return Ok(SequencePoll::Call {
                            bottom: 0,
                            function: call.function,
                        });
                    }
                }
            };
            match wanted {
                Some(field) => self.read.push(field.value(ctx, value)?),
                None => {
                    let seconds = finish(ctx, self.fields, &self.read, value.to_bool())?;
                    stack.replace(ctx, seconds);
                    return Ok(SequencePoll::Return);
                }
            }
        }
    }
}

impl Field {
    fn value<'gc>(&self, ctx: Context<'gc>, value: Value<'gc>) -> Result<i64, Error<'gc>> {
        let Self {
            name,
            default,
            base,
        } = *self;
        let missing = || error(ctx, format!("field '{name}' missing in date table"));
        if lua51() {
            return match value.to_number() {
                // Cut to C's `int`, which then wraps around.
                Some(number) => {
                    let cut = (number as i64 as i32).wrapping_sub(base as i32);
                    Ok(i64::from(cut) + base)
                }
                None => default.ok_or_else(missing),
            };
        }
        let integer = match value.to_numeric() {
            Some(Value::Integer(integer)) => Some(integer),
            Some(Value::Number(number)) => float_to_integer(number),
            _ => None,
        };
        match integer {
            Some(integer) => {
                let fits = integer
                    .checked_sub(base)
                    .is_some_and(|value| i32::try_from(value).is_ok());
                if fits {
                    Ok(integer)
                } else {
                    Err(error(ctx, format!("field '{name}' is out-of-bound")))
                }
            }
            None if !value.is_nil() => Err(error(ctx, format!("field '{name}' is not an integer"))),
            None => default.ok_or_else(missing),
        }
    }
}

fn finish<'gc>(
    ctx: Context<'gc>,
    fields: Table<'gc>,
    read: &[i64],
    summer: bool,
) -> Result<Value<'gc>, Error<'gc>> {
    let (year, month, day, hour, minute, second) = match (read, lua51()) {
        (&[second, minute, hour, day, month, year], true)
        | (&[year, month, day, hour, minute, second], false) => {
            (year, month, day, hour, minute, second)
        }
        _ => return Ok(Value::Nil),
    };
    // C believes that summer time is an hour ahead, even where there is none.
    let seconds =
        date::seconds(year, month, day, hour, minute, second) - if summer { 3600 } else { 0 };
    let at = Civil::from_seconds(seconds);
    // To C, -1 is an error.
    let failed = seconds == -1 || !at.is_representable();
    if lua51() {
        return Ok(if failed { Value::Nil } else { whole(seconds) });
    }
    if at.is_representable() {
        set_fields(ctx, fields, &at);
    }
    if failed {
        let text = "time result cannot be represented in this installation";
        return Err(error(ctx, text));
    }
    Ok(Value::Integer(seconds))
}

fn set_fields<'gc>(ctx: Context<'gc>, table: Table<'gc>, at: &Civil) {
    for (name, value) in [
        ("year", at.year),
        ("month", at.month),
        ("day", at.day),
        ("hour", at.hour),
        ("min", at.minute),
        ("sec", at.second),
        ("wday", at.weekday + 1),
        ("yday", at.day_of_year + 1),
    ] {
        table.set_field(ctx, name, whole(value));
    }
    table.set_field(ctx, "isdst", false);
}

/// `os.date([format [, time]])`.
pub(super) fn date<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let format = match stack.get(0) {
        Value::Nil => &b"%c"[..],
        _ => string(ctx, &stack, 0, "date")?.as_bytes(),
    };
    let moment = match stack.get(1) {
        Value::Nil => now(),
        _ if lua51() => number(ctx, &stack, 1, "date")? as i64,
        _ => integer(ctx, &stack, 1, "date")?,
    };
    let (format, zone) = match format.strip_prefix(b"!") {
        Some(format) => (format, "GMT"),
        None => (format, "UTC"),
    };
    let at = Civil::from_seconds(moment);
    if !at.is_representable() {
        if lua51() {
            stack.replace(ctx, Value::Nil);
            return Ok(CallbackReturn::Return);
        }
        let text = "date result cannot be represented in this installation";
        return Err(error(ctx, text));
    }
    execution
        .fuel()
        .consume(i32::try_from(format.len()).unwrap_or(i32::MAX));
    // C compares texts up to the first zero.
    if format == b"*t" || format.starts_with(b"*t\0") {
        let table = Table::new(&ctx);
        set_fields(ctx, table, &at);
        stack.replace(ctx, table);
        return Ok(CallbackReturn::Return);
    }
    let text = if lua51() {
        date::format_51(format, &at, moment, zone)
    } else {
        date::format_54(format, &at, moment, zone).map_err(|conversion| {
            let conversion = conversion.split(|byte| *byte == 0).next();
            let conversion = String::from_utf8_lossy(conversion.unwrap_or_default());
            let text = format!("invalid conversion specifier '%{conversion}'");
            bad(ctx, 0, "date", text)
        })?
    };
    stack.replace(ctx, new_string(ctx, text));
    Ok(CallbackReturn::Return)
}
