//! Corrections to the string library of the VM.

use piccolo::{Callback, CallbackReturn, Context, Value};

use super::library;
use crate::arguments::{error, integer, string};
use crate::wit::exports::bulkhead::policy::script::Dialect;

/// `string.rep` makes nothing longer, in bytes.
const LONGEST_STRING: i64 = i32::MAX as i64;

pub(super) fn install(ctx: Context<'_>, dialect: Dialect) {
    bounded_rep(ctx);
    if dialect == Dialect::Lua51 {
        let strings = library(ctx, "string");
        strings.set_field(ctx, "gfind", strings.get_value(ctx, "gmatch"));
    }
}

/// The VM's `string.rep` cuts its count to the width of a pointer, so too large a one is refused here.
fn bounded_rep(ctx: Context<'_>) {
    let strings = library(ctx, "string");
    let Value::Function(rep) = strings.get_value(ctx, "rep") else {
        return;
    };
    let bounded = Callback::from_fn_with(&ctx, rep, |rep, ctx, _, stack| {
        let length = string(ctx, &stack, 0, "rep")?.len();
        let count = integer(ctx, &stack, 1, "rep")?;
        let separator = stack.get(2).into_string(ctx).map_or(0, |text| text.len());
        let total = length.saturating_add(separator).saturating_mul(count);
        if count > LONGEST_STRING || total > LONGEST_STRING {
            return Err(error(ctx, "resulting string too large"));
        }
        Ok(CallbackReturn::Call {
            function: *rep,
            then: None,
        })
    });
    strings.set_field(ctx, "rep", bounded);
}
