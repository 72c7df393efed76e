//! What an error meets on its way out of the functions that are active.
//!
//! An `xpcall` that will catch it has its handler called first, on top of the function that failed. An error
//! that nothing in its thread catches is kept there, with the stack it was raised on.

use ottavino_gc_arena::Collect;

use crate::{
    callback::BoxSequence,
    frames::{Active, Stack},
    thread::{Frame, ThreadState},
    Callback, Closure, Context, Error, Execution, Function, IntoValue, Sequence, SequencePoll, Value,
};

/// What an error meets in a sequence.
#[derive(Debug, Clone, Copy)]
pub enum Role<'gc> {
    /// Nothing that could be known before it comes there.
    Plain,
    /// It ends here. A handler is called first, on top of the function that failed.
    Protected(Option<Function<'gc>>),
    /// It ends here; what the sequence's own `error` fails with is raised anew.
    Raises,
    /// A handler runs, called by this sequence: an error in it is an error in error handling. The Lua
    /// function, if any, that called in tail position what raised the error.
    Handling(Option<(Closure<'gc>, usize)>),
}

/// So many handlers may fail, each in handling the failure of the one before.
const FAILING_HANDLERS: usize = 190;
/// Room for a handler after an overflow: frames and values.
const HANDLER_FRAMES: usize = 200;
const HANDLER_STACK: usize = 10_000;
/// How much of the stack of a failed thread is kept: innermost and outermost functions.
const KEPT_INNERMOST: usize = 32;
const KEPT_OUTERMOST: usize = 16;

/// An error that ended a thread.
#[derive(Debug, Collect)]
#[collect(no_drop)]
pub struct Failure<'gc> {
    pub error: Value<'gc>,
    /// The functions that were active, innermost first; the middle of a deep stack is left out.
    pub active: Vec<Active<'gc>>,
    /// What its variables held that were to be closed, last one first.
    pub unclosed: Vec<Value<'gc>>,
}

/// Who takes an error that is raised on top of these frames, and how many handlers fail already.
fn catcher<'gc>(frames: &[Frame<'gc>]) -> (Option<Role<'gc>>, usize) {
    let mut handling = 0;
    for frame in frames.iter().rev() {
        if let Frame::Sequence { sequence, .. } = frame {
            match sequence.role() {
                Role::Plain => {}
                Role::Handling(_) => handling += 1,
                role => return (Some(role), handling),
            }
        }
    }
    (None, handling)
}

/// Starts to unwind the stack. If an `xpcall` will catch the error, its handler is called first.
///
/// `native` is the callback that raised the error, if it was not the VM itself.
pub(crate) fn raise<'gc>(
    ctx: Context<'gc>,
    state: &mut ThreadState<'gc>,
    error: Error<'gc>,
    native: Option<Callback<'gc>>,
    tail_caller: Option<(Closure<'gc>, usize)>,
) {
    let error = match catcher(&state.frames) {
        (Some(Role::Protected(Some(_))), handling) if handling >= FAILING_HANDLERS => {
            hopeless(ctx)
        }
        (Some(Role::Protected(Some(handler))), _) => {
            let bottom = state.stack.len();
            state.frames.push(Frame::Sequence {
                bottom,
                sequence: BoxSequence::new_begun_by(&ctx, Handling { tail_caller }, native),
                pending_error: None,
            });
            state.stack.push(error.to_value(ctx));
            state.push_call(bottom, handler);
            return;
        }
        (Some(_), _) => error,
        (None, _) => {
            state.failure = Some(Failure {
                error: error.to_value(ctx),
                active: kept(state, native, tail_caller),
                unclosed: Vec::new(),
            });
            error
        }
    };
    state.frames.push(Frame::Error(error));
}

fn kept<'gc>(
    state: &ThreadState<'gc>,
    native: Option<Callback<'gc>>,
    tail_caller: Option<(Closure<'gc>, usize)>,
) -> Vec<Active<'gc>> {
    let stack = Stack::new(&state.frames, native, tail_caller, false);
    let total = stack.iter().count();
    stack
        .iter()
        .enumerate()
        .filter(|(index, _)| *index < KEPT_INNERMOST || *index + KEPT_OUTERMOST >= total)
        .map(|(_, active)| active)
        .collect()
}

fn hopeless<'gc>(ctx: Context<'gc>) -> Error<'gc> {
    "error in error handling".into_value(ctx).into()
}

/// Whether this thread, beyond its limits, may go on for a little because a handler runs.
pub(crate) fn may_exceed(state: &ThreadState<'_>, frames: usize, stack: usize) -> bool {
    state.frames.len() <= frames + HANDLER_FRAMES
        && state.stack.len() <= stack + HANDLER_STACK
        && handles(state)
}

/// Whether one of the innermost functions is a handler of errors.
fn handles(state: &ThreadState<'_>) -> bool {
    state.frames.iter().rev().take(2 * HANDLER_FRAMES).any(|frame| {
        matches!(frame, Frame::Sequence { sequence, .. } if matches!(sequence.role(), Role::Handling(_)))
    })
}

/// Ends a thread's growth: an ordinary error, or none that a handler sees if a handler was the cause.
pub(crate) fn overflow<'gc>(ctx: Context<'gc>, state: &mut ThreadState<'gc>, error: Error<'gc>) {
    if handles(state) {
        let error = hopeless(ctx);
        state.frames.push(Frame::Error(error));
    } else {
        raise(ctx, state, error, None, None);
    }
}

/// Waits for a handler; what it returns is the error from then on.
#[derive(Collect)]
#[collect(no_drop)]
struct Handling<'gc> {
    tail_caller: Option<(Closure<'gc>, usize)>,
}

impl<'gc> Sequence<'gc> for Handling<'gc> {
    fn poll(
        self: std::pin::Pin<&mut Self>,
        _: Context<'gc>,
        _: Execution<'gc, '_>,
        stack: crate::Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        Err(stack.get(0).into())
    }

    fn role(&self) -> Role<'gc> {
        Role::Handling(self.tail_caller)
    }
}
