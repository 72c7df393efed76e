//! Short ways into a table for the keys that instructions use most.

use ottavino_gc_arena::Gc;

use super::{CanonicalKey, Key, RawTable};
use crate::{String, Value};

impl<'gc> RawTable<'gc> {
    /// The value under a string.
    #[inline]
    pub(crate) fn get_string(&self, key: String<'gc>) -> Value<'gc> {
        self.map
            .raw_entry()
            .from_hash(key.stored_hash(), |held| held.is_string(key))
            .map_or(Value::Nil, |(_, value)| *value)
    }

    /// What the array part holds under a key.
    #[inline]
    pub(crate) fn array_value(&self, key: Value<'gc>) -> Option<Value<'gc>> {
        self.array.get(array_index(key)?).copied()
    }

    /// The same as `get`, with a shorter way for strings.
    #[inline(never)]
    pub(crate) fn get_elsewhere(&self, key: Value<'gc>) -> Value<'gc> {
        match key {
            Value::String(key) => self.get_string(key),
            key => self.get(key),
        }
    }

    /// Where the value under a string stands, if there is one.
    #[inline]
    pub(crate) fn string_slot(&mut self, key: String<'gc>) -> Option<&mut Value<'gc>> {
        let (_, value) = self
            .map
            .raw_table_mut()
            .get_mut(key.stored_hash(), |(held, _)| held.is_string(key))?;
        // Setting Nil also means to let go of the key.
        if value.is_nil() {
            None
        } else {
            Some(value)
        }
    }

    /// The place of a key in the array part.
    #[inline]
    pub(crate) fn array_slot(&mut self, key: Value<'gc>) -> Option<&mut Value<'gc>> {
        self.array.get_mut(array_index(key)?)
    }
}

impl<'gc> CanonicalKey<'gc> {
    /// A string's own hash; whatever else is one word is mixed with the seeds.
    #[inline]
    pub(super) fn hash(self) -> u64 {
        match self {
            CanonicalKey::String(text) => text.stored_hash(),
            CanonicalKey::Integer(integer) => crate::seeds::mix(integer as u64),
            other => other.rare_hash(),
        }
    }

    #[inline(never)]
    fn rare_hash(self) -> u64 {
        crate::seeds::mix(match self {
            CanonicalKey::String(text) => text.stored_hash(),
            CanonicalKey::Boolean(value) => u64::from(value),
            CanonicalKey::Integer(integer) => integer as u64,
            CanonicalKey::Number(bits) => bits,
            CanonicalKey::Table(table) => address(table.into_inner()),
            CanonicalKey::Closure(closure) => address(closure.into_inner()),
            CanonicalKey::Callback(callback) => address(callback.into_inner()),
            CanonicalKey::Thread(thread) => address(thread.into_inner()),
            CanonicalKey::UserData(data) => address(data.into_inner()),
        })
    }
}

fn address<T>(pointer: Gc<'_, T>) -> u64 {
    Gc::as_ptr(pointer) as usize as u64
}

impl<'gc> Key<'gc> {
    #[inline]
    fn is_string(&self, key: String<'gc>) -> bool {
        match self {
            Key::Live(CanonicalKey::String(held)) => held.same(key),
            Key::Live(_) => false,
            Key::Dead(held) => *held == Gc::as_ptr(key.into_inner()) as *const (),
        }
    }
}

/// The index in the array part that a key would have. Does not look at keys beyond 32 bits.
#[inline]
fn array_index(key: Value<'_>) -> Option<usize> {
    match key {
        Value::Integer(i) => usize::try_from(i.wrapping_sub(1)).ok(),
        Value::Number(n) => {
            let i = n as u32;
            (f64::from(i) == n && i > 0).then(|| i as usize - 1)
        }
        _ => None,
    }
}
