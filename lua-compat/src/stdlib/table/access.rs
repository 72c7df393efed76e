//! Reading and writing elements, with metamethods where the dialect and the table ask for them.
//!
//! Nothing here calls Lua code: what must be called is handed to the sequence that works on the table.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::meta_ops::{self, MetaResult};
use piccolo::{
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Function, Sequence,
    SequencePoll, Stack, Table, Value,
};

use super::SLICE;
use crate::arguments::{buffer, error, expected, lua51};

/// What a function does with the values that it treats as tables.
pub(super) const READS: &[&str] = &["__index"];
pub(super) const WRITES: &[&str] = &["__newindex"];
pub(super) const READS_LENGTH: &[&str] = &["__index", "__len"];
pub(super) const ALL: &[&str] = &["__index", "__newindex", "__len"];

/// The argument as something that can be treated as a table: in Lua 5.4 also a value whose metatable has
/// these metamethods.
pub(super) fn table_like<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
    needs: &[&'static str],
) -> Result<Value<'gc>, Error<'gc>> {
    let value = stack.get(index);
    let metatable = match value {
        Value::Table(_) => return Ok(value),
        Value::UserData(data) if !lua51() => data.metatable(),
        _ => None,
    };
    let fits = metatable.is_some_and(|metatable| {
        needs
            .iter()
            .all(|name| !metatable.get_value(ctx, *name).is_nil())
    });
    if fits {
        Ok(value)
    } else {
        Err(expected(ctx, stack, index, function, "table"))
    }
}

/// The table, if its elements are read and written without metamethods.
pub(super) fn raw<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> Option<Table<'gc>> {
    let Value::Table(table) = value else {
        return None;
    };
    let plain = lua51()
        || table.metatable().is_none_or(|metatable| {
            metatable.get_value(ctx, "__index").is_nil()
                && metatable.get_value(ctx, "__newindex").is_nil()
        });
    plain.then_some(table)
}

/// A table's element, without metamethods.
pub(super) fn get_raw<'gc>(table: Table<'gc>, index: i64) -> Value<'gc> {
    table.get_raw(Value::Integer(index))
}

/// Sets a table's element, without metamethods.
pub(super) fn set_raw<'gc>(ctx: Context<'gc>, table: Table<'gc>, index: i64, value: Value<'gc>) {
    // Only nil and NaN are no keys.
    let _ = table.set_raw(&ctx, Value::Integer(index), value);
}

/// Puts a value behind the last element. Fails, instead of ending the program, if memory runs out.
pub(super) fn append<'gc>(
    ctx: Context<'gc>,
    table: Table<'gc>,
    length: i64,
    value: Value<'gc>,
) -> Result<(), Error<'gc>> {
    const PROBED: usize = 4096;
    {
        let mut state = table.into_inner().borrow_mut(&ctx);
        let room = state.raw_table.array().len();
        if usize::try_from(length) == Ok(room) && !value.is_nil() {
            if room > PROBED {
                // The new array lives beside the old one while it is filled.
                buffer(ctx, room.saturating_mul(size_of::<Value<'gc>>()))?;
            }
            state.raw_table.grow_array(1);
        }
    }
    set_raw(ctx, table, length.wrapping_add(1), value);
    Ok(())
}

/// An element, or what must be called to get it.
pub(super) fn get<'gc>(
    ctx: Context<'gc>,
    from: Value<'gc>,
    index: i64,
) -> Result<MetaResult<'gc, 2>, Error<'gc>> {
    match from {
        Value::Table(table) if lua51() => Ok(MetaResult::Value(get_raw(table, index))),
        _ => Ok(meta_ops::index(ctx, from, Value::Integer(index))?),
    }
}

/// Sets an element. `Some`: the arguments are on the stack from `bottom`, and this must be called.
pub(super) fn set<'gc>(
    ctx: Context<'gc>,
    stack: &mut Stack<'gc, '_>,
    to: Value<'gc>,
    index: i64,
    value: Value<'gc>,
) -> Result<Option<Function<'gc>>, Error<'gc>> {
    if let (Value::Table(table), true) = (to, lua51()) {
        set_raw(ctx, table, index, value);
        return Ok(None);
    }
    Ok(
        meta_ops::new_index(ctx, to, Value::Integer(index), value)?.map(|call| {
            stack.extend(call.args);
            call.function
        }),
    )
}

/// What a library function does once it knows the length of its first argument.
pub(super) type WithLength = for<'gc, 'a, 'b> fn(
    Context<'gc>,
    Execution<'gc, 'a>,
    Stack<'gc, 'b>,
    i64,
) -> Result<CallbackReturn<'gc>, Error<'gc>>;

/// Goes on with the length of the first argument, which `__len` may have to tell.
pub(super) fn with_length<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    then: WithLength,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let of = stack.get(0);
    let found = match of {
        Value::Table(table) if lua51() => MetaResult::Value(Value::Integer(table.length())),
        _ => meta_ops::len(ctx, of)?,
    };
    match found {
        MetaResult::Value(length) => then(ctx, execution, stack, length.to_integer().unwrap_or(0)),
        MetaResult::Call(call) => {
            let arguments = stack.drain(..).collect();
            stack.extend(call.args);
            Ok(CallbackReturn::Call {
                function: call.function,
                then: Some(BoxSequence::new(&ctx, AfterLength { arguments, then })),
            })
        }
    }
}

/// Waits for `__len`, then calls the function with its arguments.
#[derive(Collect)]
#[collect(no_drop)]
struct AfterLength<'gc> {
    arguments: Vec<Value<'gc>>,
    #[collect(require_static)]
    then: WithLength,
}

