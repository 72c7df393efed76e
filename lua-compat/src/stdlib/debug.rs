//! The library `debug`, apart from `getinfo` and `traceback`.
//!
//! Values can be looked at and changed. Hooks are refused: a sandboxed script cannot watch the VM.

use ottavino_gc_arena::{Collect, Gc, Rootable};
use piccolo::closure::UpValue;
use piccolo::{
    Callback, CallbackReturn, Closure, Context, Error, Execution, Function, Singleton, Stack,
    Table, UserData, Value, frames, metatables,
};

use super::local_variables;
use super::traceback::thread_and_first;
use super::{debug_info, environments, forbid, traceback};
use crate::arguments::{any, bad, error, expected, integer, lua51, new_string, table, whole};
use crate::convert::put;
use crate::modules::Modules;

pub(super) fn install<'gc>(ctx: Context<'gc>, modules: Modules<'gc>) {
    let debug = Table::new(&ctx);
    ctx.set_global("debug", debug);
    traceback::install(ctx, debug, modules.loaded);
    debug_info::install(ctx, debug);
    metatable_functions(ctx, debug);
    hooks(ctx, debug);
    let registry = Table::new(&ctx);
    registry.set_field(ctx, "_LOADED", modules.loaded);
    if !lua51() {
        put(ctx, registry, Value::Integer(2), ctx.globals().into());
    }
    let function = Callback::from_fn_with(&ctx, registry, |registry, ctx, _, mut stack| {
        stack.replace(ctx, *registry);
        Ok(CallbackReturn::Return)
    });
    debug.set_field(ctx, "getregistry", function);
    debug.set_field(ctx, "getupvalue", Callback::from_fn(&ctx, get_upvalue));
    debug.set_field(ctx, "setupvalue", Callback::from_fn(&ctx, set_upvalue));
    debug.set_field(
        ctx,
        "getlocal",
        Callback::from_fn(&ctx, local_variables::get),
    );
    debug.set_field(
        ctx,
        "setlocal",
        Callback::from_fn(&ctx, local_variables::set),
    );
    if lua51() {
        debug.set_field(ctx, "getfenv", Callback::from_fn(&ctx, get_environment));
        debug.set_field(ctx, "setfenv", Callback::from_fn(&ctx, set_environment));
    } else {
        debug.set_field(ctx, "upvalueid", Callback::from_fn(&ctx, upvalue_id));
        debug.set_field(ctx, "upvaluejoin", Callback::from_fn(&ctx, upvalue_join));
        user_values(ctx, debug);
    }
}

fn metatable_functions<'gc>(ctx: Context<'gc>, debug: Table<'gc>) {
    debug.set_field(
        ctx,
        "getmetatable",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let value = any(ctx, &stack, 0, "getmetatable")?;
            stack.replace(ctx, metatables::of(ctx, value));
            Ok(CallbackReturn::Return)
        }),
    );
    debug.set_field(
        ctx,
        "setmetatable",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let metatable = match stack.get(1) {
                Value::Table(metatable) => Some(metatable),
                Value::Nil if stack.len() > 1 => None,
                _ if lua51() => {
                    return Err(bad(ctx, 1, "setmetatable", "nil or table expected"));
                }
                _ => return Err(expected(ctx, &stack, 1, "setmetatable", "nil or table")),
            };
            let value = stack.get(0);
            metatables::set(ctx, value, metatable);
            // Lua 5.1 says whether it worked.
            stack.replace(ctx, if lua51() { Value::Boolean(true) } else { value });
            Ok(CallbackReturn::Return)
        }),
    );
}

fn hooks<'gc>(ctx: Context<'gc>, debug: Table<'gc>) {
    forbid(ctx, debug, "debug", &["debug"], "scripts have no terminal");
    debug.set_field(
        ctx,
        "gethook",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            if lua51() {
                stack.replace(ctx, (Value::Nil, "", whole(0)));
            } else {
                stack.replace(ctx, Value::Nil);
            }
            Ok(CallbackReturn::Return)
        }),
    );
    debug.set_field(
        ctx,
        "sethook",
        Callback::from_fn(&ctx, |ctx, execution, mut stack| {
            let (_, first) = thread_and_first(&execution, &stack);
            if !stack.get(first).is_nil() {
                let text = "debug.sethook is not available: scripts cannot hook the interpreter";
                return Err(error(ctx, text));
            }
            stack.clear();
            Ok(CallbackReturn::Return)
        }),
    );
}

fn user_values<'gc>(ctx: Context<'gc>, debug: Table<'gc>) {
    debug.set_field(
        ctx,
        "getuservalue",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            stack.replace(ctx, Value::Nil);
            Ok(CallbackReturn::Return)
        }),
    );
    debug.set_field(
        ctx,
        "setuservalue",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            if !matches!(stack.get(0), Value::UserData(_)) {
                return Err(expected(ctx, &stack, 0, "setuservalue", "userdata"));
            }
            any(ctx, &stack, 1, "setuservalue")?;
            stack.replace(ctx, Value::Nil);
            Ok(CallbackReturn::Return)
        }),
    );
    debug.set_field(
        ctx,
        "setcstacklimit",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            integer(ctx, &stack, 0, "setcstacklimit")?;
            stack.replace(ctx, 200);
            Ok(CallbackReturn::Return)
        }),
    );
}

