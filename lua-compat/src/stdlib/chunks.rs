//! Compiling at run time: `load`, `loadstring`, `loadfile`, `dofile`.
//!
//! Files come from the host's in-memory copy of the script's folder. A binary chunk is one that
//! `string.dump` made here.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::unwinding::Role;
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Closure, Context, Error, Execution, Function, Sequence,
    SequencePoll, Stack, Table, Value,
};

use super::{dump, environments};
use crate::arguments::{error, exact, expected, lua51, new_string, string, text};
use crate::compile::{compile, compile_file};
use crate::host;

pub(super) fn install(ctx: Context<'_>) {
    ctx.set_global("load", Callback::from_fn(&ctx, load));
    ctx.set_global("loadfile", Callback::from_fn(&ctx, load_file));
    ctx.set_global("dofile", Callback::from_fn(&ctx, do_file));
    if lua51() {
        ctx.set_global("loadstring", Callback::from_fn(&ctx, load_string));
    }
}

/// What a chunk is loaded as.
#[derive(Clone, Collect)]
#[collect(no_drop)]
struct Options<'gc> {
    /// `@file`, `=name`, or the text.
    name: Vec<u8>,
    /// `b`, `t` or both.
    mode: Vec<u8>,
    globals: Table<'gc>,
    /// What is given for the globals, be it nil.
    environment: Option<Value<'gc>>,
}

impl<'gc> Options<'gc> {
    fn new(ctx: Context<'gc>, execution: &Execution<'gc, '_>, name: Vec<u8>) -> Self {
        Self {
            name,
            mode: b"bt".to_vec(),
            globals: environments::globals_of(ctx, execution.current_thread().thread),
            environment: None,
        }
    }

    /// Reads the arguments `mode` and `env`, which Lua 5.1 does not know.
    fn read(
        &mut self,
        ctx: Context<'gc>,
        stack: &Stack<'gc, '_>,
        at: usize,
        function: &str,
    ) -> Result<(), Error<'gc>> {
        if lua51() {
            return Ok(());
        }
        if !stack.get(at).is_nil() {
            self.mode = string(ctx, stack, at, function)?.as_bytes().to_vec();
        }
        if stack.len() > at + 1 {
            self.environment = Some(stack.get(at + 1));
        }
        Ok(())
    }

    fn chunk(&self, ctx: Context<'gc>, source: &[u8]) -> Result<Closure<'gc>, Vec<u8>> {
        let binary = source.first() == Some(&0x1b);
        let (kind, letter) = if binary {
            ("binary", b'b')
        } else {
            ("text", b't')
        };
        if !self.mode.contains(&letter) {
            let mode = String::from_utf8_lossy(&self.mode);
            let text = format!("attempt to load a {kind} chunk (mode is '{mode}')");
            return Err(text.into_bytes());
        }
        let closure = if binary {
            dump::undump(ctx, &self.name, source)?
        } else {
            let compiled = match self.name.strip_prefix(b"@") {
                Some(file) => compile_file(ctx, &String::from_utf8_lossy(file), source),
                None => compile(ctx, &self.name, source),
            };
            compiled.map_err(|problem| problem.message)?.closure
        };
        let environment = self.environment.unwrap_or(self.globals.into());
        environments::set_environment(ctx, closure, environment);
        Ok(closure)
    }

    /// Leaves the function, or nil and the message, on the stack.
    fn finish(&self, ctx: Context<'gc>, stack: &mut Stack<'gc, '_>, source: &[u8]) {
        match self.chunk(ctx, source) {
            Ok(closure) => stack.replace(ctx, closure),
            Err(message) => stack.replace(ctx, (Value::Nil, new_string(ctx, message))),
        }
    }
}

/// `load(chunk [, name [, mode [, env]]])`; the chunk is a function that returns its pieces, in Lua 5.4
/// also text.
fn load<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let source = match stack.get(0) {
        _ if lua51() => None,
        value => value.into_string(ctx),
    };
    let name = match (stack.get(1), source) {
        (Value::Nil, Some(source)) => source.as_bytes().to_vec(),
        (Value::Nil, None) => b"=(load)".to_vec(),
        _ => string(ctx, &stack, 1, "load")?.as_bytes().to_vec(),
    };
    let mut options = Options::new(ctx, &execution, name);
    options.read(ctx, &stack, 2, "load")?;
    if let Some(source) = source {
        execution.fuel().consume(source.len() as i32 / 4);
        options.finish(ctx, &mut stack, source.as_bytes());
        return Ok(CallbackReturn::Return);
    }
    let Value::Function(reader) = stack.get(0) else {
        return Err(expected(ctx, &stack, 0, "load", "function"));
    };
    stack.clear();
    Ok(CallbackReturn::Call {
        function: reader,
        then: Some(BoxSequence::new(
            &ctx,
            Pieces {
                reader,
                options,
                source: Vec::new(),
            },
        )),
    })
}

