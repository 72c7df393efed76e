//! One script in one VM: load it, then ask it questions.
//!
//! `load` does everything that does not depend on a request. A call runs the script's top level and the
//! tops of its modules, then the entry function. The first call after `load` finds everything in place
//! (in a component that is every call, because each starts from the snapshot); a later call in the same
//! instance first undoes what the previous one did to globals and `package.loaded`.

use std::rc::Rc;

use piccolo::numbers::{self, Style};
use piccolo::{
    Context, Error, Executor, Fuel, Function, Lua, StashedClosure, StashedExecutor, StashedTable,
    Table, Value, Variadic, metatables,
};

use crate::host::{self, Host};
use crate::wit::exports::bulkhead::policy::script::{Bundle, Dialect, Kind, ScriptError};
use crate::{api, call, compile, convert, modules, request, stdlib};

/// Instructions (roughly) between two chances to collect garbage.
const SLICE: i32 = 16_384;
/// Garbage that may gather before the collector starts, in bytes: most calls end without it.
const IDLE_GARBAGE: usize = 512 * 1024;
/// By how much of what is in use the heap may grow before the collector starts again: as in PUC-Rio.
const IDLE_GROWTH: f64 = 1.0;
/// By how much the heap may grow in one slice before everything is collected at once, in bytes. Only large
/// texts come to that: a few instructions make as many megabytes as they like.
const LARGE_GROWTH: usize = 8 * 1024 * 1024;

/// On `wasm32` the stack lies at the bottom of the memory and grows towards 0. Compiling stops with an
/// error when this much is left.
const STACK_FLOOR: usize = 8 * 1024;

/// A loaded script.
pub struct Runtime {
    lua: Lua,
    kind: Kind,
    main: StashedClosure,
    executor: StashedExecutor,
    /// The request table of the next call.
    template: StashedTable,
    /// A request table that no script ever sees.
    defaults: StashedTable,
    /// Globals as they are before the script ran.
    globals: StashedTable,
    /// `package.loaded`, and a copy from before the script ran.
    loaded: StashedTable,
    initially_loaded: StashedTable,
    used: bool,
    keep_going: Option<Box<dyn FnMut() -> bool>>,
}

/// How a script ended that did not return.
pub(crate) enum Stopped {
    /// An uncaught error.
    Failed(ScriptError),
    /// `os.exit`.
    Exited(u8),
    /// There was nothing to run.
    NotStarted,
}

impl Runtime {
    /// Creates a VM, compiles the script and every module that it requires by a literal name.
    pub fn load(host: Rc<dyn Host>, bundle: Bundle) -> Result<Self, ScriptError> {
        host::set(host);
        seed();
        if cfg!(target_arch = "wasm32") {
            piccolo::depth::set_stack_floor(STACK_FLOOR);
        }
        call::begin(bundle.kind);
        numbers::set_style(match bundle.dialect {
            Dialect::Lua51 => Style::Lua51,
            Dialect::Lua54 => Style::Lua54,
        });

        let mut lua = Lua::empty();
        let mut runtime = lua
            .enter(|ctx| {
                let modules = modules::install(ctx, bundle.dialect, &bundle.package_path);
                stdlib::install(ctx, bundle.dialect, modules);
                api::install(ctx, bundle.kind, modules);
                let main = compile::compile_file(ctx, &bundle.chunk_name, &bundle.source)?;
                modules::prepare(ctx, modules, main.required)?;
                Ok((
                    ctx.stash(main.closure),
                    ctx.stash(Executor::new(ctx)),
                    ctx.stash(request::template(ctx)),
                    ctx.stash(request::template(ctx)),
                    ctx.stash(copy(ctx, ctx.globals())),
                    ctx.stash(modules.loaded),
                    ctx.stash(copy(ctx, modules.loaded)),
                ))
            })
            .map(
                |(main, executor, template, defaults, globals, loaded, initially_loaded)| Self {
                    lua,
                    kind: bundle.kind,
                    main,
                    executor,
                    template,
                    defaults,
                    globals,
                    loaded,
                    initially_loaded,
                    used: false,
                    keep_going: None,
                },
            )
            .map_err(|problem: compile::SyntaxError| ScriptError {
                message: String::from_utf8_lossy(&problem.message).into_owned(),
                line: problem.line,
                traceback: String::new(),
            })?;
        runtime.lua.gc_metrics().set_pacing(
            ottavino_gc_arena::metrics::Pacing::default()
                .with_min_sleep(IDLE_GARBAGE)
                .with_pause_factor(IDLE_GROWTH),
        );
        runtime.lua.gc_collect();
        runtime.lua.gc_collect();
        Ok(runtime)
    }

