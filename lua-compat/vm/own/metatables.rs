//! The metatable of every value: tables and userdata have one each, the other types one per type.

use ottavino_gc_arena::{lock::Lock, Collect, Gc, Rootable};

use crate::{stdlib::StringMetatable, Context, Singleton, Table, Value};

/// The metatables of the types whose values have none of their own; strings first.
#[derive(Clone, Copy, Collect)]
#[collect(no_drop)]
struct Types<'gc>(Gc<'gc, Lock<[Metatable<'gc>; 6]>>);

#[derive(Clone, Copy, Collect)]
#[collect(no_drop)]
enum Metatable<'gc> {
    /// Nobody has asked yet.
    Initial,
    None,
    Some(Table<'gc>),
}

impl<'gc> Singleton<'gc> for Types<'gc> {
    fn create(ctx: Context<'gc>) -> Self {
        Self(Gc::new(&ctx, Lock::new([Metatable::Initial; 6])))
    }
}

fn index(value: Value<'_>) -> usize {
    match value {
        Value::String(_) => 0,
        Value::Boolean(_) => 1,
        Value::Integer(_) | Value::Number(_) => 2,
        Value::Function(_) => 3,
        Value::Thread(_) => 4,
        _ => 5,
    }
}

/// The metatable of a value.
pub fn of<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> Option<Table<'gc>> {
    match value {
        Value::Table(table) => table.metatable(),
        Value::UserData(data) => data.metatable(),
        _ => {
            let types = ctx.singleton::<Rootable![Types<'_>]>().0.get();
            match types.get(index(value))? {
                Metatable::Some(table) => Some(*table),
                Metatable::Initial if matches!(value, Value::String(_)) => {
                    let table = ctx.singleton::<Rootable![StringMetatable<'_>]>().0;
                    set(ctx, value, Some(table));
                    Some(table)
                }
                _ => None,
            }
        }
    }
}

/// Gives a value another metatable: where the type has one for all, to all of that type.
pub fn set<'gc>(ctx: Context<'gc>, value: Value<'gc>, metatable: Option<Table<'gc>>) {
    match value {
        Value::Table(table) => {
            table.set_metatable(&ctx, metatable);
        }
        Value::UserData(data) => {
            data.set_metatable(&ctx, metatable);
        }
        _ => {
            let types = ctx.singleton::<Rootable![Types<'_>]>().0;
            let mut all = types.get();
            if let Some(slot) = all.get_mut(index(value)) {
                *slot = metatable.map_or(Metatable::None, Metatable::Some);
            }
            types.set(&ctx, all);
        }
    }
}
