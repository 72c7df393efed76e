//! `module` and `package.seeall` of Lua 5.1.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Function, Sequence,
    SequencePoll, Stack, Table, Value,
};

use super::Modules;
use crate::arguments::{error, lossy, new_string, string, table};
use crate::convert::put;
use crate::stdlib::{callable, globals_of, set_environment};

pub(super) fn install<'gc>(ctx: Context<'gc>, modules: Modules<'gc>) {
    ctx.set_global("module", Callback::from_fn_with(&ctx, modules, module));
    modules
        .package
        .set_field(ctx, "seeall", Callback::from_fn(&ctx, see_all));
}

/// `module(name [, option…])`: makes the calling chunk's environment the module's table.
fn module<'gc>(
    modules: &Modules<'gc>,
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let name = string(ctx, &stack, 0, "module")?;
    let module = match modules.loaded.get_raw(name.into()) {
        Value::Table(module) => module,
        _ => {
            let globals = globals_of(ctx, execution.current_thread().thread);
            let module = find_table(ctx, globals, name.as_bytes())
                .ok_or_else(|| error(ctx, format!("name conflict for module '{}'", lossy(name))))?;
            put(ctx, modules.loaded, name.into(), module.into());
            module
        }
    };
    if module.get_value(ctx, "_NAME").is_nil() {
        let bytes = name.as_bytes();
        let package = bytes
            .iter()
            .rposition(|byte| *byte == b'.')
            .and_then(|dot| bytes.get(..=dot))
            .unwrap_or_default();
        module.set_field(ctx, "_M", module);
        module.set_field(ctx, "_NAME", name);
        module.set_field(ctx, "_PACKAGE", new_string(ctx, package));
    }
    match execution
        .active()
        .level(1)
        .and_then(|active| active.function)
    {
        Some(Function::Closure(closure)) => set_environment(ctx, closure, module.into()),
        _ => return Err(error(ctx, "'module' not called from a Lua function")),
    }
    stack.pop_front();
    Ok(CallbackReturn::Sequence(BoxSequence::new(
        &ctx,
        Options {
            module,
            count: stack.len(),
            next: 0,
        },
    )))
}

/// The table at the end of a path of names, made where there is none; absent if something else is there.
fn find_table<'gc>(ctx: Context<'gc>, root: Table<'gc>, path: &[u8]) -> Option<Table<'gc>> {
    let mut table = root;
    for name in path.split(|byte| *byte == b'.') {
        let key = new_string(ctx, name);
        table = match table.get_raw(key) {
            Value::Table(next) => next,
            Value::Nil => {
                let next = Table::new(&ctx);
                put(ctx, table, key, next.into());
                next
            }
            _ => return None,
        };
    }
    Some(table)
}

/// Calls each option with the module.
#[derive(Collect)]
#[collect(no_drop)]
struct Options<'gc> {
    module: Table<'gc>,
    count: usize,
    next: usize,
}

impl<'gc> Sequence<'gc> for Options<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        // What the option before returned lies on top, and nobody wants it.
        stack.resize(self.count);
        if self.next >= self.count {
            stack.clear();
            return Ok(SequencePoll::Return);
        }
        let function = callable(ctx, stack.get(self.next));
        self.next += 1;
        stack.push_back(self.module.into());
        Ok(SequencePoll::Call {
            function,
            bottom: self.count,
        })
    }
}

/// `package.seeall(module)`: what the module lacks is looked up in the globals.
fn see_all<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let module = table(ctx, &stack, 0, "seeall")?;
    let metatable = module.metatable().unwrap_or_else(|| {
        let metatable = Table::new(&ctx);
        module.set_metatable(&ctx, Some(metatable));
        metatable
    });
    let globals = globals_of(ctx, execution.current_thread().thread);
    metatable.set_field(ctx, "__index", globals);
    stack.clear();
    Ok(CallbackReturn::Return)
}
