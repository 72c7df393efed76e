//! The module `json`: `encode(value)` and `decode(text)`, each with `nil, message` on failure.

use piccolo::{Callback, CallbackReturn, Context, Table, Value};

use crate::arguments::{any, new_string, string};
use crate::json;

pub(super) fn module(ctx: Context<'_>) -> Table<'_> {
    let module = Table::new(&ctx);
    module.set_field(
        ctx,
        "encode",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            match json::encode(any(ctx, &stack, 0, "encode")?) {
                Ok(text) => stack.replace(ctx, new_string(ctx, text)),
                Err(problem) => stack.replace(ctx, (Value::Nil, problem)),
            }
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "decode",
        Callback::from_fn_with(
            &ctx,
            json::object_metatable(ctx),
            |metatable, ctx, _, mut stack| {
                let text = string(ctx, &stack, 0, "decode")?;
                match json::decode(ctx, *metatable, text.as_bytes()) {
                    Ok(value) => stack.replace(ctx, value),
                    Err(problem) => stack.replace(ctx, (Value::Nil, problem)),
                }
                Ok(CallbackReturn::Return)
            },
        ),
    );
    module
}
