//! The library `io`, and `print`.
//!
//! A script can read the files that its grant names, whole, as they are when it opens them. Standard
//! input is empty, standard output and error are written to where `output.rs` says. Opening a file for
//! writing fails as on a read-only disk; processes and temporary files raise an error that names the rule.

mod file;
mod number;
mod output;
mod print;
mod read;

use piccolo::{Callback, CallbackReturn, Context, Error, Execution, Stack, Table, UserData, Value};

use super::forbid;
use crate::arguments::{any, bad, error, lua51, string, whole};
use crate::host;
use crate::wit::bulkhead::policy::files;
use crate::wit::exports::bulkhead::policy::script::Dialect;
use file::{Done, File, file_of, open_file};
pub(crate) use output::flush;

type Native = for<'gc, 'a, 'b> fn(
    Context<'gc>,
    Execution<'gc, 'a>,
    Stack<'gc, 'b>,
) -> Result<CallbackReturn<'gc>, Error<'gc>>;

const METHODS: [(&str, Native); 7] = [
    ("close", file::close),
    ("flush", file::flush),
    ("lines", read::lines),
    ("read", read::read),
    ("seek", file::seek),
    ("setvbuf", file::setvbuf),
    ("write", file::write),
];

/// The functions of the library share the metatable of files and the default files.
#[derive(Clone, Copy, ottavino_gc_arena::Collect)]
#[collect(no_drop)]
struct Library<'gc> {
    metatable: Table<'gc>,
    /// The fields `input` and `output`.
    defaults: Table<'gc>,
}

type WithLibrary = for<'gc, 'a, 'b> fn(
    Library<'gc>,
    Context<'gc>,
    Execution<'gc, 'a>,
    Stack<'gc, 'b>,
) -> Result<CallbackReturn<'gc>, Error<'gc>>;

const FUNCTIONS: [(&str, WithLibrary); 9] = [
    ("close", close),
    ("flush", flush_default),
    ("input", |library, ctx, _, stack| {
        default(library, ctx, stack, "input")
    }),
    ("lines", lines),
    ("open", open),
    ("output", |library, ctx, _, stack| {
        default(library, ctx, stack, "output")
    }),
    ("read", read),
    ("type", kind),
    ("write", write),
];

pub(super) fn install(ctx: Context<'_>, dialect: Dialect) {
    print::install(ctx);
    let metatable = Table::new(&ctx);
    let methods = match dialect {
        Dialect::Lua51 => metatable,
        Dialect::Lua54 => {
            metatable.set_field(ctx, "__name", "FILE*");
            metatable.set_field(ctx, "__close", Callback::from_fn(&ctx, file::collect));
            Table::new(&ctx)
        }
    };
    for (name, method) in METHODS {
        methods.set_field(ctx, name, Callback::from_fn(&ctx, method));
    }
    metatable.set_field(ctx, "__index", methods);
    metatable.set_field(ctx, "__gc", Callback::from_fn(&ctx, file::collect));
    metatable.set_field(ctx, "__tostring", Callback::from_fn(&ctx, file::describe));

    let io = Table::new(&ctx);
    let defaults = Table::new(&ctx);
    let [input, output, errors] = File::standard(ctx, metatable);
    defaults.set_field(ctx, "input", input);
    defaults.set_field(ctx, "output", output);
    io.set_field(ctx, "stdin", input);
    io.set_field(ctx, "stdout", output);
    io.set_field(ctx, "stderr", errors);
    let library = Library {
        metatable,
        defaults,
    };
    for (name, function) in FUNCTIONS {
        let callback =
            Callback::from_fn_with(&ctx, library, move |library, ctx, execution, stack| {
                function(*library, ctx, execution, stack)
            });
        io.set_field(ctx, name, callback);
    }
    forbid(ctx, io, "io", &["popen"], "scripts cannot start processes");
    forbid(ctx, io, "io", &["tmpfile"], "scripts cannot write files");
    ctx.set_global("io", io);
}

/// Why a file was not opened: C's text and number.
struct Refused {
    text: &'static str,
    code: i64,
}

/// The content of a file.
fn content(path: &[u8]) -> Result<Vec<u8>, Refused> {
    // C's texts end at the first zero.
    let path = path.split(|byte| *byte == 0).next().unwrap_or_default();
    let refused = |text, code| Err(Refused { text, code });
    let Ok(path) = std::str::from_utf8(path) else {
        return refused("No such file or directory", 2);
    };
    match host::try_with(|host| host.files_read(path)) {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(files::Error::Denied)) => refused("Permission denied", 13),
        Some(Err(files::Error::Unreadable)) => refused("Input/output error", 5),
        Some(Err(files::Error::Missing)) | None => refused("No such file or directory", 2),
    }
}

/// The refusal of every mode but reading.
fn read_only() -> Refused {
    Refused {
        text: "scripts cannot write files",
        code: 30,
    }
}

/// `io.open(filename [, mode])`.
fn open<'gc>(
    library: Library<'gc>,
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Done<'gc> {
    let path = string(ctx, &stack, 0, "open")?.as_bytes();
    let mode = match stack.get(1) {
        Value::Nil => &b"r"[..],
        _ => string(ctx, &stack, 1, "open")?.as_bytes(),
    };
    let opened = match *mode {
        _ if !lua51() && !valid(mode) => return Err(bad(ctx, 1, "open", "invalid mode")),
        [b'r' | b'w' | b'a', ..] if mode.contains(&b'+') => Err(read_only()),
        [b'r', ..] => content(path),
        [b'w' | b'a', ..] => Err(read_only()),
        _ => Err(Refused {
            text: "Invalid argument",
            code: 22,
        }),
    };
    match opened {
        Ok(bytes) => {
            execution
                .fuel()
                .consume(i32::try_from(bytes.len() / 16).unwrap_or(i32::MAX));
            stack.replace(ctx, File::reading(ctx, library.metatable, bytes));
        }
        Err(Refused { text, code }) => {
            let message = message(path, text);
            stack.replace(ctx, (Value::Nil, message, whole(code)));
        }
    }
    Ok(CallbackReturn::Return)
}

