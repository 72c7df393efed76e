//! The metatable of all strings, and what it has to do with operators.
//!
//! One per VM. It is an ordinary table that scripts can get and change; the library `string` fills it.

use ottavino_gc_arena::{lock::Lock, Collect, Gc, Rootable};

use crate::{
    meta_ops::MetaMethod,
    numbers::{self, Style},
    Context, Singleton, Table, Value,
};

#[derive(Copy, Clone, Collect)]
#[collect(no_drop)]
struct Metatable<'gc>(Gc<'gc, Lock<Option<Table<'gc>>>>);

impl<'gc> Singleton<'gc> for Metatable<'gc> {
    fn create(ctx: Context<'gc>) -> Self {
        Metatable(Gc::new(&ctx, Lock::new(None)))
    }
}

/// The metatable of strings; none until one was set.
pub fn metatable<'gc>(ctx: Context<'gc>) -> Option<Table<'gc>> {
    ctx.singleton::<Rootable![Metatable<'_>]>().0.get()
}

/// Gives strings another metatable.
pub fn set_metatable<'gc>(ctx: Context<'gc>, metatable: Option<Table<'gc>>) {
    ctx.singleton::<Rootable![Metatable<'_>]>()
        .0
        .set(&ctx, metatable);
}

fn is_arithmetic(method: MetaMethod) -> bool {
    !matches!(
        method,
        MetaMethod::Concat | MetaMethod::Lt | MetaMethod::Le | MetaMethod::Eq
    )
}

/// Whether the operator is left to the metatable. In Lua 5.4 operators do not take strings for numbers;
/// the metatable of strings does.
pub(crate) fn left_to_metatable(method: MetaMethod, operands: &[Value<'_>]) -> bool {
    operands
        .iter()
        .any(|operand| matches!(operand, Value::String(_)))
        && numbers::style() == Style::Lua54
        && is_arithmetic(method)
}

/// What an operand is in messages. In Lua 5.1 text that looks like a number is one for arithmetic.
pub(crate) fn operand(method: MetaMethod, value: Value<'_>) -> &'static str {
    match value {
        Value::String(_)
            if numbers::style() == Style::Lua51
                && is_arithmetic(method)
                && value.to_numeric().is_some() =>
        {
            "number"
        }
        _ => value.type_name(),
    }
}
