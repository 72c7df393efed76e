//! The standard library: the VM's own, completed and corrected.

mod base;
mod calls;
mod chunks;
mod date;
mod extras;
mod io;
mod os;
mod string;
mod utf8;

use piccolo::position::Level;
use piccolo::{Callback, CallbackReturn, Context, Table, Value};

use crate::arguments::error;
use crate::modules::Modules;
use crate::wit::exports::bulkhead::policy::script::{Dialect, Kind};

/// Installs everything that both dialects have and what each has alone, and lists the libraries in
/// `package.loaded`.
pub(crate) fn install<'gc>(ctx: Context<'gc>, dialect: Dialect, kind: Kind, modules: Modules<'gc>) {
    base::install(ctx, dialect);
    calls::install(ctx);
    chunks::install(ctx, dialect);
    extras::install(ctx, dialect);
    string::install(ctx, dialect);
    if dialect == Dialect::Lua54 {
        utf8::install(ctx);
    }
    io::install(ctx, kind);
    os::install(ctx, kind);
    for name in [
        "string",
        "table",
        "math",
        "coroutine",
        "os",
        "io",
        "debug",
        "package",
    ] {
        modules
            .loaded
            .set_field(ctx, name, ctx.get_global_value(name));
    }
    modules.loaded.set_field(ctx, "_G", ctx.globals());
}

/// The library of that name, made if there is none.
fn library<'gc>(ctx: Context<'gc>, name: &'static str) -> Table<'gc> {
    match ctx.get_global_value(name) {
        Value::Table(table) => table,
        _ => {
            let table = Table::new(&ctx);
            ctx.set_global(name, table);
            table
        }
    }
}

/// Functions that a sandbox cannot have: each raises an error that names the rule.
fn forbid<'gc>(
    ctx: Context<'gc>,
    table: Table<'gc>,
    library: &'static str,
    names: &[&'static str],
    rule: &'static str,
) {
    for name in names {
        let name = *name;
        table.set_field(
            ctx,
            name,
            Callback::from_fn(&ctx, move |ctx, _, _| -> Result<CallbackReturn, _> {
                Err(error(
                    ctx,
                    format!("{library}.{name} is not available: {rule}"),
                ))
            }),
        );
    }
}

/// The text of `debug.traceback`.
pub(crate) fn traceback(levels: &[Level]) -> String {
    let mut text = "stack traceback:".to_owned();
    for level in levels {
        text.push_str(&format!(
            "\n\t{}:{}: in {}",
            level.chunk, level.line, level.function
        ));
    }
    text.push_str("\n\t[C]: in ?");
    text
}

/// What an uncaught error that is no text says of itself.
pub(crate) fn described(ctx: Context<'_>, value: Value<'_>) -> String {
    let _ = ctx;
    match value {
        Value::Nil => "nil".to_owned(),
        other => format!("(error object is a {} value)", other.type_name()),
    }
}
