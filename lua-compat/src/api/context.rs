//! The module `nauthilus_context`: data that the stages of one request hand to each other.
//!
//! Values are copied in and out: after a change to what `context_get` returned, set it again.

use piccolo::{Callback, CallbackReturn, Context, Table, Value};

use super::cbor;
use crate::arguments::{error, text};
use crate::host;
use crate::wit::bulkhead::policy::context;

pub(super) fn module(ctx: Context<'_>) -> Table<'_> {
    let module = Table::new(&ctx);
    module.set_field(
        ctx,
        "context_set",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let key = text(ctx, &stack, 0, "context_set")?;
            let value = stack.get(1);
            if value.is_nil() {
                host::with(|host| host.context_delete(&key));
            } else {
                let item = cbor::encode(value)
                    .map_err(|problem| error(ctx, format!("context_set: {problem}")))?;
                match host::try_with(|host| host.context_set(&key, &item)) {
                    Some(Err(context::Error::TooLarge)) => {
                        return Err(error(ctx, "context_set: the context would grow too large"));
                    }
                    Some(Err(context::Error::Malformed(problem))) => {
                        return Err(error(ctx, format!("context_set: {problem}")));
                    }
                    Some(Ok(())) | None => {}
                }
            }
            stack.clear();
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "context_get",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let key = text(ctx, &stack, 0, "context_get")?;
            let value = match host::with(|host| host.context_get(&key)) {
                Some(item) => cbor::decode(ctx, &item)
                    .map_err(|problem| error(ctx, format!("context_get: {problem}")))?,
                None => Value::Nil,
            };
            stack.replace(ctx, value);
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "context_delete",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let key = text(ctx, &stack, 0, "context_delete")?;
            host::with(|host| host.context_delete(&key));
            stack.clear();
            Ok(CallbackReturn::Return)
        }),
    );
    module
}
