//! `nauthilus_builtin`: constants of both vocabularies, `custom_log_add`, `status_message_set`; and
//! `dynamic_loader`.

use piccolo::{Callback, CallbackReturn, Context, Table, Value};

use crate::arguments::text;
use crate::call;
use crate::convert::scalar;
use crate::host;
use crate::wit::bulkhead::policy::types;

const NUMBERS: [(&str, i64); 12] = [
    ("ACTION_RESULT_OK", 0),
    ("ACTION_RESULT_FAIL", 1),
    ("BACKEND_RESULT_OK", 0),
    ("BACKEND_RESULT_FAIL", 1),
    ("ENVIRONMENT_RESULT_OK", 0),
    ("ENVIRONMENT_RESULT_FAIL", 1),
    ("FEATURE_RESULT_OK", 0),
    ("FEATURE_RESULT_FAIL", 1),
    ("SUBJECT_RESULT_OK", 0),
    ("SUBJECT_RESULT_FAIL", 1),
    ("FILTER_RESULT_OK", 0),
    ("FILTER_RESULT_FAIL", 1),
];

const TRUTHS: [(&str, bool); 12] = [
    ("ENVIRONMENT_TRIGGER_NO", false),
    ("ENVIRONMENT_TRIGGER_YES", true),
    ("ENVIRONMENT_ABORT_NO", false),
    ("ENVIRONMENT_ABORT_YES", true),
    ("FEATURE_TRIGGER_NO", false),
    ("FEATURE_TRIGGER_YES", true),
    ("FEATURES_ABORT_NO", false),
    ("FEATURES_ABORT_YES", true),
    ("SUBJECT_ACCEPT", false),
    ("SUBJECT_REJECT", true),
    ("FILTER_ACCEPT", false),
    ("FILTER_REJECT", true),
];

pub(super) fn install(ctx: Context<'_>) -> Table<'_> {
    let builtin = Table::new(&ctx);
    for (name, value) in NUMBERS {
        builtin.set_field(ctx, name, value);
    }
    for (name, value) in TRUTHS {
        builtin.set_field(ctx, name, value);
    }
    builtin.set_field(
        ctx,
        "custom_log_add",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let key = text(ctx, &stack, 0, "custom_log_add")?;
            let value = scalar(stack.get(1))
                .unwrap_or_else(|| types::Value::Text("UNSUPPORTED".to_owned()));
            host::with(|host| host.log_add_field(&key, &value));
            stack.clear();
            Ok(CallbackReturn::Return)
        }),
    );
    builtin.set_field(
        ctx,
        "status_message_set",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let message = text(ctx, &stack, 0, "status_message_set")?;
            call::with(|call| call.status_message = Some(message));
            stack.clear();
            Ok(CallbackReturn::Return)
        }),
    );
    ctx.set_global("nauthilus_builtin", builtin);
    builtin
}

/// `dynamic_loader`: early releases loaded their modules through this; today `require` is enough.
pub(super) fn install_loader(ctx: Context<'_>) {
    ctx.set_global(
        "dynamic_loader",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            text(ctx, &stack, 0, "dynamic_loader")?;
            stack.replace(ctx, Value::Nil);
            Ok(CallbackReturn::Return)
        }),
    );
}
