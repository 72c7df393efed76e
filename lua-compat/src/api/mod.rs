//! What Nauthilus scripts find besides the standard library.

mod backend;
mod builtin;
mod cbor;
mod context;
mod http;
mod http_options;
mod http_request;
mod http_response;
mod json;
mod password;

use piccolo::{Context, Table};

use crate::modules::Modules;
use crate::results;
use crate::wit::exports::bulkhead::policy::script::Kind;

/// Installs globals and modules. Plain scripts get the modules that need no login.
pub(crate) fn install<'gc>(ctx: Context<'gc>, kind: Kind, modules: Modules<'gc>) {
    provide(ctx, modules, "json", json::module(ctx));
    provide(ctx, modules, "glua_http", http::module(ctx));
    provide(ctx, modules, "nauthilus_password", password::module(ctx));
    builtin::install_loader(ctx);
    if kind == Kind::Plain {
        return;
    }
    provide(ctx, modules, "nauthilus_builtin", builtin::install(ctx));
    let backend_result = results::module(ctx);
    ctx.set_global("nauthilus_backend_result", backend_result);
    ctx.set_global("backend_result", backend_result);
    provide(ctx, modules, "nauthilus_backend_result", backend_result);
    if kind != Kind::Init {
        provide(
            ctx,
            modules,
            "nauthilus_http_request",
            http_request::module(ctx),
        );
    }
    if matches!(
        kind,
        Kind::Feature | Kind::Filter | Kind::Action | Kind::Hook
    ) {
        provide(
            ctx,
            modules,
            "nauthilus_http_response",
            http_response::module(ctx),
        );
    }
    if !matches!(kind, Kind::Hook | Kind::Init | Kind::CacheFlush) {
        provide(ctx, modules, "nauthilus_context", context::module(ctx));
    }
    if kind == Kind::Filter {
        provide(ctx, modules, "nauthilus_backend", backend::module(ctx));
    }
}

/// Makes a module known to `require`.
fn provide<'gc>(ctx: Context<'gc>, modules: Modules<'gc>, name: &'static str, module: Table<'gc>) {
    modules.loaded.set_field(ctx, name, module);
}
