//! Which functions are active in a thread.
//!
//! For the libraries: `debug.traceback`, `debug.getinfo`, `error` with a level, `setfenv` by level. Knows
//! the frames of the VM; knows nothing of how they are shown.

use std::string::String as Text;

use ottavino_gc_arena::{Collect, Gc};

use crate::{
    closure::{UpValue, UpValueState},
    compiler::FunctionRef,
    numbers::{self, Style},
    opcode::{Operation, RCIndex},
    thread::{Frame, OpenUpValue},
    types::{RegisterIndex, UpValueDescriptor},
    unwinding::Role,
    Callback, Closure, Constant, Context, Execution, Function, FunctionPrototype, Thread, Value,
};

/// An active function.
#[derive(Debug, Clone, Copy, Collect)]
#[collect(no_drop)]
pub struct Active<'gc> {
    /// Absent for what is no function of this VM, such as the one that runs the main chunk.
    pub function: Option<Function<'gc>>,
    /// Of a Lua function: the index of the next instruction.
    pub(crate) pc: usize,
    /// Of a Lua function: where its variable arguments and its registers begin on the stack.
    pub(crate) place: Option<(usize, usize)>,
    /// Stands for a function whose frame a tail call has replaced (Lua 5.1 only).
    pub lost: bool,
    /// Was called in tail position.
    pub tail_called: bool,
    /// The Lua function that called this one, and its next instruction.
    caller: Option<(Closure<'gc>, usize)>,
}

impl<'gc> Active<'gc> {
    fn new(function: Option<Function<'gc>>, pc: usize) -> Self {
        Self {
            function,
            pc,
            place: None,
            lost: false,
            tail_called: false,
            caller: None,
        }
    }

    /// The line that a Lua function is at, from 1.
    pub fn line(&self) -> Option<u64> {
        match self.function {
            Some(Function::Closure(closure)) => line_at(closure, self.pc),
            _ => None,
        }
    }

    /// What kind of variable the function was called by, and the name of that.
    pub fn name(&self) -> Option<(&'static str, Text)> {
        let (closure, pc) = self.caller?;
        crate::names::called(closure, pc)
    }
}

/// The active functions of one thread.
pub struct Stack<'gc, 'a> {
    frames: &'a [Frame<'gc>],
    /// The callback that is running, which has no frame.
    running: Option<Callback<'gc>>,
    /// The Lua function that called it in tail position, which has no frame any more.
    tail_caller: Option<(Closure<'gc>, usize)>,
    main: bool,
}

impl<'gc, 'a> Stack<'gc, 'a> {
    pub(crate) fn new(
        frames: &'a [Frame<'gc>],
        running: Option<Callback<'gc>>,
        tail_caller: Option<(Closure<'gc>, usize)>,
        main: bool,
    ) -> Self {
        Self {
            frames,
            running,
            tail_caller,
            main,
        }
    }

    /// The function at that level, 0 being the innermost.
    pub fn level(&self, level: usize) -> Option<Active<'gc>> {
        self.iter().nth(level)
    }

    /// No more functions than this are active, give or take two.
    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Innermost first.
    pub fn iter(&self) -> impl Iterator<Item = Active<'gc>> + '_ {
        let lua = |closure, pc| Active::new(Some(Function::Closure(closure)), pc);
        let native = |callback: Option<Callback<'gc>>| {
            Active::new(callback.map(Function::Callback), 0)
        };
        let running = self.running.map(|callback| Active {
            caller: match self.tail_caller {
                Some(caller) => Some(caller),
                None => lua_frame(self.frames.last()),
            },
            ..native(Some(callback))
        });
        let tail_caller = self.tail_caller.map(|(closure, pc)| lua(closure, pc));
        let framed = (0..self.frames.len()).rev().flat_map(move |index| {
            let caller = index
                .checked_sub(1)
                .and_then(|below| lua_frame(self.frames.get(below)));
            let mut below = None;
            let (active, lost) = match self.frames.get(index) {
                Some(Frame::Lua { closure, pc, tail_calls, bottom, base, .. }) => {
                    let active = Active {
                        place: Some((*bottom, *base)),
                        tail_called: *tail_calls > 0,
                        caller: caller.filter(|_| *tail_calls == 0),
                        ..lua(*closure, *pc)
                    };
                    let shown = numbers::style() == Style::Lua51;
                    (Some(active), if shown { *tail_calls } else { 0 })
                }
                Some(Frame::Sequence { sequence, .. }) => {
                    let hidden =
                        sequence.callback().is_none() && matches!(sequence.role(), Role::Handling(_));
                    let mut active = Active {
                        caller,
                        ..native(sequence.callback())
                    };
                    if let Role::Handling(Some((closure, pc))) = sequence.role() {
                        active.caller = Some((closure, pc));
                        below = Some(lua(closure, pc));
                    }
                    (Some(active).filter(|_| !hidden), 0)
                }
                Some(Frame::Callback { callback, .. }) => {
                    (Some(Active { caller, ..native(Some(*callback)) }), 0)
                }
                _ => (None, 0),
            };
            let lost = (0..lost).map(|_| Active {
                lost: true,
                ..Active::new(None, 0)
            });
            active.into_iter().chain(below).chain(lost)
        });
        let outermost = self.main.then(|| native(None));
        running.into_iter().chain(tail_caller).chain(framed).chain(outermost)
    }
}

