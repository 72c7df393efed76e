//! Compiling text at run time: `load`, `loadstring`, `loadfile`, `dofile`.
//!
//! Files come from the host's in-memory copy of the script's folder.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Closure, Context, Error, Execution, Function, Sequence,
    SequencePoll, Stack, Table, Value,
};

use crate::arguments::{bad, error, string, text};
use crate::compile::compile;
use crate::host;
use crate::wit::exports::bulkhead::policy::script::Dialect;

pub(super) fn install(ctx: Context<'_>, dialect: Dialect) {
    ctx.set_global("load", Callback::from_fn(&ctx, load));
    if dialect == Dialect::Lua51 {
        ctx.set_global(
            "loadstring",
            Callback::from_fn(&ctx, |ctx, _, mut stack| {
                let source = string(ctx, &stack, 0, "loadstring")?;
                let name = chunk_name(ctx, source.as_bytes(), stack.get(1));
                finish(ctx, &mut stack, &name, source.as_bytes(), None);
                Ok(CallbackReturn::Return)
            }),
        );
    }
    ctx.set_global(
        "loadfile",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let name = text(ctx, &stack, 0, "loadfile")?;
            match host::with(|host| host.sources_read(&name)) {
                Some(source) => finish(ctx, &mut stack, &name, &source, None),
                None => stack.replace(ctx, (Value::Nil, format!("cannot open {name}"))),
            }
            Ok(CallbackReturn::Return)
        }),
    );
    ctx.set_global(
        "dofile",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let name = text(ctx, &stack, 0, "dofile")?;
            let source = host::with(|host| host.sources_read(&name))
                .ok_or_else(|| error(ctx, format!("cannot open {name}")))?;
            let compiled =
                compile(ctx, &name, &source).map_err(|problem| error(ctx, problem.message))?;
            stack.clear();
            Ok(CallbackReturn::Call {
                function: compiled.closure.into(),
                then: None,
            })
        }),
    );
}

/// `load(chunk [, name [, mode [, env]]])`; the chunk is text or a function that returns its pieces.
fn load<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let environment = match stack.get(3) {
        Value::Table(environment) => Some(environment),
        _ => None,
    };
    match stack.get(0) {
        Value::String(source) => {
            let name = chunk_name(ctx, source.as_bytes(), stack.get(1));
            finish(ctx, &mut stack, &name, source.as_bytes(), environment);
            Ok(CallbackReturn::Return)
        }
        Value::Function(reader) => {
            let name = match stack.get(1) {
                Value::Nil => "=(load)".to_owned(),
                other => chunk_name(ctx, b"", other),
            };
            stack.clear();
            Ok(CallbackReturn::Call {
                function: reader,
                then: Some(BoxSequence::new(
                    &ctx,
                    Pieces {
                        reader,
                        environment,
                        name: name.trim_start_matches('=').to_owned(),
                        source: Vec::new(),
                    },
                )),
            })
        }
        _ => Err(bad(ctx, 0, "load", "string or function expected")),
    }
}

/// Collects what the reader function returns, until it returns nil or an empty text.
#[derive(Collect)]
#[collect(no_drop)]
struct Pieces<'gc> {
    reader: Function<'gc>,
    environment: Option<Table<'gc>>,
    name: String,
    source: Vec<u8>,
}

impl<'gc> Sequence<'gc> for Pieces<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        match stack.get(0) {
            Value::String(piece) if !piece.as_bytes().is_empty() => {
                self.source.extend_from_slice(piece.as_bytes());
                stack.clear();
                Ok(SequencePoll::Call {
                    function: self.reader,
                    bottom: 0,
                })
            }
            Value::Nil | Value::String(_) => {
                finish(ctx, &mut stack, &self.name, &self.source, self.environment);
                Ok(SequencePoll::Return)
            }
            _ => Err(error(ctx, "reader function must return a string")),
        }
    }
}

/// Leaves the function, or nil and the message, on the stack.
fn finish<'gc>(
    ctx: Context<'gc>,
    stack: &mut Stack<'gc, '_>,
    name: &str,
    source: &[u8],
    environment: Option<Table<'gc>>,
) {
    match compile(ctx, name, source) {
        Ok(compiled) => {
            let closure = match environment {
                Some(environment) => in_environment(ctx, compiled.closure, environment),
                None => compiled.closure,
            };
            stack.replace(ctx, closure);
        }
        Err(problem) => stack.replace(ctx, (Value::Nil, problem.message)),
    }
}

/// The same chunk with other globals.
fn in_environment<'gc>(
    ctx: Context<'gc>,
    closure: Closure<'gc>,
    environment: Table<'gc>,
) -> Closure<'gc> {
    use piccolo::closure::{UpValue, UpValueState};
    let mut upvalues =
        allocator_api2::vec::Vec::new_in(ottavino_gc_arena::allocator_api::MetricsAlloc::new(&ctx));
    if !closure.upvalues().is_empty() {
        upvalues.push(UpValue::new(&ctx, UpValueState::Closed(environment.into())));
    }
    Closure::from_parts(&ctx, closure.prototype(), upvalues)
}

/// How a chunk is named in messages: `=name` and `@name` literally, else its first line.
fn chunk_name<'gc>(ctx: Context<'gc>, source: &[u8], given: Value<'gc>) -> String {
    let name = match given.into_string(ctx) {
        Some(name) => crate::arguments::lossy(name),
        None => String::from_utf8_lossy(source).into_owned(),
    };
    if let Some(literal) = name.strip_prefix('=').or_else(|| name.strip_prefix('@')) {
        return literal.to_owned();
    }
    let first = name.lines().next().unwrap_or_default();
    let shown: String = first.chars().take(40).collect();
    if shown.len() < name.trim_end_matches('\n').len() {
        format!("[string \"{shown}...\"]")
    } else {
        format!("[string \"{shown}\"]")
    }
}
