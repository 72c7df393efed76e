//! Finding modules: the searchers that `require` asks, and `package.searchpath`.
//!
//! They are functions of Lua's as any other: scripts may call them, change their order and add to them.

use piccolo::{
    Callback, CallbackReturn, Closure, Context, Error, Execution, Function, Stack, Table, Value,
};

use super::Modules;
use crate::arguments::{error, lossy, lua51, new_string, string};
use crate::compile::compile_file;
use crate::convert::put;
use crate::host;
use crate::stdlib::instance;

type Searcher = for<'gc> fn(
    Modules<'gc>,
    Context<'gc>,
    &Stack<'gc, '_>,
) -> Result<(Value<'gc>, Value<'gc>), Error<'gc>>;

/// Installs `package.searchers` (`package.loaders` in Lua 5.1) and `package.searchpath`.
pub(super) fn install<'gc>(ctx: Context<'gc>, modules: Modules<'gc>) {
    let searchers = Table::new(&ctx);
    let all: [Searcher; 4] = [preloaded, from_path, native, native_of_root];
    for (index, searcher) in (1_i64..).zip(all) {
        let function = Callback::from_fn_with(&ctx, modules, move |modules, ctx, _, mut stack| {
            let (loader, data) = searcher(*modules, ctx, &stack)?;
            stack.clear();
            stack.extend(
                [loader, data]
                    .into_iter()
                    .take_while(|value| !value.is_nil()),
            );
            Ok(CallbackReturn::Return)
        });
        put(ctx, searchers, Value::Integer(index), function.into());
    }
    modules.package.set_field(ctx, searchers_name(), searchers);
    if !lua51() {
        let search_path = Callback::from_fn(&ctx, search_path);
        modules.package.set_field(ctx, "searchpath", search_path);
    }
}

pub(super) fn searchers_name() -> &'static str {
    if lua51() { "loaders" } else { "searchers" }
}

/// The file of a module, or the text that lists where it was looked for: each line with the prefix of the
/// dialect.
pub(super) fn search(name: &str, path: &str) -> Result<(String, Vec<u8>), String> {
    let files = files(name, path);
    for file in files.iter().filter(|file| !file.is_empty()) {
        if let Some(source) = host::with(|host| host.sources_read(file)) {
            return Ok((file.clone(), source));
        }
    }
    Err(not_found(&files))
}

fn files(name: &str, path: &str) -> Vec<String> {
    path.split(';')
        .filter(|template| !template.is_empty() || !lua51())
        .map(|template| template.replace('?', name))
        .collect()
}

fn not_found(files: &[String]) -> String {
    let lines: Vec<String> = files
        .iter()
        .map(|file| format!("no file '{file}'"))
        .collect();
    let text = lines.join("\n\t");
    match text.as_str() {
        "" => text,
        _ if lua51() => format!("\n\t{text}"),
        _ => text,
    }
}

fn slashes(name: &str) -> String {
    name.replace('.', "/")
}

fn preloaded<'gc>(
    modules: Modules<'gc>,
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
) -> Result<(Value<'gc>, Value<'gc>), Error<'gc>> {
    let name = string(ctx, stack, 0, "require")?;
    let preload = match modules.package.get_value(ctx, "preload") {
        _ if !lua51() => modules.preload,
        Value::Table(preload) => preload,
        _ => return Err(error(ctx, "'package.preload' must be a table")),
    };
    let loader = preload.get_raw(name.into());
    if loader.is_nil() {
        let prefix = if lua51() { "\n\t" } else { "" };
        let text = format!("{prefix}no field package.preload['{}']", lossy(name));
        return Ok((new_string(ctx, text), Value::Nil));
    }
    let data = if lua51() {
        Value::Nil
    } else {
        Value::String(ctx.intern_static(b":preload:"))
    };
    Ok((loader, data))
}