fn lua_frame<'gc>(frame: Option<&Frame<'gc>>) -> Option<(Closure<'gc>, usize)> {
    match frame {
        Some(Frame::Lua { closure, pc, .. }) => Some((*closure, *pc)),
        _ => None,
    }
}

impl<'gc> Thread<'gc> {
    /// Looks at the functions that are active in a thread that does not run. If an error ended it, those
    /// that were active then.
    pub fn active(self) -> Vec<Active<'gc>> {
        let inner = self.into_inner();
        let Ok(state) = inner.try_borrow() else {
            return Vec::new();
        };
        match &state.failure {
            Some(failure) => failure.active.clone(),
            None => Stack::new(&state.frames, None, None, false).iter().collect(),
        }
    }

    /// Takes the error that ended this thread.
    pub fn take_failure(self, ctx: Context<'gc>) -> Option<Value<'gc>> {
        let mut state = self.into_inner().try_borrow_mut(&ctx).ok()?;
        state.failure.take().map(|failure| failure.error)
    }
}

impl<'gc> Execution<'gc, '_> {
    /// `chunk:line: ` of the function at that level, 1 being the caller; empty if that is not Lua.
    pub fn position(&self, level: usize) -> Vec<u8> {
        let active = self.active().level(level);
        match active.and_then(|active| Some((active.function?, active.line()?))) {
            Some((Function::Closure(closure), line)) => {
                let mut text = crate::chunk_name::shown(closure.prototype().chunk_name.as_bytes());
                text.extend_from_slice(format!(":{line}: ").as_bytes());
                text
            }
            _ => Vec::new(),
        }
    }
}

/// The line of the instruction before this one, from 1.
pub(crate) fn line_at(closure: Closure<'_>, pc: usize) -> Option<u64> {
    let prototype = closure.prototype();
    let lines = &prototype.opcode_line_numbers;
    let after = lines.partition_point(|(first, _)| *first <= pc.saturating_sub(1));
    lines.get(after.checked_sub(1)?).map(|(_, line)| line.0 + 1)
}

/// The lines where a function's source begins and ends, from 1; both are 0 for a main chunk.
pub fn source_lines(prototype: &FunctionPrototype<'_>) -> (u64, u64) {
    let debug = &prototype.debug;
    (u64::from(debug.first_line), u64::from(debug.last_line))
}

/// The lines that have code, from 1.
pub fn active_lines<'a>(
    prototype: &'a FunctionPrototype<'_>,
) -> impl Iterator<Item = u64> + 'a {
    prototype.opcode_line_numbers.iter().map(|(_, line)| line.0 + 1)
}

impl<'gc> Execution<'gc, '_> {
    /// The value of an upvalue, be it a variable of the running thread or not.
    pub fn upvalue(
        &self,
        ctx: Context<'gc>,
        stack: &crate::Stack<'gc, '_>,
        upvalue: UpValue<'gc>,
    ) -> Value<'gc> {
        match upvalue.get() {
            UpValueState::Closed(value) => value,
            UpValueState::Open(open) if self.runs(open) => {
                stack.values.get(open.stack_index).copied().unwrap_or_default()
            }
            UpValueState::Open(open) => open.get(&ctx),
        }
    }

    /// Gives an upvalue another value.
    pub fn set_upvalue(
        &self,
        ctx: Context<'gc>,
        stack: &mut crate::Stack<'gc, '_>,
        upvalue: UpValue<'gc>,
        value: Value<'gc>,
    ) {
        match upvalue.get() {
            UpValueState::Closed(_) => upvalue.set(&ctx, UpValueState::Closed(value)),
            UpValueState::Open(open) if self.runs(open) => {
                if let Some(slot) = stack.values.get_mut(open.stack_index) {
                    *slot = value;
                }
            }
            UpValueState::Open(open) => open.set(&ctx, value),
        }
    }

    fn runs(&self, open: OpenUpValue<'gc>) -> bool {
        open.thread.as_ptr() == Gc::as_ptr(self.current_thread().thread.into_inner())
    }
}

/// The name of an upvalue, if it is known.
pub fn upvalue_name(prototype: &FunctionPrototype<'_>, index: usize) -> Text {
    match prototype.debug.upvalues.get(index) {
        Some(name) => name.display_lossy().to_string(),
        None => Text::new(),
    }
}

/// The name of a parameter, counted from 0.
pub fn parameter_name(prototype: &FunctionPrototype<'_>, index: usize) -> Option<Text> {
    let local = prototype.debug.locals.get(index)?;
    let is_parameter = index < usize::from(prototype.fixed_params);
    is_parameter.then(|| local.name.display_lossy().to_string())
}
