//! `sort`: PUC-Rio's quicksort, as a machine that can stop before every comparison.
//!
//! The order in which elements are compared and swapped is PUC-Rio's in each dialect, so even an
//! inconsistent comparison function leaves the same table behind or raises the same error. A comparison
//! function may also yield, which PUC-Rio refuses. Where the table has metamethods (5.4), a copy is
//! sorted and written back.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::meta_ops::{self, MetaOperatorError, MetaResult};
use piccolo::{
    BoxSequence, CallbackReturn, Context, Error, Execution, Function, Sequence, SequencePoll,
    Stack, Table, Value,
};

use super::SLICE;
use super::access::{ALL, Copying, Progress, get_raw, raw, set_raw, table_like, with_length};
use crate::arguments::{bad, error, exact, expected, lua51, type_name};

/// From this many elements on, Lua 5.4 does not trust the middle one as pivot if the halves are unequal.
const LARGE: u64 = 100;
/// After so many useless rounds an inconsistent comparison function is an error.
const MOST_WASTED: u32 = 1000;

/// `table.sort(list [, comp])`.
pub(super) fn sort<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    table_like(ctx, &stack, 0, "sort", ALL)?;
    with_length(ctx, execution, stack, sort_list)
}

fn sort_list<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    length: i64,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    if length <= 1 && !lua51() {
        stack.clear();
        return Ok(CallbackReturn::Return);
    }
    if length >= i64::from(i32::MAX) {
        return Err(bad(ctx, 0, "sort", "array too big"));
    }
    let by = match stack.get(1) {
        Value::Nil => None,
        Value::Function(function) => Some(function),
        _ => return Err(expected(ctx, &stack, 1, "sort", "function")),
    };
    let list = stack.get(0);
    stack.clear();
    if length <= 1 {
        return Ok(CallbackReturn::Return);
    }
    let (table, copying) = match raw(ctx, list) {
        Some(table) => (table, None),
        None => {
            let copy = Table::new(&ctx);
            let source = Copying::new(list, copy.into(), (1, 1), length as u64, false);
            (copy, Some(source))
        }
    };
    let machine = Sort {
        copying,
        proxy: None,
        written_back: false,
        length,
        started: false,
        wasted: 0,
        table,
        by,
        waiting: Vec::new(),
        range: Range {
            low: 1,
            high: length,
            shuffle: 0,
        },
        state: State::Ends,
        asked: false,
        pivot: Value::Nil,
        up: 0,
        down: 0,
        one: Value::Nil,
        other: Value::Nil,
    };
    Ok(CallbackReturn::Sequence(BoxSequence::new(&ctx, machine)))
}

/// Elements that are yet to be sorted.
#[derive(Collect, Clone, Copy)]
#[collect(require_static)]
struct Range {
    low: i64,
    high: i64,
    /// Not 0: choose the pivot by this.
    shuffle: u64,
}

impl Range {
    fn pivot(&self) -> i64 {
        let width = self.high.wrapping_sub(self.low) as u64;
        if width < LARGE || self.shuffle == 0 {
            return self.low + (self.high - self.low) / 2;
        }
        let quarter = width / 4;
        self.low + quarter as i64 + (self.shuffle % (quarter * 2)) as i64
    }
}

/// Which comparison comes next.
#[derive(Collect, Clone, Copy)]
#[collect(require_static)]
enum State {
    /// Is the last element less than the first?
    Ends,
    /// Is the middle one less than the first?
    MiddleFirst,
    /// Is the last one less than the middle one?
    LastMiddle,
    /// Is the element at `up` less than the pivot?
    Up,
    /// Is the pivot less than the element at `down`?
    Down,
}

#[derive(Collect)]
#[collect(no_drop)]
struct Sort<'gc> {
    /// Fills the copy, or writes it back.
    copying: Option<Copying<'gc>>,
    /// Where the copy goes when it is sorted.
    proxy: Option<Value<'gc>>,
    written_back: bool,
    length: i64,
    started: bool,
    /// How often a range was divided into itself and nothing.
    wasted: u32,
    /// Accessed raw.
    table: Table<'gc>,
    by: Option<Function<'gc>>,
    /// The larger halves: no more than the logarithm of the length.
    waiting: Vec<Range>,
    range: Range,
    state: State,
    /// The answer of a comparison function or of `__lt` is on the stack.
    asked: bool,
    pivot: Value<'gc>,
    up: i64,
    down: i64,
    /// What is compared: is `one` less than `other`?
    one: Value<'gc>,
    other: Value<'gc>,
}

