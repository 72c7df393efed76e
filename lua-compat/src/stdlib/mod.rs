//! The standard library of both dialects. Nothing of the VM's own is loaded.

mod base;
mod bit;
mod calls;
mod chunks;
mod conversions;
mod coroutine;
mod date;
mod debug;
mod debug_info;
mod dump;
mod environments;
mod garbage;
mod io;
mod iteration;
mod local_variables;
mod math;
mod os;
mod print;
mod random;
mod raw;
mod string;
mod table;
mod time;
mod traceback;
mod utf8;

pub(crate) use conversions::callable;
pub(crate) use environments::{globals_of, instance, reset as reset_environments, set_environment};
pub(crate) use garbage::Collector;
pub(crate) use io::flush;
pub(crate) use traceback::lines as traceback;

use piccolo::{Callback, CallbackReturn, Context, Table, Value};

use crate::arguments::error;
use crate::modules::Modules;
use crate::wit::exports::bulkhead::policy::script::Dialect;

/// Installs everything that both dialects have and what each has alone, and lists the libraries in
/// `package.loaded`.
pub(crate) fn install<'gc>(ctx: Context<'gc>, dialect: Dialect, modules: Modules<'gc>) {
    base::install(ctx, dialect);
    raw::install(ctx);
    iteration::install(ctx);
    conversions::install(ctx);
    print::install(ctx);
    garbage::install(ctx);
    calls::install(ctx);
    coroutine::install(ctx);
    chunks::install(ctx);
    environments::install(ctx);
    dump::install(ctx);
    debug::install(ctx, modules);
    io::install(ctx, dialect);
    math::install(ctx, dialect);
    os::install(ctx, dialect);
    bit::install(ctx, dialect, modules);
    table::install(ctx, dialect);
    string::install(ctx, dialect);
    if dialect == Dialect::Lua54 {
        utf8::install(ctx);
    }
    for name in [
        "string",
        "table",
        "math",
        "coroutine",
        "os",
        "io",
        "debug",
        "package",
        "utf8",
    ] {
        // Lua 5.1 has no utf8.
        let library = ctx.get_global_value(name);
        if !library.is_nil() {
            modules.loaded.set_field(ctx, name, library);
        }
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
