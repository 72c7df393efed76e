//! Reading and writing tables, as far as no function has to be called for it.

use ottavino_gc_arena::Gc;

use crate::{meta_ops::MetaMethod, Context, String, Table, Value};

/// Tables that stand behind each other with `__index`; longer chains are followed by upstream.
const LONGEST_CHAIN: usize = 16;

/// `table.key`; `None` where a function has to be called for it.
#[inline]
pub(super) fn field<'gc>(ctx: Context<'gc>, table: Table<'gc>, key: String<'gc>) -> Option<Value<'gc>> {
    let inner = Gc::as_ref(table.into_inner()).borrow();
    let value = inner.raw_table.get_string(key);
    if !value.is_nil() {
        return Some(value);
    }
    match inner.metatable {
        None => Some(Value::Nil),
        Some(metatable) => inherited(ctx, metatable, Value::String(key)),
    }
}

/// `table[key]`; `None` where a function has to be called for it.
#[inline]
pub(super) fn element<'gc>(ctx: Context<'gc>, table: Table<'gc>, key: Value<'gc>) -> Option<Value<'gc>> {
    let inner = Gc::as_ref(table.into_inner()).borrow();
    let value = match inner.raw_table.array_value(key) {
        Some(value) => value,
        None => inner.raw_table.get_elsewhere(key),
    };
    if !value.is_nil() {
        return Some(value);
    }
    match inner.metatable {
        None => Some(Value::Nil),
        Some(metatable) => inherited(ctx, metatable, key),
    }
}

#[inline(never)]
fn inherited<'gc>(ctx: Context<'gc>, mut metatable: Table<'gc>, key: Value<'gc>) -> Option<Value<'gc>> {
    let index = ctx.metamethod(MetaMethod::Index);
    for _ in 0..LONGEST_CHAIN {
        let behind = match metatable.into_inner().borrow().raw_table.get_string(index) {
            Value::Nil => return Some(Value::Nil),
            Value::Table(behind) => behind,
            _ => return None,
        };
        let inner = Gc::as_ref(behind.into_inner()).borrow();
        let value = inner.raw_table.get_elsewhere(key);
        if !value.is_nil() {
            return Some(value);
        }
        match inner.metatable {
            None => return Some(Value::Nil),
            Some(next) => metatable = next,
        }
    }
    None
}

/// `table.key = value`; false where nothing was done.
#[inline]
pub(super) fn set_field<'gc>(
    ctx: Context<'gc>,
    table: Table<'gc>,
    key: String<'gc>,
    value: Value<'gc>,
) -> bool {
    let mut inner = table.into_inner().borrow_mut(&ctx);
    // Setting Nil also means to let go of the key.
    if !value.is_nil() {
        if let Some(slot) = inner.raw_table.string_slot(key) {
            *slot = value;
            return true;
        }
    }
    inner.metatable.is_none() && inner.raw_table.set(Value::String(key), value).is_ok()
}

/// `table[key] = value`; false where nothing was done.
#[inline]
pub(super) fn set_element<'gc>(
    ctx: Context<'gc>,
    table: Table<'gc>,
    key: Value<'gc>,
    value: Value<'gc>,
) -> bool {
    let mut inner = table.into_inner().borrow_mut(&ctx);
    if let Some(slot) = inner.raw_table.array_slot(key) {
        if !slot.is_nil() {
            *slot = value;
            return true;
        }
    }
    inner.metatable.is_none() && inner.raw_table.set(key, value).is_ok()
}
