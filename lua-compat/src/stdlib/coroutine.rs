//! The library `coroutine`.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::thread::Closing;
use piccolo::unwinding::Role;
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Function, Sequence,
    SequencePoll, Stack, Table, Thread, ThreadMode, Value,
};

use super::environments;
use crate::arguments::{bad, error, exact, expected, lua51};

pub(super) fn install(ctx: Context<'_>) {
    let coroutine = Table::new(&ctx);
    ctx.set_global("coroutine", coroutine);
    let functions: [(&'static str, Callback<'_>); 6] = [
        ("create", Callback::from_fn(&ctx, create)),
        ("resume", Callback::from_fn(&ctx, resume)),
        ("running", Callback::from_fn(&ctx, running)),
        ("status", Callback::from_fn(&ctx, status)),
        ("wrap", Callback::from_fn(&ctx, wrap)),
        ("yield", Callback::from_fn(&ctx, yields)),
    ];
    for (name, function) in functions {
        coroutine.set_field(ctx, name, function);
    }
    if !lua51() {
        coroutine.set_field(ctx, "close", Callback::from_fn(&ctx, close));
        coroutine.set_field(ctx, "isyieldable", Callback::from_fn(&ctx, is_yieldable));
    }
}

fn create<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let thread = new_thread(ctx, &execution, &stack, "create")?;
    stack.replace(ctx, thread);
    Ok(CallbackReturn::Return)
}

fn new_thread<'gc>(
    ctx: Context<'gc>,
    execution: &Execution<'gc, '_>,
    stack: &Stack<'gc, '_>,
    name: &str,
) -> Result<Thread<'gc>, Error<'gc>> {
    let function = match stack.get(0) {
        Value::Function(Function::Callback(_)) if lua51() => None,
        Value::Function(function) => Some(function),
        _ => None,
    };
    let function = match function {
        Some(function) => function,
        None if lua51() => return Err(bad(ctx, 0, name, "Lua function expected")),
        None => return Err(expected(ctx, stack, 0, name, "function")),
    };
    let thread = Thread::new(ctx);
    thread.start_suspended(&ctx, function)?;
    environments::inherit(ctx, execution.current_thread().thread, thread);
    Ok(thread)
}

/// The thread that a function of this library was given.
fn thread_argument<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    name: &str,
) -> Result<Thread<'gc>, Error<'gc>> {
    match stack.get(0) {
        Value::Thread(thread) => Ok(thread),
        _ if lua51() => Err(bad(ctx, 0, name, "coroutine expected")),
        _ => Err(expected(ctx, stack, 0, name, "thread")),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Running,
    Suspended,
    Normal,
    Dead,
}

impl Status {
    fn of<'gc>(execution: &Execution<'gc, '_>, thread: Thread<'gc>) -> Self {
        if execution.current_thread().thread == thread {
            return Self::Running;
        }
        match thread.mode() {
            ThreadMode::Stopped => Self::Dead,
            ThreadMode::Suspended => Self::Suspended,
            _ => Self::Normal,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::Normal => "normal",
            Self::Dead => "dead",
        }
    }

    /// Why a coroutine in this state cannot be resumed.
    fn refusal(self) -> Option<String> {
        match self {
            Self::Suspended => None,
            Self::Dead => Some("cannot resume dead coroutine".to_owned()),
            other if lua51() => Some(format!("cannot resume {} coroutine", other.name())),
            _ => Some("cannot resume non-suspended coroutine".to_owned()),
        }
    }
}

fn resume<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let thread = thread_argument(ctx, &stack, "resume")?;
    if let Some(refusal) = Status::of(&execution, thread).refusal() {
        stack.replace(ctx, (false, refusal));
        return Ok(CallbackReturn::Return);
    }
    stack.pop_front();
    Ok(CallbackReturn::Resume {
        thread,
        then: Some(BoxSequence::new(&ctx, Resumed)),
    })
}

/// Waits for a coroutine, and reports how it came back.
#[derive(Collect)]
#[collect(require_static)]
struct Resumed;

impl<'gc> Sequence<'gc> for Resumed {
    fn poll(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        stack.into_front(ctx, true);
        Ok(SequencePoll::Return)
    }

    fn error(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        error: Error<'gc>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        stack.replace(ctx, (false, error));
        Ok(SequencePoll::Return)
    }

    fn role(&self) -> Role<'gc> {
        Role::Protected(None)
    }
}

fn wrap<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let thread = new_thread(ctx, &execution, &stack, "wrap")?;
    let wrapped = Callback::from_fn_with(&ctx, thread, |thread, ctx, execution, _| {
        if let Some(refusal) = Status::of(&execution, *thread).refusal() {
            let mut text = execution.position(1);
            text.extend_from_slice(refusal.as_bytes());
            return Err(exact(text));
        }
        Ok(CallbackReturn::Resume {
            thread: *thread,
            then: Some(BoxSequence::new(
                &ctx,
                Wrapped {
                    thread: Some(*thread),
                },
            )),
        })
    });
    stack.replace(ctx, wrapped);
    Ok(CallbackReturn::Return)
}

