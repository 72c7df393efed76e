//! Indexing, calling and comparing values that have metamethods, by the rules of each dialect.
//!
//! Upstream goes from table to table of an `__index` chain through a new callback each time, and has the rules
//! of Lua 5.4 only. Here a chain is followed at once, up to PUC-Rio's limit.

use std::pin::Pin;

use ottavino_gc_arena::Collect;

use crate::{
    arithmetic,
    meta_ops::{MetaCall, MetaCallError, MetaMethod, MetaOperatorError, MetaResult},
    metatables,
    numbers::{self, Style},
    table::InvalidTableKey,
    BoxSequence, Callback, CallbackReturn, Context, Error, Execution, Function, Sequence,
    SequencePoll, Stack, Value,
};

fn is_lua51() -> bool {
    numbers::style() == Style::Lua51
}

/// Longest chain of tables behind `__index` or `__newindex` (PUC-Rio's MAXTAGLOOP).
fn longest_chain() -> usize {
    if is_lua51() {
        100
    } else {
        2000
    }
}

/// A value's metamethod; nil if it has none.
fn metamethod<'gc>(ctx: Context<'gc>, value: Value<'gc>, method: MetaMethod) -> Value<'gc> {
    match metatables::of(ctx, value) {
        Some(metatable) => metatable.get_value(ctx, method),
        None => Value::Nil,
    }
}

/// `table[key]`.
pub(crate) fn index<'gc>(
    ctx: Context<'gc>,
    table: Value<'gc>,
    key: Value<'gc>,
) -> Result<MetaResult<'gc, 2>, MetaOperatorError> {
    let mut table = table;
    for _ in 0..longest_chain() {
        let next = match table {
            Value::Table(inner) => {
                let found = inner.get_raw(key);
                if !found.is_nil() {
                    return Ok(MetaResult::Value(found));
                }
                let Some(metatable) = inner.metatable() else {
                    return Ok(MetaResult::Value(Value::Nil));
                };
                match metatable.get_value(ctx, MetaMethod::Index) {
                    Value::Nil => return Ok(MetaResult::Value(Value::Nil)),
                    next => next,
                }
            }
            other => match metamethod(ctx, other, MetaMethod::Index) {
                Value::Nil => {
                    return Err(MetaOperatorError::Unary(MetaMethod::Index, other.type_name()));
                }
                next => next,
            },
        };
        if let Value::Function(function) = next {
            return Ok(MetaResult::Call(MetaCall {
                function,
                args: [table, key],
            }));
        }
        table = next;
    }
    Err(MetaOperatorError::Loop(MetaMethod::Index))
}

/// `table[key] = value`. A call is left to make if there is a metamethod.
pub(crate) fn new_index<'gc>(
    ctx: Context<'gc>,
    table: Value<'gc>,
    key: Value<'gc>,
    value: Value<'gc>,
) -> Result<Option<MetaCall<'gc, 3>>, MetaOperatorError> {
    let mut table = table;
    for _ in 0..longest_chain() {
        let next = match table {
            Value::Table(inner) => {
                // Lua 5.1 looks for a place in the table before it asks the metatable.
                if is_lua51() {
                    match key {
                        Value::Nil => return Err(InvalidTableKey::IsNil.into()),
                        Value::Number(number) if number.is_nan() => {
                            return Err(InvalidTableKey::IsNaN.into());
                        }
                        _ => {}
                    }
                }
                let next = match inner.metatable() {
                    Some(metatable) if inner.get_raw(key).is_nil() => {
                        metatable.get_value(ctx, MetaMethod::NewIndex)
                    }
                    _ => Value::Nil,
                };
                if next.is_nil() {
                    inner.set_raw(&ctx, key, value)?;
                    return Ok(None);
                }
                next
            }
            other => match metamethod(ctx, other, MetaMethod::NewIndex) {
                Value::Nil => {
                    return Err(MetaOperatorError::Unary(
                        MetaMethod::NewIndex,
                        other.type_name(),
                    ));
                }
                next => next,
            },
        };
        if let Value::Function(function) = next {
            return Ok(Some(MetaCall {
                function,
                args: [table, key, value],
            }));
        }
        table = next;
    }
    Err(MetaOperatorError::Loop(MetaMethod::NewIndex))
}