fn path_of<'gc>(
    modules: Modules<'gc>,
    ctx: Context<'gc>,
    field: &'static str,
) -> Result<piccolo::String<'gc>, Error<'gc>> {
    modules
        .package
        .get_value(ctx, field)
        .into_string(ctx)
        .ok_or_else(|| error(ctx, format!("'package.{field}' must be a string")))
}

fn from_path<'gc>(
    modules: Modules<'gc>,
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
) -> Result<(Value<'gc>, Value<'gc>), Error<'gc>> {
    let name = string(ctx, stack, 0, "require")?;
    let path = path_of(modules, ctx, "path")?;
    if path == modules.initial_path
        && let Value::Function(Function::Closure(chunk)) = modules.by_name.get_raw(name.into())
    {
        return Ok(found(ctx, chunk, modules.paths.get_raw(name.into())));
    }
    let text = lossy(name);
    match search(&slashes(&text), &lossy(path)) {
        Ok((file, source)) => {
            let key = new_string(ctx, &file);
            if let Value::Function(Function::Closure(chunk)) = modules.by_path.get_raw(key) {
                return Ok(found(ctx, chunk, key));
            }
            let compiled = compile_file(ctx, &file, &source).map_err(|problem| {
                let message = String::from_utf8_lossy(&problem.message);
                error(
                    ctx,
                    format!("error loading module '{text}' from file '{file}':\n\t{message}"),
                )
            })?;
            put(ctx, modules.by_path, key, compiled.closure.into());
            Ok(found(ctx, compiled.closure, key))
        }
        Err(tried) => Ok((new_string(ctx, tried), Value::Nil)),
    }
}

/// A function that runs this chunk, and the file it is from.
fn found<'gc>(
    ctx: Context<'gc>,
    chunk: Closure<'gc>,
    file: Value<'gc>,
) -> (Value<'gc>, Value<'gc>) {
    let data = if lua51() { Value::Nil } else { file };
    (instance(ctx, chunk).into(), data)
}

/// There is no native code here, so nothing is ever found; the message says where it would be.
fn native<'gc>(
    modules: Modules<'gc>,
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
) -> Result<(Value<'gc>, Value<'gc>), Error<'gc>> {
    let name = lossy(string(ctx, stack, 0, "require")?);
    nowhere(modules, ctx, &name)
}

fn native_of_root<'gc>(
    modules: Modules<'gc>,
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
) -> Result<(Value<'gc>, Value<'gc>), Error<'gc>> {
    let name = lossy(string(ctx, stack, 0, "require")?);
    match name.split_once('.') {
        Some((root, _)) => nowhere(modules, ctx, root),
        None => Ok((Value::Nil, Value::Nil)),
    }
}

fn nowhere<'gc>(
    modules: Modules<'gc>,
    ctx: Context<'gc>,
    name: &str,
) -> Result<(Value<'gc>, Value<'gc>), Error<'gc>> {
    let path = lossy(path_of(modules, ctx, "cpath")?);
    if path.is_empty() {
        return Ok((Value::Nil, Value::Nil));
    }
    let tried = not_found(&files(&slashes(name), &path));
    Ok((new_string(ctx, tried), Value::Nil))
}

/// `package.searchpath(name, path [, separator [, replacement]])`.
fn search_path<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let given = |index: usize, default: &str| match stack.get(index) {
        Value::Nil => Ok(default.to_owned()),
        _ => string(ctx, &stack, index, "searchpath").map(lossy),
    };
    // Checked in the order in which PUC-Rio's compiled code happens to do it.
    let path = lossy(string(ctx, &stack, 1, "searchpath")?);
    let name = lossy(string(ctx, &stack, 0, "searchpath")?);
    let separator = given(2, ".")?;
    let replacement = given(3, "/")?;
    let name = match separator.as_str() {
        "" => name,
        separator => name.replace(separator, &replacement),
    };
    match search(&name, &path) {
        Ok((file, _)) => stack.replace(ctx, file),
        Err(tried) => stack.replace(ctx, (Value::Nil, tried)),
    }
    Ok(CallbackReturn::Return)
}
