//! The library `string` of both dialects, and the metatable of strings.
//!
//! Behaves and words its errors as PUC-Rio does in each dialect. Work that grows with its input is charged
//! and comes in slices, so that no text and no pattern outruns the limits of a call.

mod bytes;
mod class;
mod format;
mod matcher;
mod metatable;
#[cfg(test)]
mod metering;
mod pack;
mod pattern;
mod replace;
mod search;
mod work;

use piccolo::{Callback, CallbackReturn, Context, Error, Execution, Stack};

use super::library;
use crate::wit::exports::bulkhead::policy::script::Dialect;

type Function = for<'gc> fn(
    Context<'gc>,
    Execution<'gc, '_>,
    Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>>;

/// The functions of both dialects.
const FUNCTIONS: [(&str, Function); 13] = [
    ("byte", bytes::byte),
    ("char", bytes::char),
    ("find", search::find),
    ("format", format::format),
    ("gmatch", search::gmatch),
    ("gsub", replace::gsub),
    ("len", bytes::len),
    ("lower", bytes::lower),
    ("match", search::matching),
    ("rep", bytes::rep),
    ("reverse", bytes::reverse),
    ("sub", bytes::sub),
    ("upper", bytes::upper),
];

pub(super) fn install(ctx: Context<'_>, dialect: Dialect) {
    let strings = library(ctx, "string");
    for (name, function) in FUNCTIONS {
        strings.set_field(ctx, name, Callback::from_fn(&ctx, function));
    }
    if dialect == Dialect::Lua51 {
        // The same function under the name that it had before.
        strings.set_field(ctx, "gfind", strings.get_value(ctx, "gmatch"));
    }
    if dialect == Dialect::Lua54 {
        strings.set_field(ctx, "pack", Callback::from_fn(&ctx, pack::pack));
        strings.set_field(ctx, "packsize", Callback::from_fn(&ctx, pack::size));
        strings.set_field(ctx, "unpack", Callback::from_fn(&ctx, pack::unpack));
    }
    metatable::install(ctx, dialect, strings);
}