    /// Bounds runs where no host does, as in tests and fuzzing: the question is asked about every 16,000
    /// instructions, and `false` ends the run with an error that no script can catch.
    pub fn run_while(&mut self, keep_going: impl FnMut() -> bool + 'static) {
        self.keep_going = Some(Box::new(keep_going));
    }

    /// Runs a plain script to its end; the exit code.
    pub fn run_plain(&mut self, arguments: &[String]) -> Result<u8, ScriptError> {
        self.begin();
        let main = self.main.clone();
        let ended = self.execute(
            |ctx, executor| {
                let arg = Table::new(&ctx);
                for (index, argument) in (1_i64..).zip(arguments) {
                    let text = crate::arguments::new_string(ctx, argument);
                    convert::put(ctx, arg, Value::Integer(index), text);
                }
                ctx.set_global("arg", arg);
                let values: Vec<_> = arguments
                    .iter()
                    .map(|argument| crate::arguments::new_string(ctx, argument))
                    .collect();
                executor.restart(
                    ctx,
                    Function::Closure(stdlib::instance(ctx, ctx.fetch(&main))),
                    Variadic(values),
                );
                Ok(())
            },
            |_, _| (),
        );
        match ended {
            Ok(()) | Err(Stopped::NotStarted) => Ok(0),
            Err(Stopped::Exited(code)) => Ok(code),
            Err(Stopped::Failed(error)) => Err(error),
        }
    }

    /// Makes the VM ready for a call.
    pub(crate) fn begin(&mut self) {
        call::begin(self.kind);
        rand::renew();
        if self.used {
            let (globals, loaded, initially_loaded, defaults) = (
                &self.globals,
                &self.loaded,
                &self.initially_loaded,
                &self.defaults,
            );
            let template = self.lua.enter(|ctx| {
                stdlib::reset_environments(ctx);
                restore(ctx, ctx.globals(), ctx.fetch(globals));
                restore(ctx, ctx.fetch(loaded), ctx.fetch(initially_loaded));
                ctx.stash(request::copy(ctx, ctx.fetch(defaults)))
            });
            self.template = template;
        }
        self.used = true;
    }

    /// Runs the script's top level.
    pub(crate) fn run_top_level(&mut self) -> Result<(), Stopped> {
        let main = self.main.clone();
        self.execute(
            |ctx, executor| {
                executor.restart(
                    ctx,
                    Function::Closure(stdlib::instance(ctx, ctx.fetch(&main))),
                    (),
                );
                Ok(())
            },
            |_, _| (),
        )
    }

