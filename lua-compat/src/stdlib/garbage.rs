//! `collectgarbage`, and in Lua 5.1 `gcinfo` and `newproxy`.
//!
//! The collector is the VM's own and needs no steering: options that would steer it are remembered and
//! answered. `collect` really collects, between two steps of the VM.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll,
    Stack, Table, UserData, Value,
};

use crate::arguments::{bad, integer, lossy, lua51, string, whole};
use crate::call;

/// What a script has told the collector.
pub(crate) struct Collector {
    stopped: bool,
    generational: bool,
    pause: i64,
    step_multiplier: i64,
    /// How far the cycle is that `step` drives, in KiB.
    stepped: i64,
    /// A full collection is due as soon as the VM pauses.
    pub(crate) due: bool,
}

impl Default for Collector {
    fn default() -> Self {
        Self {
            stopped: false,
            // As the interpreter of 5.4 starts.
            generational: !lua51(),
            pause: 200,
            step_multiplier: if lua51() { 200 } else { 100 },
            stepped: 0,
            due: false,
        }
    }
}

pub(super) fn install(ctx: Context<'_>) {
    ctx.set_global("collectgarbage", Callback::from_fn(&ctx, collect_garbage));
    if lua51() {
        ctx.set_global(
            "gcinfo",
            Callback::from_fn(&ctx, |ctx, _, mut stack| {
                stack.replace(ctx, whole(kibibytes(ctx) as i64));
                Ok(CallbackReturn::Return)
            }),
        );
        ctx.set_global("newproxy", Callback::from_fn(&ctx, new_proxy));
    }
}

/// What `newproxy` makes: nothing but an identity and a metatable.
struct Proxy;

/// `newproxy([true | proxy])`: a userdata, without metatable, with one of its own, or with another's.
fn new_proxy<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let metatable = match stack.get(0) {
        Value::Nil | Value::Boolean(false) => None,
        Value::Boolean(true) => Some(Table::new(&ctx)),
        Value::UserData(proxy) if proxy.is_static::<Proxy>() && proxy.metatable().is_some() => {
            proxy.metatable()
        }
        _ => return Err(bad(ctx, 0, "newproxy", "boolean or proxy expected")),
    };
    let proxy = UserData::new_static(&ctx, Proxy);
    proxy.set_metatable(&ctx, metatable);
    stack.replace(ctx, proxy);
    Ok(CallbackReturn::Return)
}

fn kibibytes(ctx: Context<'_>) -> f64 {
    ctx.metrics().total_allocation() as f64 / 1024.0
}

fn collect_garbage<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let name = "collectgarbage";
    let option = match stack.get(0) {
        Value::Nil => "collect".to_owned(),
        _ => lossy(string(ctx, &stack, 0, name)?),
    };
    let argument = match stack.get(1) {
        Value::Nil => 0,
        _ => integer(ctx, &stack, 1, name)?,
    };
    let change = |change: fn(&mut Collector, i64) -> i64| {
        whole(call::with(|call| change(&mut call.collector, argument)))
    };
    // Lua 5.4 keeps these numbers in a byte, in units of four.
    let setting = |value: i64| if lua51() { value } else { value / 4 * 4 };
    let answer = match option.as_str() {
        "collect" => return Ok(full(ctx, whole(0))),
        "step" => {
            let total = kibibytes(ctx) as i64;
            let done = call::with(|call| {
                let collector = &mut call.collector;
                let part = if argument > 0 { argument } else { total / 16 };
                collector.stepped = collector.stepped.saturating_add(part.max(1));
                let done = collector.stepped >= total;
                if done {
                    collector.stepped = 0;
                }
                done
            });
            if done {
                return Ok(full(ctx, Value::Boolean(true)));
            }
            Value::Boolean(false)
        }
        "count" => Value::Number(kibibytes(ctx)),
        "stop" => change(|collector, _| {
            collector.stopped = true;
            0
        }),
        "restart" => change(|collector, _| {
            collector.stopped = false;
            0
        }),
        "setpause" => {
            let before =
                call::with(|call| std::mem::replace(&mut call.collector.pause, setting(argument)));
            whole(before)
        }
        "setstepmul" => {
            let before = call::with(|call| {
                std::mem::replace(&mut call.collector.step_multiplier, setting(argument))
            });
            whole(before)
        }
        "isrunning" if !lua51() => Value::Boolean(call::with(|call| !call.collector.stopped)),
        mode @ ("generational" | "incremental") if !lua51() => {
            let generational = mode == "generational";
            let before = call::with(|call| {
                std::mem::replace(&mut call.collector.generational, generational)
            });
            let before = if before {
                "generational"
            } else {
                "incremental"
            };
            Value::String(ctx.intern_static(before.as_bytes()))
        }
        _ => return Err(bad(ctx, 0, name, format_args!("invalid option '{option}'"))),
    };
    stack.replace(ctx, answer);
    Ok(CallbackReturn::Return)
}

fn full<'gc>(ctx: Context<'gc>, answer: Value<'gc>) -> CallbackReturn<'gc> {
    CallbackReturn::Sequence(BoxSequence::new(
        &ctx,
        Full {
            answer,
            asked: false,
        },
    ))
}

/// Pauses the VM once, so that its owner can collect.
#[derive(Collect)]
#[collect(no_drop)]
struct Full<'gc> {
    answer: Value<'gc>,
    asked: bool,
}

impl<'gc> Sequence<'gc> for Full<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        if !self.asked {
            self.asked = true;
            call::with(|call| call.collector.due = true);
            execution.fuel().interrupt();
            // The arguments may be what is to be collected.
            stack.clear();
            return Ok(SequencePoll::Pending);
        }
        stack.replace(ctx, self.answer);
        Ok(SequencePoll::Return)
    }
}