/// Collects what the reader function returns, until it returns nil or an empty text.
#[derive(Collect)]
#[collect(no_drop)]
struct Pieces<'gc> {
    reader: Function<'gc>,
    options: Options<'gc>,
    source: Vec<u8>,
}

impl<'gc> Sequence<'gc> for Pieces<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let piece = stack.get(0);
        match piece.into_string(ctx) {
            Some(piece) if !piece.as_bytes().is_empty() => {
                if self.source.try_reserve(piece.as_bytes().len()).is_err() {
                    return Err(crate::arguments::out_of_memory(ctx));
                }
                self.source.extend_from_slice(piece.as_bytes());
                stack.clear();
                Ok(SequencePoll::Call {
                    function: self.reader,
                    bottom: 0,
                })
            }
            None if !piece.is_nil() => {
                let mut text = execution.position(1);
                text.extend_from_slice(b"reader function must return a string");
                let text = new_string(ctx, text);
                stack.replace(ctx, (Value::Nil, text));
                Ok(SequencePoll::Return)
            }
            _ => {
                execution.fuel().consume(self.source.len() as i32 / 4);
                self.options.finish(ctx, &mut stack, &self.source);
                Ok(SequencePoll::Return)
            }
        }
    }

    fn error(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        error: Error<'gc>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        stack.replace(ctx, (Value::Nil, error));
        Ok(SequencePoll::Return)
    }

    fn role(&self) -> Role<'gc> {
        Role::Protected(None)
    }
}

fn load_string<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let source = string(ctx, &stack, 0, "loadstring")?;
    let name = match stack.get(1) {
        Value::Nil => source,
        _ => string(ctx, &stack, 1, "loadstring")?,
    };
    execution.fuel().consume(source.len() as i32 / 4);
    let options = Options::new(ctx, &execution, name.as_bytes().to_vec());
    options.finish(ctx, &mut stack, source.as_bytes());
    Ok(CallbackReturn::Return)
}

/// The source of the file that an argument names, or the message that says why there is none.
fn file<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    function: &str,
) -> Result<Result<(String, Vec<u8>), String>, Error<'gc>> {
    if stack.get(0).is_nil() {
        return Err(error(
            ctx,
            format!(
                "{function} without a file name is not available: scripts have no standard input"
            ),
        ));
    }
    let name = text(ctx, stack, 0, function)?;
    // The script's own files, and those that it was granted.
    let source = host::with(|host| host.sources_read(&name))
        .or_else(|| host::try_with(|host| host.files_read(&name).ok()).flatten());
    Ok(match source {
        Some(source) => Ok((name, source)),
        None => Err(format!("cannot open {name}: No such file or directory")),
    })
}

fn load_file<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    match file(ctx, &stack, "loadfile")? {
        Ok((name, source)) => {
            let mut options = Options::new(ctx, &execution, format!("@{name}").into_bytes());
            options.read(ctx, &stack, 1, "loadfile")?;
            options.finish(ctx, &mut stack, &source);
        }
        Err(message) => stack.replace(ctx, (Value::Nil, message)),
    }
    Ok(CallbackReturn::Return)
}

fn do_file<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let (name, source) = file(ctx, &stack, "dofile")?.map_err(exact)?;
    let options = Options::new(ctx, &execution, format!("@{name}").into_bytes());
    let function = options.chunk(ctx, &source).map_err(exact)?;
    stack.clear();
    Ok(CallbackReturn::Call {
        function: function.into(),
        then: Some(BoxSequence::new(&ctx, Done)),
    })
}

/// Returns what the file returned. Its frame is the function `dofile`.
#[derive(Collect)]
#[collect(require_static)]
struct Done;

impl<'gc> Sequence<'gc> for Done {
    fn poll(
        self: Pin<&mut Self>,
        _: Context<'gc>,
        _: Execution<'gc, '_>,
        _: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        Ok(SequencePoll::Return)
    }
}
