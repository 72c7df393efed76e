//! The module `nauthilus_backend`, of which filters have the two functions that change attributes.

use piccolo::{Callback, CallbackReturn, Context, Table};

use crate::arguments::{bad, table};
use crate::call;
use crate::convert::strings;
use crate::results;

pub(super) fn module(ctx: Context<'_>) -> Table<'_> {
    let module = Table::new(&ctx);
    module.set_field(
        ctx,
        "apply_backend_result",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let Some(result) = results::of(stack.get(0)) else {
                return Err(bad(
                    ctx,
                    0,
                    "apply_backend_result",
                    "nauthilus_backend_result expected",
                ));
            };
            let added = result.attributes();
            call::with(|call| {
                // What was applied later replaces what has the same name.
                call.add_attributes
                    .retain(|old| added.iter().all(|new| new.name != old.name));
                call.add_attributes.extend(added);
            });
            stack.clear();
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "remove_from_backend_result",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let names = strings(table(ctx, &stack, 0, "remove_from_backend_result")?);
            call::with(|call| call.remove_attributes.extend(names));
            stack.clear();
            Ok(CallbackReturn::Return)
        }),
    );
    module
}