enum Next {
    Compare,
    Finished,
}

impl<'gc> Sort<'gc> {
    /// Begins with the current range, or the next one that has more than one element.
    fn enter(&mut self) -> Next {
        while self.range.low >= self.range.high {
            match self.waiting.pop() {
                Some(range) => self.range = range,
                None => return Next::Finished,
            }
        }
        self.compare(
            State::Ends,
            get_raw(self.table, self.range.high),
            get_raw(self.table, self.range.low),
        )
    }

    fn compare(&mut self, state: State, one: Value<'gc>, other: Value<'gc>) -> Next {
        self.state = state;
        self.one = one;
        self.other = other;
        Next::Compare
    }

    fn swap(&self, ctx: Context<'gc>, one: i64, other: i64) {
        let kept = get_raw(self.table, one);
        set_raw(ctx, self.table, one, get_raw(self.table, other));
        set_raw(ctx, self.table, other, kept);
    }

    /// Takes the answer to the comparison and goes on to the next one.
    fn answer(&mut self, ctx: Context<'gc>, less: bool) -> Result<Next, Error<'gc>> {
        let Range { low, high, .. } = self.range;
        let middle = self.range.pivot();
        match self.state {
            State::Ends => {
                if less {
                    self.swap(ctx, low, high);
                }
                if high - low == 1 {
                    return Ok(self.leave());
                }
                let one = get_raw(self.table, middle);
                let other = get_raw(self.table, low);
                Ok(self.compare(State::MiddleFirst, one, other))
            }
            State::MiddleFirst => {
                if less {
                    self.swap(ctx, middle, low);
                    return Ok(self.partition(ctx));
                }
                let one = get_raw(self.table, high);
                let other = get_raw(self.table, middle);
                Ok(self.compare(State::LastMiddle, one, other))
            }
            State::LastMiddle => {
                if less {
                    self.swap(ctx, middle, high);
                }
                Ok(self.partition(ctx))
            }
            State::Up => {
                if less {
                    let outside = if lua51() {
                        self.up > high
                    } else {
                        self.up == high - 1
                    };
                    if outside {
                        return Err(invalid_order(ctx));
                    }
                    return Ok(self.go_up());
                }
                Ok(self.go_down())
            }
            State::Down => {
                if less {
                    let outside = if lua51() {
                        self.down < low
                    } else {
                        self.down < self.up
                    };
                    if outside {
                        return Err(invalid_order(ctx));
                    }
                    return Ok(self.go_down());
                }
                if self.down < self.up {
                    self.swap(ctx, high - 1, self.up);
                    return self.divide(ctx);
                }
                self.swap(ctx, self.up, self.down);
                Ok(self.go_up())
            }
        }
    }

    /// The median of three is in the middle: elements are sorted to its sides.
    fn partition(&mut self, ctx: Context<'gc>) -> Next {
        let Range { low, high, .. } = self.range;
        if high - low == 2 {
            return self.leave();
        }
        let middle = self.range.pivot();
        self.pivot = get_raw(self.table, middle);
        self.swap(ctx, middle, high - 1);
        self.up = low;
        self.down = high - 1;
        self.go_up()
    }

    fn go_up(&mut self) -> Next {
        self.up += 1;
        self.compare(State::Up, get_raw(self.table, self.up), self.pivot)
    }

    fn go_down(&mut self) -> Next {
        self.down -= 1;
        self.compare(State::Down, self.pivot, get_raw(self.table, self.down))
    }

    /// The pivot is at `up`. The smaller half comes first.
    fn divide(&mut self, ctx: Context<'gc>) -> Result<Next, Error<'gc>> {
        let Range { low, high, shuffle } = self.range;
        let pivot = self.up;
        let below = Range {
            low,
            high: pivot - 1,
            shuffle,
        };
        let above = Range {
            low: pivot + 1,
            high,
            shuffle,
        };
        let (smaller, mut larger, width) = if pivot - low < high - pivot {
            (below, above, pivot - low)
        } else {
            (above, below, high - pivot)
        };
        if larger.low <= low && larger.high >= high {
            // An inconsistent order in Lua 5.1, with which PUC-Rio may go on for ever.
            self.wasted += 1;
            if self.wasted > MOST_WASTED {
                return Err(invalid_order(ctx));
            }
        }
        if !lua51() && (larger.high.wrapping_sub(larger.low) as u64) / 128 > width as u64 {
            // PUC-Rio takes its clocks for this; any number that differs does.
            larger.shuffle = shuffle
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(pivot as u64 | 1);
        }
        self.waiting.push(larger);
        self.range = smaller;
        Ok(self.enter())
    }

    fn leave(&mut self) -> Next {
        self.range.low = self.range.high;
        self.enter()
    }

    /// Sorts until it has to call something.
    fn run(
        &mut self,
        ctx: Context<'gc>,
        execution: &mut Execution<'gc, '_>,
        stack: &mut Stack<'gc, '_>,
    ) -> Result<Progress<'gc>, Error<'gc>> {
        let mut next = if std::mem::take(&mut self.asked) {
            let less = stack.get(0).to_bool();
            stack.clear();
            self.answer(ctx, less)?
        } else if !std::mem::replace(&mut self.started, true) {
            self.enter()
        } else {
            Next::Compare
        };
        for _ in 0..SLICE {
            if matches!(next, Next::Finished) {
                return Ok(Progress::Done);
            }
            execution.fuel().consume(2);
            if let Some(function) = self.by {
                stack.extend([self.one, self.other]);
                self.asked = true;
                return Ok(Progress::Call(function));
            }
            match less_than(ctx, self.one, self.other)? {
                MetaResult::Value(less) => next = self.answer(ctx, less.to_bool())?,
                MetaResult::Call(call) => {
                    stack.extend(call.args);
                    self.asked = true;
                    return Ok(Progress::Call(call.function));
                }
            }
        }
        Ok(if matches!(next, Next::Finished) {
            Progress::Done
        } else {
            Progress::Pending
        })
    }
}

impl<'gc> Sequence<'gc> for Sort<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        loop {
            let progress = match &mut self.copying {
                Some(copying) => copying.advance(ctx, &mut execution, &mut stack, 0)?,
                None => self.run(ctx, &mut execution, &mut stack)?,
            };
            match progress {
                Progress::Pending => return Ok(SequencePoll::Pending),
                Progress::Call(function) => {
                    return Ok(SequencePoll::Call {
                        bottom: 0,
                        function,
                    });
                }
                Progress::Done => match self.copying.take() {
                    Some(copied) if !self.written_back => {
                        // Kept for the way back.
                        self.proxy = Some(copied.source);
                    }
                    Some(_) => return Ok(SequencePoll::Return),
                    None => match self.proxy {
                        Some(proxy) => {
                            self.written_back = true;
                            let length = self.length as u64;
                            let copy = self.table.into();
                            self.copying = Some(Copying::new(copy, proxy, (1, 1), length, false));
                        }
                        None => return Ok(SequencePoll::Return),
                    },
                },
            }
        }
    }
}

fn invalid_order<'gc>(ctx: Context<'gc>) -> Error<'gc> {
    error(ctx, "invalid order function for sorting")
}

/// Compares without a comparison function. Errors have no position: to PUC-Rio, they happen in C.
pub(in crate::stdlib) fn less_than<'gc>(
    ctx: Context<'gc>,
    one: Value<'gc>,
    other: Value<'gc>,
) -> Result<MetaResult<'gc, 2>, Error<'gc>> {
    meta_ops::less_than(ctx, one, other).map_err(|problem| match problem {
        MetaOperatorError::Binary(..) => {
            let (one, other) = (type_name(ctx, one), type_name(ctx, other));
            exact(if one == other {
                format!("attempt to compare two {one} values")
            } else {
                format!("attempt to compare {one} with {other}")
            })
        }
        problem => problem.into(),
    })
}