    /// Calls the first of these global functions that the script defines. `arguments` gets the request
    /// table. `None`: the script defines none of them.
    pub(crate) fn run_entry<T>(
        &mut self,
        names: &[&'static str],
        arguments: impl for<'gc> FnOnce(Context<'gc>, Table<'gc>) -> Vec<Value<'gc>>,
        results: impl for<'gc> FnOnce(Context<'gc>, &[Value<'gc>]) -> T,
    ) -> Result<Option<T>, Stopped> {
        let template = self.template.clone();
        let ended = self.execute(
            |ctx, executor| {
                let entry = names
                    .iter()
                    .map(|name| ctx.get_global_value(name))
                    .find(|value| !value.is_nil());
                match entry {
                    Some(Value::Function(function)) => {
                        let arguments = arguments(ctx, ctx.fetch(&template));
                        executor.restart(ctx, function, Variadic(arguments));
                        Ok(())
                    }
                    _ => Err(()),
                }
            },
            |ctx, values| results(ctx, values),
        );
        match ended {
            Err(Stopped::NotStarted) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Starts the executor and drives it to its end.
    fn execute<T>(
        &mut self,
        start: impl for<'gc> FnOnce(Context<'gc>, Executor<'gc>) -> Result<(), ()>,
        finish: impl for<'gc> FnOnce(Context<'gc>, &[Value<'gc>]) -> T,
    ) -> Result<T, Stopped> {
        let executor = &self.executor;
        let started = self.lua.enter(|ctx| start(ctx, ctx.fetch(executor)));
        if started.is_err() {
            return Err(Stopped::NotStarted);
        }
        self.drive()?;
        let (executor, loaded) = (&self.executor, &self.loaded);
        let ended = self.lua.enter(|ctx| {
            let executor = ctx.fetch(executor);
            let active = executor.main_thread().map(|thread| thread.active());
            match executor.take_result::<Variadic<Vec<Value>>>(ctx) {
                Ok(Ok(Variadic(values))) => Ended::Returned(finish(ctx, &values)),
                Ok(Err(error)) => {
                    let active = active.unwrap_or_default();
                    let total = active.len();
                    let active = active.into_iter();
                    let trace = stdlib::traceback(ctx, ctx.fetch(loaded), active, 0, total);
                    failure(ctx, executor, &error, trace)
                }
                Err(error) => Ended::Failed(plain_failure(error.to_string())),
            }
        });
        match ended {
            Ended::Returned(result) => Ok(result),
            Ended::Failed(error) => Err(Stopped::Failed(error)),
            Ended::Describing(error) => Err(Stopped::Failed(self.described(error)?)),
        }
    }

    /// Drives the executor until it has a result.
    fn drive(&mut self) -> Result<(), Stopped> {
        let executor = &self.executor;
        loop {
            let mut fuel = Fuel::with(SLICE);
            let before = self.lua.total_memory();
            let done = self
                .lua
                .enter(|ctx| ctx.fetch(executor).step(ctx, &mut fuel));
            if !matches!(done, Ok(false)) || call::with(|call| call.exit.is_some()) {
                stdlib::flush();
            }
            let grown = self.lua.total_memory().saturating_sub(before);
            if call::with(|call| std::mem::take(&mut call.collector.due)) || grown > LARGE_GROWTH {
                self.lua.gc_collect();
            }
            if let Some(code) = call::with(|call| call.exit) {
                self.lua.enter(|ctx| ctx.fetch(executor).stop(&ctx));
                return Err(Stopped::Exited(code));
            }
            if self.keep_going.as_mut().is_some_and(|ask| !ask()) {
                self.lua.enter(|ctx| ctx.fetch(executor).stop(&ctx));
                return Err(Stopped::Failed(plain_failure("stopped".to_owned())));
            }
            match done {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => return Err(Stopped::Failed(plain_failure(error.to_string()))),
            }
        }
    }

    /// Lets the metamethod run that says what an uncaught error is.
    fn described(&mut self, mut error: ScriptError) -> Result<ScriptError, Stopped> {
        self.drive()?;
        let executor = &self.executor;
        let text = self
            .lua
            .enter(|ctx| match ctx.fetch(executor).take_result::<Value>(ctx) {
                Ok(Ok(Value::String(text))) => Some(crate::arguments::lossy(text)),
                _ => None,
            });
        if let Some(text) = text {
            error.line = line_of(&text);
            error.message = text;
        }
        Ok(error)
    }
}

/// How a run ended.
enum Ended<T> {
    Returned(T),
    Failed(ScriptError),
    /// As `Failed`, and the executor has begun to ask the error's `__tostring` for its text.
    Describing(ScriptError),
}

fn plain_failure(message: String) -> ScriptError {
    ScriptError {
        message,
        line: 0,
        traceback: String::new(),
    }
}

/// Seeds the hash tables for this snapshot, and tells the random generator where its seeds come from.
fn seed() {
    let word = || {
        let bytes = host::with(|host| host.random_bytes(8));
        bytes
            .iter()
            .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte))
    };
    piccolo::seeds::set([word(), word(), word(), word()]);
    rand::set_source(|| {
        let bytes = host::with(|host| host.random_bytes(8));
        bytes
            .iter()
            .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte))
    });
}

fn copy<'gc>(ctx: Context<'gc>, table: Table<'gc>) -> Table<'gc> {
    let copy = Table::new(&ctx);
    for (key, value) in table {
        convert::put(ctx, copy, key, value);
    }
    copy
}

/// Makes a table equal to its copy.
fn restore<'gc>(ctx: Context<'gc>, table: Table<'gc>, copy: Table<'gc>) {
    let mut untouched = 0;
    for (key, value) in table {
        let wanted = copy.get_raw(key);
        if same(wanted, value) {
            untouched += 1;
        } else {
            convert::put(ctx, table, key, wanted);
        }
    }
    // Something was removed or replaced, or all is as it was.
    if untouched < copy.iter().count() {
        for (key, value) in copy {
            convert::put(ctx, table, key, value);
        }
    }
    table.set_metatable(&ctx, None);
}

