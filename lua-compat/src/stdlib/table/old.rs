//! What only Lua 5.1 has: `getn`, `setn`, `maxn`, `foreach` and `foreachi`.

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::table::NextValue;
use piccolo::{
    BoxSequence, CallbackReturn, Context, Error, Execution, Function, Sequence, SequencePoll,
    Stack, Table, Value,
};

use super::access::get_raw;
use super::{Native, SLICE};
use crate::arguments::{error, expected, table, whole};

pub(super) const FUNCTIONS: [(&str, Native); 5] = [
    ("foreach", foreach),
    ("foreachi", foreachi),
    ("getn", getn),
    ("maxn", maxn),
    ("setn", setn),
];

fn getn<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let length = table(ctx, &stack, 0, "getn")?.length();
    stack.replace(ctx, whole(length));
    Ok(CallbackReturn::Return)
}

fn setn<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    table(ctx, &stack, 0, "setn")?;
    Err(error(ctx, "'setn' is obsolete"))
}

fn maxn<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let table = table(ctx, &stack, 0, "maxn")?;
    stack.clear();
    let sequence = Maxn {
        table,
        key: Value::Nil,
        largest: 0.0,
    };
    Ok(CallbackReturn::Sequence(BoxSequence::new(&ctx, sequence)))
}

/// Looks at every key.
#[derive(Collect)]
#[collect(no_drop)]
struct Maxn<'gc> {
    table: Table<'gc>,
    key: Value<'gc>,
    largest: f64,
}

impl<'gc> Sequence<'gc> for Maxn<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        for _ in 0..SLICE {
            execution.fuel().consume(1);
            let NextValue::Found { key, .. } = self.table.next(self.key) else {
                stack.replace(ctx, self.largest);
                return Ok(SequencePoll::Return);
            };
            self.key = key;
            match key {
                Value::Integer(number) => self.largest = self.largest.max(number as f64),
                Value::Number(number) => self.largest = self.largest.max(number),
                _ => {}
            }
        }
        Ok(SequencePoll::Pending)
    }
}

fn function<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    name: &str,
) -> Result<Function<'gc>, Error<'gc>> {
    match stack.get(1) {
        Value::Function(function) => Ok(function),
        _ => Err(expected(ctx, stack, 1, name, "function")),
    }
}

fn foreach<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let sequence = Foreach {
        table: table(ctx, &stack, 0, "foreach")?,
        function: function(ctx, &stack, "foreach")?,
        key: Value::Nil,
        last: None,
    };
    stack.clear();
    Ok(CallbackReturn::Sequence(BoxSequence::new(&ctx, sequence)))
}

fn foreachi<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let table = table(ctx, &stack, 0, "foreachi")?;
    let sequence = Foreach {
        table,
        function: function(ctx, &stack, "foreachi")?,
        key: Value::Integer(0),
        last: Some(table.length()),
    };
    stack.clear();
    Ok(CallbackReturn::Sequence(BoxSequence::new(&ctx, sequence)))
}

/// Calls a function for one pair after the other until it returns something.
#[derive(Collect)]
#[collect(no_drop)]
struct Foreach<'gc> {
    table: Table<'gc>,
    function: Function<'gc>,
    key: Value<'gc>,
    /// Only the elements up to here, in order, and not all pairs.
    last: Option<i64>,
}

impl<'gc> Sequence<'gc> for Foreach<'gc> {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let returned = stack.get(0);
        if !returned.is_nil() {
            stack.resize(1);
            return Ok(SequencePoll::Return);
        }
        stack.clear();
        let (key, value) = match (self.last, self.key) {
            (Some(last), Value::Integer(index)) if index < last => {
                let index = index + 1;
                self.key = Value::Integer(index);
                (whole(index), get_raw(self.table, index))
            }
            (Some(_), _) => return Ok(SequencePoll::Return),
            (None, key) => match self.table.next(key) {
                NextValue::Found { key, value } => {
                    self.key = key;
                    (key, value)
                }
                NextValue::Last => return Ok(SequencePoll::Return),
                NextValue::NotFound => return Err(error(ctx, "invalid key to 'next'")),
            },
        };
        stack.extend([key, value]);
        Ok(SequencePoll::Call {
            bottom: 0,
            function: self.function,
        })
    }
}
