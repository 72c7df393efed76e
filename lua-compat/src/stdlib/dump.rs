//! `string.dump`, and `load` of what it returned.
//!
//! A dump holds no code: it is a key, which nobody can guess, to the function's prototype inside this VM.
//! So no bytes that a script makes up are ever run.

use ottavino_gc_arena::allocator_api::MetricsAlloc;
use ottavino_gc_arena::{Collect, Gc, Rootable};
use piccolo::closure::{UpValue, UpValueState};
use piccolo::{
    Callback, CallbackReturn, Closure, Context, Error, Execution, Function, FunctionPrototype,
    Singleton, Stack, Table, UserData, Value,
};

use super::library;
use crate::arguments::{error, expected, lua51, new_string};
use crate::convert::put;
use crate::host;

/// How dumps begin in both dialects.
const SIGNATURE: &[u8] = b"\x1bLua";

/// The dumped prototypes, by dump.
#[derive(Clone, Copy, Collect)]
#[collect(no_drop)]
struct Dumps<'gc>(Table<'gc>);

impl<'gc> Singleton<'gc> for Dumps<'gc> {
    fn create(ctx: Context<'gc>) -> Self {
        Self(Table::new(&ctx))
    }
}

type Prototype<'gc> = Gc<'gc, FunctionPrototype<'gc>>;

pub(super) fn install(ctx: Context<'_>) {
    library(ctx, "string").set_field(ctx, "dump", Callback::from_fn(&ctx, dump));
}

fn dump<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let closure = match stack.get(0) {
        Value::Function(Function::Closure(closure)) => closure,
        Value::Function(_) => return Err(error(ctx, "unable to dump given function")),
        _ => return Err(expected(ctx, &stack, 0, "dump", "function")),
    };
    let mut key = SIGNATURE.to_vec();
    key.push(if lua51() { 0x51 } else { 0x54 });
    key.extend(host::with(|host| host.random_bytes(32)));
    let key = new_string(ctx, key);
    let prototype = UserData::new::<Rootable![Prototype<'_>]>(&ctx, closure.prototype());
    let dumps = ctx.singleton::<Rootable![Dumps<'_>]>().0;
    put(ctx, dumps, key, prototype.into());
    stack.replace(ctx, key);
    Ok(CallbackReturn::Return)
}

/// A function of a dumped prototype, with upvalues of its own; or what is wrong with the dump.
pub(super) fn undump<'gc>(
    ctx: Context<'gc>,
    name: &[u8],
    source: &[u8],
) -> Result<Closure<'gc>, Vec<u8>> {
    let dumps = ctx.singleton::<Rootable![Dumps<'_>]>().0;
    let found = match dumps.get_raw(new_string(ctx, source)) {
        Value::UserData(data) => data.downcast::<Rootable![Prototype<'_>]>().ok(),
        _ => None,
    };
    let Some(prototype) = found else {
        return Err(refusal(name, source));
    };
    let mut upvalues = allocator_api2::vec::Vec::new_in(MetricsAlloc::new(&ctx));
    for _ in 0..prototype.upvalues.len() {
        upvalues.push(UpValue::new(&ctx, UpValueState::Closed(Value::Nil)).into());
    }
    Ok(Closure::from_parts(&ctx, *prototype, upvalues))
}

fn refusal(name: &[u8], source: &[u8]) -> Vec<u8> {
    let mut text = match name.split_first() {
        Some((b'=' | b'@', name)) => name.to_vec(),
        Some((0x1b, _)) => b"binary string".to_vec(),
        _ => name.to_vec(),
    };
    let short = SIGNATURE.starts_with(source);
    text.extend_from_slice(match source.strip_prefix(SIGNATURE) {
        // The header is as long as this.
        _ if lua51() && source.len() < 12 => b": unexpected end in precompiled chunk".as_slice(),
        Some([0x51, ..]) if lua51() => b": unexpected end in precompiled chunk",
        _ if lua51() => b": bad header in precompiled chunk",
        Some([0x54, ..] | []) => b": bad binary format (truncated chunk)",
        Some(_) => b": bad binary format (version mismatch)",
        None if short => b": bad binary format (truncated chunk)",
        None => b": bad binary format (not a binary chunk)",
    });
    text
}