fn same<'gc>(one: Value<'gc>, other: Value<'gc>) -> bool {
    match (one, other) {
        (Value::Table(one), Value::Table(other)) => one == other,
        (Value::Function(Function::Closure(one)), Value::Function(Function::Closure(other))) => {
            one == other
        }
        (Value::Function(Function::Callback(one)), Value::Function(Function::Callback(other))) => {
            one == other
        }
        (Value::String(one), Value::String(other)) => one == other,
        (Value::Boolean(one), Value::Boolean(other)) => one == other,
        (Value::UserData(one), Value::UserData(other)) => one == other,
        _ => false,
    }
}

/// What an uncaught error says.
fn failure<'gc, T>(
    ctx: Context<'gc>,
    executor: Executor<'gc>,
    error: &Error<'gc>,
    trace: String,
) -> Ended<T> {
    let value = error.to_value(ctx);
    let text = match value {
        Value::String(_) | Value::Integer(_) | Value::Number(_) => value.into_string(ctx),
        _ => None,
    };
    let message = match text {
        Some(text) => crate::arguments::lossy(text),
        None if numbers::style() == Style::Lua51 => "(error object is not a string)".to_owned(),
        None => format!("(error object is a {} value)", value.type_name()),
    };
    let error = ScriptError {
        line: line_of(&message),
        traceback: format!("{trace}\n\t{}", outermost()),
        message,
    };
    let method = metatables::of(ctx, value)
        .filter(|_| text.is_none())
        .map_or(Value::Nil, |metatable| {
            metatable.get_value(ctx, "__tostring")
        });
    if method.is_nil() {
        return Ended::Failed(error);
    }
    executor.restart(ctx, stdlib::callable(ctx, method), value);
    Ended::Describing(error)
}

/// The last line of every traceback: what called the script.
fn outermost() -> &'static str {
    match numbers::style() {
        Style::Lua51 => "[C]: ?",
        Style::Lua54 => "[C]: in ?",
    }
}

/// The number in `chunk:12: message`.
fn line_of(message: &str) -> u32 {
    let first = message.lines().next().unwrap_or_default();
    first
        .split(':')
        .skip(1)
        .find_map(|part| part.parse().ok())
        .unwrap_or(0)
}
