//! `require`, `package` and the files behind them.
//!
//! At load, every module that the script names literally is found through `package.path`, compiled and
//! kept by name. A call runs it anew. Other names, and literal ones after the script has changed
//! `package.path`, are searched in the host's in-memory copy of the script's folder. Nothing here can
//! reach a file system.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Function, Sequence,
    SequencePoll, Stack, String as LuaString, Table, Value,
};

use crate::arguments::{error, lossy, new_string, string};
use crate::compile::{SyntaxError, compile};
use crate::convert::put;
use crate::host;
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
        by_name: Table::new(&ctx),
        paths: Table::new(&ctx),
        by_path: Table::new(&ctx),
        initial_path: ctx.intern(path.as_bytes()),
    };
    let package = modules.package;
    package.set_field(ctx, "loaded", modules.loaded);
    package.set_field(ctx, "preload", Table::new(&ctx));
    package.set_field(ctx, "path", modules.initial_path);
    package.set_field(ctx, "cpath", "");
    package.set_field(ctx, "config", "/\n;\n?\n!\n-\n");
    package.set_field(
        ctx,
        "loadlib",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
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
    package.set_field(
        ctx,
        "searchpath",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let name = lossy(string(ctx, &stack, 0, "searchpath")?);
            let path = lossy(string(ctx, &stack, 1, "searchpath")?);
            match search(&name, &path) {
                Ok((path, _)) => stack.replace(ctx, path),
                Err(tried) => stack.replace(ctx, (Value::Nil, tried)),
            }
            Ok(CallbackReturn::Return)
        }),
    );
    ctx.set_global("package", package);
    ctx.set_global(
        "require",
        Callback::from_fn_with(&ctx, modules, |modules, ctx, _, stack| {
            require(ctx, *modules, stack)
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
        let Ok((file, source)) = search(&name, &path) else {
            continue;
        };
        let compiled = compile(ctx, &file, &source)?;
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

/// The file of a module, or the text that lists where it was looked for.
fn search(name: &str, path: &str) -> Result<(String, Vec<u8>), String> {
    let relative = name.replace('.', "/");
    let mut tried = String::new();
    for template in path.split(';').filter(|template| !template.is_empty()) {
        let file = template.replace('?', &relative);
        if let Some(source) = host::with(|host| host.sources_read(&file)) {
            return Ok((file, source));
        }
        tried.push_str("\n\tno file '");
        tried.push_str(&file);
        tried.push('\'');
    }
    Err(tried)
}

fn require<'gc>(
    ctx: Context<'gc>,
    modules: Modules<'gc>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let name = string(ctx, &stack, 0, "require")?;
    let loaded = modules.loaded.get_raw(name.into());
    if !loaded.is_nil() {
        stack.replace(ctx, loaded);
        return Ok(CallbackReturn::Return);
    }

    let (function, argument): (Function<'gc>, Value<'gc>) =
        if let Some(loader) = preloaded(ctx, modules, name) {
            (loader, Value::String(ctx.intern_static(b":preload:")))
        } else {
            from_file(ctx, modules, name)?
        };
    stack.replace(ctx, (name, argument));
    Ok(CallbackReturn::Call {
        function,
        then: Some(BoxSequence::new(
            &ctx,
            Remember {
                loaded: modules.loaded,
                name,
            },
        )),
    })
}

fn preloaded<'gc>(
    ctx: Context<'gc>,
    modules: Modules<'gc>,
    name: LuaString<'gc>,
) -> Option<Function<'gc>> {
    let Value::Table(preload) = modules.package.get_value(ctx, "preload") else {
        return None;
    };
    match preload.get_raw(name.into()) {
        Value::Function(function) => Some(function),
        _ => None,
    }
}

fn from_file<'gc>(
    ctx: Context<'gc>,
    modules: Modules<'gc>,
    name: LuaString<'gc>,
) -> Result<(Function<'gc>, Value<'gc>), Error<'gc>> {
    let path = match modules.package.get_value(ctx, "path") {
        Value::String(path) => path,
        _ => return Err(error(ctx, "'package.path' must be a string")),
    };
    if path == modules.initial_path
        && let Value::Function(function) = modules.by_name.get_raw(name.into())
    {
        return Ok((function, modules.paths.get_raw(name.into())));
    }

    let text = lossy(name);
    match search(&text, &lossy(path)) {
        Ok((file, source)) => {
            let key = new_string(ctx, &file);
            if let Value::Function(function) = modules.by_path.get_raw(key) {
                return Ok((function, key));
            }
            let compiled = compile(ctx, &file, &source).map_err(|problem| {
                error(
                    ctx,
                    format!(
                        "error loading module '{text}' from file '{file}':\n\t{}",
                        problem.message
                    ),
                )
            })?;
            put(ctx, modules.by_path, key, compiled.closure.into());
            Ok((compiled.closure.into(), key))
        }
        Err(tried) => Err(error(
            ctx,
            format!("module '{text}' not found:\n\tno field package.preload['{text}']{tried}"),
        )),
    }
}

/// Puts what a module returned into `package.loaded`.
#[derive(Collect)]
#[collect(no_drop)]
struct Remember<'gc> {
    loaded: Table<'gc>,
    name: LuaString<'gc>,
}

impl<'gc> Sequence<'gc> for Remember<'gc> {
    fn poll(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let returned = stack.get(0);
        if !returned.is_nil() {
            put(ctx, self.loaded, self.name.into(), returned);
        } else if self.loaded.get_raw(self.name.into()).is_nil() {
            put(ctx, self.loaded, self.name.into(), Value::Boolean(true));
        }
        let value = self.loaded.get_raw(self.name.into());
        stack.replace(ctx, value);
        Ok(SequencePoll::Return)
    }
}