/// What runs when the value is called. Lua 5.4 calls what `__call` is, if that is no function, in turn.
pub(crate) fn call<'gc>(
    ctx: Context<'gc>,
    value: Value<'gc>,
) -> Result<Function<'gc>, MetaCallError> {
    if let Value::Function(function) = value {
        return Ok(function);
    }
    let mut objects = vec![value];
    let mut called = value;
    for _ in 0..longest_chain() {
        match metamethod(ctx, called, MetaMethod::Call) {
            Value::Function(function) => {
                let callback = Callback::from_fn_with(
                    &ctx,
                    (objects, function),
                    |(objects, function), _, _, mut stack| {
                        for object in objects {
                            stack.push_front(*object);
                        }
                        Ok(CallbackReturn::Call {
                            function: *function,
                            then: None,
                        })
                    },
                );
                return Ok(callback.into());
            }
            Value::Nil => return Err(MetaCallError::new(called.type_name())),
            _ if is_lua51() => return Err(MetaCallError::new(value.type_name())),
            next => {
                objects.push(next);
                called = next;
            }
        }
    }
    Err(MetaCallError::new(called.type_name()))
}

/// The metamethod for a comparison. In Lua 5.1 both operands must have the same one.
fn comparison<'gc>(
    ctx: Context<'gc>,
    left: Value<'gc>,
    right: Value<'gc>,
    method: MetaMethod,
) -> Option<Value<'gc>> {
    let first = metamethod(ctx, left, method);
    if is_lua51() {
        let second = metamethod(ctx, right, method);
        let same = !first.is_nil() && arithmetic::identical(first, second);
        return same.then_some(first);
    }
    if !first.is_nil() {
        return Some(first);
    }
    Some(metamethod(ctx, right, method)).filter(|method| !method.is_nil())
}

/// `left < right` or `left <= right`.
pub(crate) fn order<'gc>(
    ctx: Context<'gc>,
    left: Value<'gc>,
    right: Value<'gc>,
    method: MetaMethod,
) -> Result<MetaResult<'gc, 2>, MetaOperatorError> {
    let raw = match method {
        MetaMethod::Lt => arithmetic::less(left, right),
        _ => arithmetic::less_or_equal(left, right),
    };
    if let Some(result) = raw {
        return Ok(MetaResult::Value(Value::Boolean(result)));
    }
    let wrong = || MetaOperatorError::Binary(method, left.type_name(), right.type_name());
    if is_lua51() && left.type_name() != right.type_name() {
        return Err(wrong());
    }
    let resolve = |value| call(ctx, value).map_err(|error| MetaOperatorError::Call(method, error));
    if let Some(value) = comparison(ctx, left, right, method) {
        return Ok(MetaResult::Call(MetaCall {
            function: resolve(value)?,
            args: [left, right],
        }));
    }
    if method == MetaMethod::Le {
        // As long as 5.4 is built to be compatible, it has this rule of 5.1, too.
        if let Some(value) = comparison(ctx, right, left, MetaMethod::Lt) {
            return Ok(MetaResult::Call(MetaCall {
                function: negated(ctx, resolve(value)?),
                args: [right, left],
            }));
        }
    }
    Err(wrong())
}

/// `left == right` of two tables or two userdata that are not the same.
pub(crate) fn equal<'gc>(
    ctx: Context<'gc>,
    left: Value<'gc>,
    right: Value<'gc>,
) -> Result<MetaResult<'gc, 2>, MetaOperatorError> {
    match comparison(ctx, left, right, MetaMethod::Eq) {
        None => Ok(MetaResult::Value(Value::Boolean(false))),
        Some(value) => Ok(MetaResult::Call(MetaCall {
            function: call(ctx, value)
                .map_err(|error| MetaOperatorError::Call(MetaMethod::Eq, error))?,
            args: [left, right],
        })),
    }
}

/// A function that returns the opposite.
fn negated<'gc>(ctx: Context<'gc>, function: Function<'gc>) -> Function<'gc> {
    Callback::from_fn_with(&ctx, function, |function, ctx, _, _| {
        Ok(CallbackReturn::Call {
            function: *function,
            then: Some(BoxSequence::new(&ctx, Negate)),
        })
    })
    .into()
}

#[derive(Collect)]
#[collect(require_static)]
struct Negate;

impl<'gc> Sequence<'gc> for Negate {
    fn poll(
        self: Pin<&mut Self>,
        ctx: Context<'gc>,
        _: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        let result = !stack.get(0).to_bool();
        stack.replace(ctx, result);
        Ok(SequencePoll::Return)
    }
}
