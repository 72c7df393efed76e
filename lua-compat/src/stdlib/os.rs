//! `os`: clocks, the granted environment, and the end of the script. What would touch the machine is
//! refused.

use piccolo::{Callback, CallbackReturn, Context, Error, Execution, Stack, Table, Value};

use super::{forbid, time};
use crate::arguments::{bad, integer, lua51, number, string, text};
use crate::call;
use crate::host;
use crate::wit::exports::bulkhead::policy::script::Dialect;

type Native = for<'gc, 'a, 'b> fn(
    Context<'gc>,
    Execution<'gc, 'a>,
    Stack<'gc, 'b>,
) -> Result<CallbackReturn<'gc>, Error<'gc>>;

const FUNCTIONS: [(&str, Native); 7] = [
    ("clock", clock),
    ("date", time::date),
    ("difftime", difftime),
    ("exit", exit),
    ("getenv", getenv),
    ("setlocale", setlocale),
    ("time", time::time),
];

const CATEGORIES: [&[u8]; 6] = [
    b"all",
    b"collate",
    b"ctype",
    b"monetary",
    b"numeric",
    b"time",
];

pub(super) fn install(ctx: Context<'_>, dialect: Dialect) {
    let os = Table::new(&ctx);
    for (name, function) in FUNCTIONS {
        os.set_field(ctx, name, Callback::from_fn(&ctx, function));
    }
    let rule = "scripts cannot start processes or change files";
    let refused = ["execute", "remove", "rename", "tmpname"];
    forbid(ctx, os, "os", &refused, rule);
    if dialect == Dialect::Lua51 {
        // The peer has it.
        forbid(ctx, os, "os", &["setenv"], rule);
    }
    ctx.set_global("os", os);
}

/// Ends the script, whatever it is in the middle of. Only a plain script can choose how that looks
/// from outside; to a login it is a failure of the plugin.
fn exit<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let code = match stack.get(0) {
        Value::Nil => 0,
        Value::Boolean(success) => u8::from(!success),
        // An exit code has eight bits.
        _ => (integer(ctx, &stack, 0, "exit")? & 0xff) as u8,
    };
    call::with(|call| call.exit = Some(code));
    execution.fuel().interrupt();
    Ok(CallbackReturn::Return)
}

fn getenv<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let name = text(ctx, &stack, 0, "getenv")?;
    let value = host::with(|host| host.environment_get(&name));
    stack.replace(ctx, value);
    Ok(CallbackReturn::Return)
}

fn clock<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let nanoseconds = host::with(|host| host.clock_monotonic());
    stack.replace(ctx, nanoseconds as f64 / 1e9);
    Ok(CallbackReturn::Return)
}

fn difftime<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let difference = if lua51() {
        // C's times have no fractions.
        let later = number(ctx, &stack, 0, "difftime")?.trunc();
        match stack.get(1) {
            Value::Nil => later,
            _ => later - number(ctx, &stack, 1, "difftime")?.trunc(),
        }
    } else {
        let later = integer(ctx, &stack, 0, "difftime")?;
        let earlier = integer(ctx, &stack, 1, "difftime")?;
        later as f64 - earlier as f64
    };
    stack.replace(ctx, difference);
    Ok(CallbackReturn::Return)
}

/// There is only the locale `C`.
fn setlocale<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let known = match stack.get(0) {
        Value::Nil => true,
        _ => matches!(
            string(ctx, &stack, 0, "setlocale")?.as_bytes(),
            b"" | b"C" | b"POSIX"
        ),
    };
    if !stack.get(1).is_nil() {
        let category = string(ctx, &stack, 1, "setlocale")?;
        if !CATEGORIES.contains(&category.as_bytes()) {
            let text = format!("invalid option '{}'", category.display_lossy());
            return Err(bad(ctx, 1, "setlocale", text));
        }
    }
    stack.replace(ctx, known.then_some("C"));
    Ok(CallbackReturn::Return)
}
