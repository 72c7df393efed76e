//! `os`: clocks and the granted environment. Everything that would touch the machine is refused.

use piccolo::{Callback, CallbackReturn, Context, Error, Table, Value};

use super::date::{self, Civil};
use super::{forbid, library};
use crate::arguments::{error, integer, number, string, text};
use crate::call;
use crate::convert::put;
use crate::host;
use crate::wit::exports::bulkhead::policy::script::Kind;

pub(super) fn install(ctx: Context<'_>, kind: Kind) {
    let os = library(ctx, "os");
    forbid(
        ctx,
        os,
        "os",
        &["execute", "remove", "rename", "tmpname", "setenv"],
        "scripts cannot start processes or change files",
    );
    if kind == Kind::Plain {
        os.set_field(ctx, "exit", Callback::from_fn(&ctx, exit));
    } else {
        forbid(
            ctx,
            os,
            "os",
            &["exit"],
            "a script cannot end the server that runs it",
        );
    }
    os.set_field(
        ctx,
        "getenv",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let name = text(ctx, &stack, 0, "getenv")?;
            let value = host::with(|host| host.environment_get(&name));
            stack.replace(ctx, value);
            Ok(CallbackReturn::Return)
        }),
    );
    os.set_field(
        ctx,
        "clock",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let nanoseconds = host::with(|host| host.clock_monotonic());
            stack.replace(ctx, nanoseconds as f64 / 1e9);
            Ok(CallbackReturn::Return)
        }),
    );
    os.set_field(
        ctx,
        "difftime",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let later = number(ctx, &stack, 0, "difftime")?;
            let earlier = stack.get(1).to_number().unwrap_or(0.0);
            stack.replace(ctx, later - earlier);
            Ok(CallbackReturn::Return)
        }),
    );
    os.set_field(
        ctx,
        "time",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let seconds = match stack.get(0) {
                Value::Table(fields) => from_fields(ctx, fields)?,
                _ => now(),
            };
            stack.replace(ctx, seconds);
            Ok(CallbackReturn::Return)
        }),
    );
    os.set_field(
        ctx,
        "date",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let format = match stack.get(0) {
                Value::Nil => "%c".to_owned(),
                _ => crate::arguments::lossy(string(ctx, &stack, 0, "date")?),
            };
            let seconds = match stack.get(1) {
                Value::Nil => now(),
                _ => integer(ctx, &stack, 1, "date")?,
            };
            // Local time is UTC: a sandbox has no time zone.
            let format = format.strip_prefix('!').unwrap_or(&format);
            let civil = Civil::from_seconds(seconds);
            if format.starts_with("*t") {
                stack.replace(ctx, fields(ctx, &civil));
            } else {
                let text =
                    date::format(format, &civil, seconds).map_err(|problem| error(ctx, problem))?;
                stack.replace(ctx, text);
            }
            Ok(CallbackReturn::Return)
        }),
    );
    os.set_field(
        ctx,
        "setlocale",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let answer = match stack.get(0) {
                Value::Nil => Value::String(ctx.intern_static(b"C")),
                Value::String(name) if matches!(name.as_bytes(), b"" | b"C" | b"POSIX") => {
                    Value::String(ctx.intern_static(b"C"))
                }
                _ => Value::Nil,
            };
            stack.replace(ctx, answer);
            Ok(CallbackReturn::Return)
        }),
    );
}

fn exit<'gc>(
    ctx: Context<'gc>,
    mut execution: piccolo::Execution<'gc, '_>,
    stack: piccolo::Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let _ = ctx;
    let code = match stack.get(0) {
        Value::Nil | Value::Boolean(true) => 0,
        Value::Boolean(false) => 1,
        // An exit code has eight bits.
        other => other.to_integer().map_or(0, |code| (code & 0xff) as u8),
    };
    call::with(|call| call.exit = Some(code));
    execution.fuel().interrupt();
    Ok(CallbackReturn::Return)
}

/// Seconds since 1970.
fn now() -> i64 {
    host::try_with(|host| host.clock_now().seconds)
        .and_then(|seconds| i64::try_from(seconds).ok())
        .unwrap_or(0)
}

fn from_fields<'gc>(ctx: Context<'gc>, fields: Table<'gc>) -> Result<i64, Error<'gc>> {
    let field = |name: &'static str, default: Option<i64>| {
        let value = fields.get_value(ctx, name);
        match (value.to_number(), default) {
            (Some(number), _) => Ok(number as i64),
            (None, Some(default)) if value.is_nil() => Ok(default),
            _ => Err(error(ctx, format!("field '{name}' missing in date table"))),
        }
    };
    Ok(date::seconds(
        field("year", None)?,
        field("month", None)?,
        field("day", None)?,
        field("hour", Some(12))?,
        field("min", Some(0))?,
        field("sec", Some(0))?,
    ))
}

fn fields<'gc>(ctx: Context<'gc>, civil: &Civil) -> Table<'gc> {
    let table = Table::new(&ctx);
    for (name, value) in [
        ("year", civil.year),
        ("month", civil.month),
        ("day", civil.day),
        ("hour", civil.hour),
        ("min", civil.minute),
        ("sec", civil.second),
        ("wday", civil.weekday + 1),
        ("yday", civil.day_of_year + 1),
    ] {
        let name = Value::String(ctx.intern_static(name.as_bytes()));
        put(ctx, table, name, Value::Integer(value));
    }
    table.set_field(ctx, "isdst", false);
    table
}