fn message(path: &[u8], text: &str) -> String {
    format!("{}: {text}", String::from_utf8_lossy(path))
}

/// `r`, `w` or `a`, then `+`, then any number of `b`.
fn valid(mode: &[u8]) -> bool {
    let Some((b'r' | b'w' | b'a', rest)) = mode.split_first() else {
        return false;
    };
    let rest = rest.strip_prefix(b"+").unwrap_or(rest);
    rest.iter().all(|byte| *byte == b'b')
}

/// Opens a file for a function that raises an error if that fails.
fn must_open<'gc>(
    library: Library<'gc>,
    ctx: Context<'gc>,
    path: &[u8],
    function: &str,
) -> Result<UserData<'gc>, Error<'gc>> {
    let opened = if function == "output" {
        Err(read_only())
    } else {
        content(path)
    };
    match opened {
        Ok(bytes) => Ok(File::reading(ctx, library.metatable, bytes)),
        Err(Refused { text, .. }) if lua51() => Err(bad(ctx, 0, function, message(path, text))),
        Err(Refused { text, .. }) => {
            let path = String::from_utf8_lossy(path);
            Err(error(ctx, format!("cannot open file '{path}' ({text})")))
        }
    }
}

fn default_file<'gc>(
    library: Library<'gc>,
    ctx: Context<'gc>,
    name: &'static str,
) -> Result<(UserData<'gc>, &'gc File), Error<'gc>> {
    match file_of(library.defaults.get_value(ctx, name)) {
        Some((handle, file)) if !file.is_closed() => Ok((handle, file)),
        _ => {
            let which = if lua51() { "standard" } else { "default" };
            Err(error(ctx, format!("{which} {name} file is closed")))
        }
    }
}

/// `io.input([file])` and `io.output([file])`.
fn default<'gc>(
    library: Library<'gc>,
    ctx: Context<'gc>,
    mut stack: Stack<'gc, '_>,
    name: &'static str,
) -> Done<'gc> {
    match stack.get(0) {
        Value::Nil => {}
        Value::String(_) | Value::Integer(_) | Value::Number(_) => {
            let path = string(ctx, &stack, 0, name)?.as_bytes();
            let handle = must_open(library, ctx, path, name)?;
            library.defaults.set_field(ctx, name, handle);
        }
        _ => {
            let (handle, _) = open_file(ctx, &stack, 0, name)?;
            library.defaults.set_field(ctx, name, handle);
        }
    }
    let handle = library.defaults.get_value(ctx, name);
    stack.replace(ctx, handle);
    Ok(CallbackReturn::Return)
}

/// `io.lines([filename, ...])`.
fn lines<'gc>(
    library: Library<'gc>,
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Done<'gc> {
    if stack.get(0).is_nil() {
        let input = library.defaults.get_value(ctx, "input");
        stack.resize(stack.len().max(1));
        let formats: Vec<_> = stack.drain(1..).collect();
        stack.replace(ctx, input);
        stack.extend(formats);
        let (handle, _) = open_file(ctx, &stack, 0, "lines")?;
        let iterator = read::iterator(ctx, &stack, 1, handle, false)?;
        stack.replace(ctx, iterator);
        return Ok(CallbackReturn::Return);
    }
    let path = string(ctx, &stack, 0, "lines")?.as_bytes();
    let handle = must_open(library, ctx, path, "lines")?;
    let iterator = read::iterator(ctx, &stack, 1, handle, true)?;
    if lua51() {
        stack.replace(ctx, iterator);
    } else {
        // The last value is what a generic `for` closes.
        stack.replace(ctx, (iterator, Value::Nil, Value::Nil, handle));
    }
    Ok(CallbackReturn::Return)
}

/// `io.read(...)`.
fn read<'gc>(
    library: Library<'gc>,
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Done<'gc> {
    let (_, file) = default_file(library, ctx, "input")?;
    read::read_formats(ctx, execution, stack, file, 0)
}

/// `io.write(...)`.
fn write<'gc>(
    library: Library<'gc>,
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Done<'gc> {
    let file = default_file(library, ctx, "output")?;
    file::write_all(ctx, execution, stack, file, 0)
}

/// `io.flush()`.
fn flush_default<'gc>(
    library: Library<'gc>,
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Done<'gc> {
    default_file(library, ctx, "output")?;
    stack.replace(ctx, true);
    Ok(CallbackReturn::Return)
}

/// `io.close([file])`.
fn close<'gc>(
    library: Library<'gc>,
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Done<'gc> {
    if stack.is_empty() {
        let output = library.defaults.get_value(ctx, "output");
        stack.push_back(output);
    }
    file::close(ctx, execution, stack)
}

/// `io.type(value)`.
fn kind<'gc>(
    _: Library<'gc>,
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Done<'gc> {
    let name = match file_of(any(ctx, &stack, 0, "type")?) {
        None => None,
        Some((_, file)) if file.is_closed() => Some("closed file"),
        Some(_) => Some("file"),
    };
    stack.replace(ctx, name);
    Ok(CallbackReturn::Return)
}
