//! `setfenv` and `getfenv` of Lua 5.1.
//!
//! A function's environment is its first upvalue: the compiler sees to it that in this dialect every Lua
//! function has one. To change the environment of one function alone, that upvalue is replaced.

use ottavino_gc_arena::allocator_api::MetricsAlloc;
use ottavino_gc_arena::{Collect, Rootable};
use piccolo::closure::{UpValue, UpValueState};
use piccolo::{
    Callback, CallbackReturn, Closure, Context, Error, Execution, Function, Singleton, Stack,
    Table, Thread, Value,
};

use crate::arguments::{bad, error, expected, integer, lua51, table};
use crate::convert::put;

/// The globals of threads that have others than the VM's, by thread.
#[derive(Clone, Copy, Collect)]
#[collect(no_drop)]
struct Changed<'gc>(Table<'gc>);

impl<'gc> Singleton<'gc> for Changed<'gc> {
    fn create(ctx: Context<'gc>) -> Self {
        Self(Table::new(&ctx))
    }
}

pub(super) fn install(ctx: Context<'_>) {
    if lua51() {
        ctx.set_global("getfenv", Callback::from_fn(&ctx, get));
        ctx.set_global("setfenv", Callback::from_fn(&ctx, set));
    }
}

/// The globals of a thread: the environment of functions that are loaded there.
pub(crate) fn globals_of<'gc>(ctx: Context<'gc>, thread: Thread<'gc>) -> Table<'gc> {
    let changed = ctx.singleton::<Rootable![Changed<'_>]>().0;
    match changed.get_raw(Value::Thread(thread)) {
        Value::Table(globals) => globals,
        _ => ctx.globals(),
    }
}

/// Gives a thread other globals.
pub(super) fn set_globals_of<'gc>(ctx: Context<'gc>, thread: Thread<'gc>, globals: Table<'gc>) {
    let changed = ctx.singleton::<Rootable![Changed<'_>]>().0;
    put(ctx, changed, Value::Thread(thread), globals.into());
}

/// A new thread has the globals of the one that made it.
pub(super) fn inherit<'gc>(ctx: Context<'gc>, from: Thread<'gc>, to: Thread<'gc>) {
    let globals = globals_of(ctx, from);
    if globals != ctx.globals() {
        set_globals_of(ctx, to, globals);
    }
}

/// Forgets what scripts have changed.
pub(crate) fn reset(ctx: Context<'_>) {
    let changed = ctx.singleton::<Rootable![Changed<'_>]>().0;
    let threads: Vec<_> = changed.iter().map(|(thread, _)| thread).collect();
    for thread in threads {
        put(ctx, changed, thread, Value::Nil);
    }
}

/// The environment of a Lua function.
pub(super) fn environment<'gc>(ctx: Context<'gc>, closure: Closure<'gc>) -> Value<'gc> {
    match closure
        .upvalues()
        .first()
        .map(|upvalue| upvalue.get().get())
    {
        Some(UpValueState::Closed(value)) => value,
        _ => ctx.globals().into(),
    }
}

/// Gives one Lua function, and the functions that it makes from then on, another environment.
pub(crate) fn set_environment<'gc>(
    ctx: Context<'gc>,
    closure: Closure<'gc>,
    environment: Value<'gc>,
) {
    let upvalue = UpValue::new(&ctx, UpValueState::Closed(environment));
    // A function without upvalues uses no globals either.
    let _ = closure.replace_upvalue(&ctx, 0, upvalue);
}

/// A new function of a chunk that was compiled before. Nothing that was done to another one's variables
/// or environment shows in it.
pub(crate) fn instance<'gc>(ctx: Context<'gc>, chunk: Closure<'gc>) -> Closure<'gc> {
    let mut upvalues = allocator_api2::vec::Vec::new_in(MetricsAlloc::new(&ctx));
    for _ in chunk.upvalues() {
        upvalues.push(UpValue::new(&ctx, UpValueState::Closed(ctx.globals().into())).into());
    }
    Closure::from_parts(&ctx, chunk.prototype(), upvalues)
}

/// The function that an argument means: itself, or the one at that level.
fn target<'gc>(
    ctx: Context<'gc>,
    execution: &Execution<'gc, '_>,
    stack: &Stack<'gc, '_>,
    name: &'static str,
    default: Option<i64>,
) -> Result<Option<Function<'gc>>, Error<'gc>> {
    let level = match (stack.get(0), default) {
        (Value::Function(function), _) => return Ok(Some(function)),
        (Value::Nil, Some(level)) => level,
        _ if stack.get(0).to_number().is_none() => {
            return Err(expected(ctx, stack, 0, name, "number"));
        }
        _ => integer(ctx, stack, 0, name)?,
    };
    let level =
        usize::try_from(level).map_err(|_| bad(ctx, 0, name, "level must be non-negative"))?;
    if level == 0 {
        return Ok(None);
    }
    match execution.active().level(level) {
        None => Err(bad(ctx, 0, name, "invalid level")),
        Some(active) if active.lost => Err(error(
            ctx,
            format!("no function environment for tail call at level {level}"),
        )),
        Some(active) => Ok(active
            .function
            .or(Some(Function::Callback(Callback::from_fn(
                &ctx,
                |_, _, _| Ok(CallbackReturn::Return),
            ))))),
    }
}

fn get<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let environment = match target(ctx, &execution, &stack, "getfenv", Some(1))? {
        Some(Function::Closure(closure)) => environment(ctx, closure),
        _ => globals_of(ctx, execution.current_thread().thread).into(),
    };
    stack.replace(ctx, environment);
    Ok(CallbackReturn::Return)
}

fn set<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let environment = table(ctx, &stack, 1, "setfenv")?;
    match target(ctx, &execution, &stack, "setfenv", None)? {
        None => {
            set_globals_of(ctx, execution.current_thread().thread, environment);
            stack.clear();
        }
        Some(Function::Closure(closure)) => {
            set_environment(ctx, closure, environment.into());
            stack.replace(ctx, closure);
        }
        Some(Function::Callback(_)) => {
            return Err(error(
                ctx,
                "'setfenv' cannot change environment of given object",
            ));
        }
    }
    Ok(CallbackReturn::Return)
}
