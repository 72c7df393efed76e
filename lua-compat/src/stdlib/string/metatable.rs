//! The metatable of strings: methods, and in Lua 5.4 the arithmetic on texts that look like numbers.

use piccolo::meta_ops::{self, MetaMethod, MetaOperatorError, MetaResult};
use piccolo::{Callback, CallbackReturn, Context, Error, Stack, Table, Value, metatables};

use crate::arguments::{error, exact};
use crate::wit::exports::bulkhead::policy::script::Dialect;

type Operation = for<'gc> fn(
    Context<'gc>,
    Value<'gc>,
    Value<'gc>,
) -> Result<MetaResult<'gc, 2>, MetaOperatorError>;

const OPERATIONS: [(&str, MetaMethod, Operation); 7] = [
    ("__add", MetaMethod::Add, meta_ops::add),
    ("__sub", MetaMethod::Sub, meta_ops::subtract),
    ("__mul", MetaMethod::Mul, meta_ops::multiply),
    ("__mod", MetaMethod::Mod, meta_ops::modulo),
    ("__pow", MetaMethod::Pow, meta_ops::exponentiate),
    ("__div", MetaMethod::Div, meta_ops::float_divide),
    ("__idiv", MetaMethod::IDiv, meta_ops::floor_divide),
];

pub(super) fn install<'gc>(ctx: Context<'gc>, dialect: Dialect, library: Table<'gc>) {
    let metatable = Table::new(&ctx);
    metatable.set_field(ctx, "__index", library);
    metatables::set(ctx, Value::String(ctx.intern_static(b"")), Some(metatable));
    if dialect == Dialect::Lua51 {
        return;
    }
    for (name, method, operation) in OPERATIONS {
        let callback = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
            let (one, other) = (stack.get(0), stack.get(1));
            match (numeric(one), numeric(other)) {
                (Some(one), Some(other)) => match operation(ctx, one, other) {
                    Ok(MetaResult::Value(value)) => {
                        stack.replace(ctx, value);
                        Ok(CallbackReturn::Return)
                    }
                    // Raised by native code, these errors have no position.
                    _ if method == MetaMethod::Mod => Err(exact("attempt to perform 'n%0'")),
                    _ => Err(exact("attempt to divide by zero")),
                },
                _ => other_metamethod(ctx, stack, (one, other), method),
            }
        });
        metatable.set_field(ctx, name, callback);
    }
    let negate = Callback::from_fn(&ctx, |ctx, _, mut stack| {
        let (value, other) = (stack.get(0), stack.get(1));
        match numeric(value).map(|number| meta_ops::negate(ctx, number)) {
            Some(Ok(MetaResult::Value(number))) => {
                stack.replace(ctx, number);
                Ok(CallbackReturn::Return)
            }
            _ => other_metamethod(ctx, stack, (value, other), MetaMethod::Unm),
        }
    });
    metatable.set_field(ctx, "__unm", negate);
}

fn numeric(value: Value<'_>) -> Option<Value<'_>> {
    match value {
        Value::Integer(_) | Value::Number(_) | Value::String(_) => value.to_numeric(),
        _ => None,
    }
}

/// Tries the metamethod of the second operand; it cannot be a string.
fn other_metamethod<'gc>(
    ctx: Context<'gc>,
    mut stack: Stack<'gc, '_>,
    (one, other): (Value<'gc>, Value<'gc>),
    method: MetaMethod,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let metatable = match other {
        Value::Table(table) => table.metatable(),
        Value::UserData(data) => data.metatable(),
        _ => None,
    };
    let metamethod = metatable.map_or(Value::Nil, |table| table.get_value(ctx, method));
    if metamethod.is_nil() {
        return Err(error(
            ctx,
            format!(
                "attempt to {} a '{}' with a '{}'",
                method.name().trim_start_matches('_'),
                one.type_name(),
                other.type_name()
            ),
        ));
    }
    stack.replace(ctx, (one, other));
    Ok(CallbackReturn::Call {
        function: meta_ops::call(ctx, metamethod)?,
        then: None,
    })
}
