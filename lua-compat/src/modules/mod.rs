//! `require`, `package` and the files behind them.
//!
//! At load, every module that the script names literally is found through `package.path`, compiled and
//! kept by name. A call runs it anew. Other names, and literal ones after the script has changed
//! `package.path`, are searched in the host's in-memory copy of the script's folder. Nothing here can
//! reach a file system.

mod module;
mod require;
mod search;

use ottavino_gc_arena::Collect;
use piccolo::{Callback, CallbackReturn, Context, String as LuaString, Table, Value};

use crate::arguments::{lossy, new_string, string};
use crate::compile::{SyntaxError, compile_file};
use crate::convert::put;
use crate::wit::exports::bulkhead::policy::script::Dialect;

/// Where the peer's own packages lie.
const NAUTHILUS_PATH: &str = "/usr/local/share/nauthilus/lua/?.lua;\
    /usr/share/nauthilus/lua/?.lua;/usr/app/lua-plugins.d/share/?.lua";

const DOVECOT_PATH: &str = "/usr/local/share/lua/5.4/?.lua;/usr/local/share/lua/5.4/?/init.lua;\
    /usr/share/lua/5.4/?.lua;/usr/share/lua/5.4/?/init.lua;./?.lua;./?/init.lua";

/// More nested or more numerous modules than this are a mistake.
const MODULES: usize = 500;

/// What `require` works on. All are Lua tables, so the collector sees through them.
#[derive(Clone, Copy, Collect)]
#[collect(no_drop)]
pub(crate) struct Modules<'gc> {
    /// `package`.
    pub(crate) package: Table<'gc>,
    /// `package.loaded`.
    pub(crate) loaded: Table<'gc>,
    /// The first `package.preload`.
    preload: Table<'gc>,
    /// Name → compiled chunk, for literal names under the initial `package.path`.
    by_name: Table<'gc>,
    /// Name → path, for the same.
    paths: Table<'gc>,
    /// Path → compiled chunk.
    by_path: Table<'gc>,
    initial_path: LuaString<'gc>,
}

/// Installs `package` and `require`.
pub(crate) fn install<'gc>(
    ctx: Context<'gc>,
    dialect: Dialect,
    package_path: &str,
) -> Modules<'gc> {
    let defaults = match dialect {
        Dialect::Lua51 => NAUTHILUS_PATH,
        Dialect::Lua54 => DOVECOT_PATH,
    };
    let path = if package_path.is_empty() {
        defaults.to_owned()
    } else {
        format!("{package_path};{defaults}")
    };
    let modules = Modules {
        package: Table::new(&ctx),
        loaded: Table::new(&ctx),
        preload: Table::new(&ctx),
        by_name: Table::new(&ctx),
        paths: Table::new(&ctx),
        by_path: Table::new(&ctx),
        initial_path: ctx.intern(path.as_bytes()),
    };
    let package = modules.package;
    package.set_field(ctx, "loaded", modules.loaded);
    package.set_field(ctx, "preload", modules.preload);
    package.set_field(ctx, "path", modules.initial_path);
    package.set_field(ctx, "cpath", "");
    let config = match dialect {
        Dialect::Lua51 => "/\n;\n?\n!\n-",
        Dialect::Lua54 => "/\n;\n?\n!\n-\n",
    };
    package.set_field(ctx, "config", config);
    package.set_field(
        ctx,
        "loadlib",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            string(ctx, &stack, 0, "loadlib")?;
            string(ctx, &stack, 1, "loadlib")?;
            stack.replace(
                ctx,
                (
                    Value::Nil,
                    "package.loadlib is not available: scripts cannot load native code",
                    "absent",
                ),
            );
            Ok(CallbackReturn::Return)
        }),
    );
    search::install(ctx, modules);
    if dialect == Dialect::Lua51 {
        module::install(ctx, modules);
    }
    ctx.set_global("package", package);
    ctx.set_global(
        "require",
        Callback::from_fn_with(&ctx, modules, |modules, ctx, _, stack| {
            require::require(ctx, *modules, stack)
        }),
    );
    modules
}

/// Compiles the named modules, and those that they name, and keeps them. Names that lead to no file are
/// left for `require` to complain about: a script may never come to that line, or catch the error.
pub(crate) fn prepare<'gc>(
    ctx: Context<'gc>,
    modules: Modules<'gc>,
    mut names: Vec<String>,
) -> Result<(), SyntaxError> {
    let path = lossy(modules.initial_path);
    let mut done: Vec<String> = Vec::new();
    while let Some(name) = names.pop() {
        let key = new_string(ctx, &name);
        if done.contains(&name) || done.len() >= MODULES || !modules.loaded.get_raw(key).is_nil() {
            continue;
        }
        done.push(name.clone());
        let Ok((file, source)) = search::search(&name.replace('.', "/"), &path) else {
            continue;
        };
        let compiled = compile_file(ctx, &file, &source)?;
        put(ctx, modules.by_name, key, compiled.closure.into());
        put(ctx, modules.paths, key, new_string(ctx, &file));
        put(
            ctx,
            modules.by_path,
            new_string(ctx, &file),
            compiled.closure.into(),
        );
        names.extend(compiled.required);
    }
    Ok(())
}
