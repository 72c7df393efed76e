//! The library `table` (and Lua 5.1's global `unpack`), as PUC-Rio has it in each dialect.
//!
//! Lua 5.1 touches tables raw; Lua 5.4 respects `__index`, `__newindex` and `__len`, and takes any value
//! that has them. Whatever grows with the table is charged as fuel and goes in slices.

mod access;
mod concat;
mod edit;
mod old;
mod sort;
mod unpack;

use piccolo::{Callback, CallbackReturn, Context, Error, Execution, Stack, Table};

pub(super) use sort::less_than;

use crate::wit::exports::bulkhead::policy::script::Dialect;

/// Elements that are worked on between two chances to stop.
const SLICE: u64 = 8192;

/// A library function as the VM calls it.
type Native = for<'gc, 'a, 'b> fn(
    Context<'gc>,
    Execution<'gc, 'a>,
    Stack<'gc, 'b>,
) -> Result<CallbackReturn<'gc>, Error<'gc>>;

pub(super) fn install(ctx: Context<'_>, dialect: Dialect) {
    let library = Table::new(&ctx);
    let both: [(&'static str, Native); 4] = [
        ("concat", concat::concat),
        ("insert", edit::insert),
        ("remove", edit::remove),
        ("sort", sort::sort),
    ];
    put(ctx, library, &both);
    match dialect {
        Dialect::Lua51 => {
            put(ctx, library, &old::FUNCTIONS);
            ctx.set_global("unpack", Callback::from_fn(&ctx, unpack::unpack));
        }
        Dialect::Lua54 => {
            let new: [(&'static str, Native); 3] = [
                ("move", edit::transfer),
                ("pack", unpack::pack),
                ("unpack", unpack::unpack),
            ];
            put(ctx, library, &new);
        }
    }
    ctx.set_global("table", library);
}

fn put<'gc>(ctx: Context<'gc>, library: Table<'gc>, functions: &[(&'static str, Native)]) {
    for (name, function) in functions {
        library.set_field(ctx, name, Callback::from_fn(&ctx, *function));
    }
}