impl<'gc> Sequence<'gc> for AfterLength<'gc> {
    fn poll(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let Some(length) = stack.get(0).to_integer() else {
            return Err(error(ctx, "object length is not an integer"));
        };
        stack.clear();
        stack.extend(self.arguments.iter().copied());
        let then = self.then;
        Ok(SequencePoll::TailCall(
            Callback::from_fn(&ctx, move |ctx, execution, stack| {
                then(ctx, execution, stack, length)
            })
            .into(),
        ))
    }
}

/// How far a piece of work came.
pub(super) enum Progress<'gc> {
    Done,
    /// Go on in the next step.
    Pending,
    /// The arguments of this function are on the stack; go on with what it returns.
    Call(Function<'gc>),
}

#[derive(Collect, Clone, Copy, PartialEq, Eq)]
#[collect(require_static)]
enum Waiting {
    Nothing,
    Element,
    Stored,
}

/// Copies a run of elements, from one table to another or within one.
#[derive(Collect)]
#[collect(no_drop)]
pub(super) struct Copying<'gc> {
    pub(super) source: Value<'gc>,
    pub(super) target: Value<'gc>,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) count: u64,
    /// The last element goes first, for a target that lies above the source in the same table.
    pub(super) downwards: bool,
    done: u64,
    waiting: Waiting,
}

impl<'gc> Copying<'gc> {
    pub(super) fn new(
        source: Value<'gc>,
        target: Value<'gc>,
        (from, to): (i64, i64),
        count: u64,
        downwards: bool,
    ) -> Self {
        Self {
            source,
            target,
            from,
            to,
            count,
            downwards,
            done: 0,
            waiting: Waiting::Nothing,
        }
    }

    /// Copies some elements. What lies on the stack above `bottom` is taken.
    pub(super) fn advance(
        &mut self,
        ctx: Context<'gc>,
        execution: &mut Execution<'gc, '_>,
        stack: &mut Stack<'gc, '_>,
        bottom: usize,
    ) -> Result<Progress<'gc>, Error<'gc>> {
        let before = self.done;
        let progress = self.run(ctx, stack, bottom);
        let elements = i32::try_from(self.done - before).unwrap_or(i32::MAX);
        execution.fuel().consume(elements);
        progress
    }

    fn run(
        &mut self,
        ctx: Context<'gc>,
        stack: &mut Stack<'gc, '_>,
        bottom: usize,
    ) -> Result<Progress<'gc>, Error<'gc>> {
        match std::mem::replace(&mut self.waiting, Waiting::Nothing) {
            Waiting::Nothing => {}
            Waiting::Element => {
                let value = stack.get(bottom);
                stack.resize(bottom);
                if let Some(call) = self.store(ctx, stack, value)? {
                    return Ok(Progress::Call(call));
                }
            }
            Waiting::Stored => stack.resize(bottom),
        }
        if let (Some(source), Some(target)) = (raw(ctx, self.source), raw(ctx, self.target)) {
            return Ok(self.run_raw(ctx, source, target));
        }
        for _ in 0..SLICE {
            if self.done >= self.count {
                return Ok(Progress::Done);
            }
            match get(ctx, self.source, self.position(self.from))? {
                MetaResult::Value(value) => {
                    if let Some(call) = self.store(ctx, stack, value)? {
                        return Ok(Progress::Call(call));
                    }
                }
                MetaResult::Call(call) => {
                    stack.extend(call.args);
                    self.waiting = Waiting::Element;
                    return Ok(Progress::Call(call.function));
                }
            }
        }
        Ok(Progress::Pending)
    }

    fn run_raw(
        &mut self,
        ctx: Context<'gc>,
        source: Table<'gc>,
        target: Table<'gc>,
    ) -> Progress<'gc> {
        let slice = (self.count - self.done).min(SLICE);
        if source != target || !self.within_array(ctx, source, slice) {
            for _ in 0..slice {
                let value = get_raw(source, self.position(self.from));
                set_raw(ctx, target, self.position(self.to), value);
                self.done += 1;
            }
        }
        if self.done < self.count {
            Progress::Pending
        } else {
            Progress::Done
        }
    }

    /// Moves elements within the part of a table that is an array, if all of them lie there.
    fn within_array(&mut self, ctx: Context<'gc>, table: Table<'gc>, slice: u64) -> bool {
        let (Ok(from), Ok(to), Ok(length)) = (
            usize::try_from(self.lowest(self.from, slice)),
            usize::try_from(self.lowest(self.to, slice)),
            usize::try_from(slice),
        ) else {
            return false;
        };
        let mut state = table.into_inner().borrow_mut(&ctx);
        let array = state.raw_table.array_mut();
        let fits = |first: usize| {
            first > 0
                && first
                    .checked_add(length)
                    .is_some_and(|end| end - 1 <= array.len())
        };
        if !fits(from) || !fits(to) {
            return false;
        }
        array.copy_within(from - 1..from - 1 + length, to - 1);
        self.done += slice;
        true
    }

    /// The lowest index among the next elements.
    fn lowest(&self, first: i64, slice: u64) -> i64 {
        let offset = if self.downwards {
            self.count - self.done - slice
        } else {
            self.done
        };
        first.wrapping_add(offset as i64)
    }

    fn position(&self, first: i64) -> i64 {
        self.lowest(first, 1)
    }

    fn store(
        &mut self,
        ctx: Context<'gc>,
        stack: &mut Stack<'gc, '_>,
        value: Value<'gc>,
    ) -> Result<Option<Function<'gc>>, Error<'gc>> {
        let call = set(ctx, stack, self.target, self.position(self.to), value)?;
        self.done += 1;
        if call.is_some() {
            self.waiting = Waiting::Stored;
        }
        Ok(call)
    }
}
