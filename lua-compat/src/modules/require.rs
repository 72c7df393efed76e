//! `require`: asks the searchers, runs what they find, remembers what that returned.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::{
    BoxSequence, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll, Stack,
    String as LuaString, Table, UserData, Value,
};

use super::{Modules, search};
use crate::arguments::{error, lossy, lua51, string};
use crate::convert::put;
use crate::stdlib::callable;

/// What stands in `package.loaded` while a module is loaded, in Lua 5.1.
struct BeingLoaded;

pub(super) fn require<'gc>(
    ctx: Context<'gc>,
    modules: Modules<'gc>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let name = string(ctx, &stack, 0, "require")?;
    let loaded = modules.loaded.get_raw(name.into());
    if loaded.to_bool() {
        if lua51() && is_being_loaded(loaded) {
            let text = format!("loop or previous error loading module '{}'", lossy(name));
            return Err(error(ctx, text));
        }
        stack.replace(ctx, loaded);
        return Ok(CallbackReturn::Return);
    }
    let field = search::searchers_name();
    let Value::Table(searchers) = modules.package.get_value(ctx, field) else {
        return Err(error(ctx, format!("'package.{field}' must be a table")));
    };
    Ok(CallbackReturn::Sequence(BoxSequence::new(
        &ctx,
        Require {
            loaded: modules.loaded,
            name,
            searchers,
            asked: 0,
            message: Vec::new(),
            step: Step::Begin,
        },
    )))
}

fn is_being_loaded(value: Value<'_>) -> bool {
    matches!(value, Value::UserData(data) if data.is_static::<BeingLoaded>())
}

#[derive(Clone, Copy, Collect)]
#[collect(no_drop)]
enum Step<'gc> {
    Begin,
    /// A searcher has been called.
    Searching,
    /// The module runs; what its searcher said besides.
    Loading(Value<'gc>),
}

#[derive(Collect)]
#[collect(no_drop)]
struct Require<'gc> {
    loaded: Table<'gc>,
    name: LuaString<'gc>,
    searchers: Table<'gc>,
    asked: i64,
    /// What the searchers said that found nothing.
    message: Vec<u8>,
    step: Step<'gc>,
}

impl<'gc> Sequence<'gc> for Require<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        match self.step {
            Step::Begin => self.ask_next(ctx, stack),
            Step::Searching => match stack.get(0) {
                Value::Function(function) => {
                    let data = stack.get(1);
                    self.step = Step::Loading(data);
                    if lua51() {
                        let mark = UserData::new_static(&ctx, BeingLoaded);
                        put(ctx, self.loaded, self.name.into(), mark.into());
                        stack.replace(ctx, self.name);
                    } else {
                        stack.replace(ctx, (self.name, data));
                    }
                    Ok(SequencePoll::Call {
                        function,
                        bottom: 0,
                    })
                }
                other => {
                    if let Some(text) = other.into_string(ctx) {
                        if !lua51() {
                            self.message.extend_from_slice(b"\n\t");
                        }
                        self.message.extend_from_slice(text.as_bytes());
                    }
                    self.ask_next(ctx, stack)
                }
            },
            Step::Loading(data) => {
                let value = self.remember(ctx, stack.get(0));
                if lua51() {
                    stack.replace(ctx, value);
                } else {
                    stack.replace(ctx, (value, data));
                }
                Ok(SequencePoll::Return)
            }
        }
    }
}

impl<'gc> Require<'gc> {
    fn ask_next(
        &mut self,
        ctx: Context<'gc>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        self.asked += 1;
        let searcher = self.searchers.get_raw(Value::Integer(self.asked));
        if searcher.is_nil() {
            let text = format!(
                "module '{}' not found:{}",
                lossy(self.name),
                String::from_utf8_lossy(&self.message)
            );
            return Err(error(ctx, text));
        }
        self.step = Step::Searching;
        stack.replace(ctx, self.name);
        Ok(SequencePoll::Call {
            function: callable(ctx, searcher),
            bottom: 0,
        })
    }

    /// Puts what a module returned into `package.loaded`; what is there in the end.
    fn remember(&self, ctx: Context<'gc>, returned: Value<'gc>) -> Value<'gc> {
        let key = self.name.into();
        if !returned.is_nil() {
            put(ctx, self.loaded, key, returned);
        }
        match self.loaded.get_raw(key) {
            value if value.is_nil() && !lua51() || is_being_loaded(value) => {
                put(ctx, self.loaded, key, Value::Boolean(true));
                Value::Boolean(true)
            }
            value => value,
        }
    }
}