/// Waits for a coroutine, and raises its error anew, with the position of the caller in front.
#[derive(Collect)]
#[collect(no_drop)]
struct Wrapped<'gc> {
    /// Absent once the variables of the coroutine are closed.
    thread: Option<Thread<'gc>>,
}

impl<'gc> Sequence<'gc> for Wrapped<'gc> {
    fn poll(
        self: Pin<&mut Self>,
        _: Context<'gc>,
        _: Execution<'gc, '_>,
        _: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        Ok(SequencePoll::Return)
    }

    fn error(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        execution: Execution<'gc, '_>,
        error: Error<'gc>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        // A coroutine that failed is closed, which may replace the error.
        let unclosed = self
            .thread
            .take()
            .map(|thread| thread.take_unclosed(ctx))
            .unwrap_or_default();
        if !unclosed.is_empty() {
            stack.clear();
            return Ok(SequencePoll::Call {
                function: close_all(ctx, unclosed, Some(error.to_value(ctx))),
                bottom: 0,
            });
        }
        let text = match error.to_value(ctx) {
            Value::String(text) => Some(text),
            number @ (Value::Integer(_) | Value::Number(_)) if lua51() => number.into_string(ctx),
            _ => None,
        };
        match text {
            // As in PUC-Rio, an error of memory has no position.
            Some(text) if text != "not enough memory" => {
                let mut message = execution.position(1);
                message.extend_from_slice(text.as_bytes());
                Err(Value::String(piccolo::String::from_slice(&ctx, message)).into())
            }
            _ => Err(error),
        }
    }

    fn role(&self) -> Role<'gc> {
        Role::Raises
    }
}

fn yields<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    _: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    if execution.current_thread().is_main {
        return Err(exact(if lua51() {
            "attempt to yield across metamethod/C-call boundary"
        } else {
            "attempt to yield from outside a coroutine"
        }));
    }
    Ok(CallbackReturn::Yield {
        to_thread: None,
        // Its frame is what `debug.traceback` shows of a suspended coroutine.
        then: Some(BoxSequence::new(&ctx, Yielded)),
    })
}

/// Waits to be resumed, and returns what with.
#[derive(Collect)]
#[collect(require_static)]
struct Yielded;

impl<'gc> Sequence<'gc> for Yielded {
    fn poll(
        self: Pin<&mut Self>,
        _: Context<'gc>,
        _: Execution<'gc, '_>,
        _: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        Ok(SequencePoll::Return)
    }
}

fn status<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let thread = thread_argument(ctx, &stack, "status")?;
    stack.replace(ctx, Status::of(&execution, thread).name());
    Ok(CallbackReturn::Return)
}

fn running<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let current = execution.current_thread();
    match current.is_main {
        true if lua51() => stack.replace(ctx, Value::Nil),
        _ if lua51() => stack.replace(ctx, current.thread),
        is_main => stack.replace(ctx, (current.thread, is_main)),
    }
    Ok(CallbackReturn::Return)
}

fn is_yieldable<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let current = execution.current_thread();
    let yieldable = match stack.get(0) {
        Value::Thread(thread) => execution.main_thread() != thread,
        Value::Nil if stack.is_empty() => !current.is_main,
        _ => return Err(expected(ctx, &stack, 0, "isyieldable", "thread")),
    };
    stack.replace(ctx, yieldable);
    Ok(CallbackReturn::Return)
}

/// A function that closes the values, and then fails with that error or a newer one.
fn close_all<'gc>(
    ctx: Context<'gc>,
    values: Vec<Value<'gc>>,
    failure: Option<Value<'gc>>,
) -> Function<'gc> {
    Callback::from_fn_with(&ctx, (values, failure), |(values, failure), ctx, _, _| {
        let error = failure.map(Error::from);
        let closing = Closing::sequence(ctx, values.clone(), error);
        Ok(CallbackReturn::Sequence(closing))
    })
    .into()
}

/// Tells how the variables of a closed coroutine took it.
#[derive(Collect)]
#[collect(require_static)]
struct Closed;

impl<'gc> Sequence<'gc> for Closed {
    fn poll(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        stack.replace(ctx, true);
        Ok(SequencePoll::Return)
    }

    fn error(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        error: Error<'gc>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        stack.replace(ctx, (false, error));
        Ok(SequencePoll::Return)
    }

    fn role(&self) -> Role<'gc> {
        Role::Protected(None)
    }
}

fn close<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let thread = thread_argument(ctx, &stack, "close")?;
    match Status::of(&execution, thread) {
        Status::Suspended | Status::Dead => {
            let variables = thread.take_unclosed(ctx);
            let failure = thread.take_failure(ctx);
            thread.reset(&ctx)?;
            stack.clear();
            Ok(CallbackReturn::Call {
                function: close_all(ctx, variables, failure),
                then: Some(BoxSequence::new(&ctx, Closed)),
            })
        }
        status => Err(error(
            ctx,
            format!("cannot close a {} coroutine", status.name()),
        )),
    }
}