/// How many upvalues come before those that a script counts: in Lua 5.1 the environment is none.
pub(super) fn hidden_upvalues() -> usize {
    usize::from(lua51())
}

/// The function and the index of its upvalue, if it has that many. A function that is not Lua has none.
fn upvalue_argument<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    at: usize,
    name: &str,
) -> Result<Option<(Closure<'gc>, usize, UpValue<'gc>)>, Error<'gc>> {
    let index = integer(ctx, stack, at + 1, name)?;
    let closure = match stack.get(at) {
        Value::Function(Function::Closure(closure)) => closure,
        Value::Function(_) => return Ok(None),
        _ => return Err(expected(ctx, stack, at, name, "function")),
    };
    let index = usize::try_from(index)
        .ok()
        .and_then(|index| index.checked_sub(1))
        .map(|index| index.saturating_add(hidden_upvalues()));
    Ok(index.and_then(|index| {
        let upvalue = closure.upvalues().get(index)?.get();
        Some((closure, index, upvalue))
    }))
}

fn upvalue_name<'gc>(ctx: Context<'gc>, closure: Closure<'gc>, index: usize) -> Value<'gc> {
    match frames::upvalue_name(&closure.prototype(), index).as_str() {
        "" if !lua51() => new_string(ctx, "(no name)"),
        name => new_string(ctx, name),
    }
}

fn get_upvalue<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    match upvalue_argument(ctx, &stack, 0, "getupvalue")? {
        Some((closure, index, upvalue)) => {
            let value = execution.upvalue(ctx, &stack, upvalue);
            stack.replace(ctx, (upvalue_name(ctx, closure, index), value));
        }
        None => stack.clear(),
    }
    Ok(CallbackReturn::Return)
}

fn set_upvalue<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let value = any(ctx, &stack, 2, "setupvalue")?;
    match upvalue_argument(ctx, &stack, 0, "setupvalue")? {
        Some((closure, index, upvalue)) => {
            execution.set_upvalue(ctx, &mut stack, upvalue, value);
            stack.replace(ctx, upvalue_name(ctx, closure, index));
        }
        None => stack.clear(),
    }
    Ok(CallbackReturn::Return)
}

/// What `debug.upvalueid` has returned, by the address of the upvalue. Each holds its upvalue, so no
/// address is used twice.
#[derive(Clone, Copy, Collect)]
#[collect(no_drop)]
struct Identities<'gc>(Table<'gc>);

impl<'gc> Singleton<'gc> for Identities<'gc> {
    fn create(ctx: Context<'gc>) -> Self {
        Self(Table::new(&ctx))
    }
}

fn upvalue_id<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let Some((_, _, upvalue)) = upvalue_argument(ctx, &stack, 0, "upvalueid")? else {
        stack.replace(ctx, Value::Nil);
        return Ok(CallbackReturn::Return);
    };
    let identities = ctx.singleton::<Rootable![Identities<'_>]>().0;
    let address = Value::Integer(Gc::as_ptr(upvalue.into_inner()) as usize as i64);
    let identity = match identities.get_raw(address) {
        Value::Nil => {
            let data = UserData::new::<Rootable![UpValue<'_>]>(&ctx, upvalue);
            put(ctx, identities, address, data.into());
            data.into()
        }
        known => known,
    };
    stack.replace(ctx, identity);
    Ok(CallbackReturn::Return)
}

fn upvalue_join<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let name = "upvaluejoin";
    let Some((closure, index, _)) = upvalue_argument(ctx, &stack, 0, name)? else {
        return Err(bad(ctx, 1, name, "invalid upvalue index"));
    };
    let Some((_, _, upvalue)) = upvalue_argument(ctx, &stack, 2, name)? else {
        return Err(bad(ctx, 3, name, "invalid upvalue index"));
    };
    closure.replace_upvalue(&ctx, index, upvalue);
    stack.clear();
    Ok(CallbackReturn::Return)
}

fn get_environment<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let environment = match any(ctx, &stack, 0, "getfenv")? {
        Value::Function(Function::Closure(closure)) => environments::environment(ctx, closure),
        Value::Thread(thread) => environments::globals_of(ctx, thread).into(),
        Value::Function(_) | Value::UserData(_) => ctx.globals().into(),
        _ => Value::Nil,
    };
    stack.replace(ctx, environment);
    Ok(CallbackReturn::Return)
}

fn set_environment<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let environment = table(ctx, &stack, 1, "setfenv")?;
    let object = stack.get(0);
    match object {
        Value::Function(Function::Closure(closure)) => {
            environments::set_environment(ctx, closure, environment.into());
        }
        Value::Thread(thread) => environments::set_globals_of(ctx, thread, environment),
        _ => {
            let text = "'setfenv' cannot change environment of given object";
            return Err(error(ctx, text));
        }
    }
    stack.replace(ctx, object);
    Ok(CallbackReturn::Return)
}
