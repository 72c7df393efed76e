//! What Nauthilus scripts find besides the standard library.

mod builtin;

use piccolo::{Context, Table};

use crate::modules::Modules;
use crate::results;
use crate::wit::exports::bulkhead::policy::script::Kind;

/// Installs globals and modules.
pub(crate) fn install<'gc>(ctx: Context<'gc>, kind: Kind, modules: Modules<'gc>) {
    if kind == Kind::Plain {
        return;
    }
    builtin::install(ctx);
    let backend_result = results::module(ctx);
    ctx.set_global("nauthilus_backend_result", backend_result);
    ctx.set_global("backend_result", backend_result);
    provide(ctx, modules, "nauthilus_backend_result", backend_result);
}

/// Makes a module known to `require`.
fn provide<'gc>(ctx: Context<'gc>, modules: Modules<'gc>, name: &'static str, module: Table<'gc>) {
    modules.loaded.set_field(ctx, name, module);
}
