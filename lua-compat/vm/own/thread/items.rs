//! Elements of a table constructor.
//!
//! Upstream keeps a counter in a register behind the table; here the instruction holds the first index, as
//! PUC-Rio's does, so that a table nested in a table takes one register.

use ottavino_gc_arena::Mutation;

use super::{
    thread::{Frame, LuaFrame},
    VMError,
};
use crate::{
    table::RawTable,
    types::{RegisterIndex, VarCount},
    Context, Table, Value,
};

/// Elements that a batch has, but for the last one.
const BATCH: i64 = 50;

impl<'gc> LuaFrame<'gc, '_> {
    /// Stores the values behind the table at `base` into it.
    pub(super) fn set_items(
        &mut self,
        mc: &Mutation<'gc>,
        base: RegisterIndex,
        count: VarCount,
        batch: u16,
    ) -> Result<(), VMError> {
        let Some(Frame::Lua {
            base: bottom,
            is_variable,
            stack_size,
            ..
        }) = self.state.frames.last_mut()
        else {
            return Ok(());
        };
        if count.is_variable() != *is_variable {
            return Err(VMError::ExpectedVariableStack(count.is_variable()));
        }
        let table = *bottom + base.0 as usize;
        let first = table + 1;
        let end = match count.to_constant() {
            Some(count) => first + count as usize,
            None => self.state.stack.len(),
        };
        let Some(Value::Table(target)) = self.state.stack.get(table).copied() else {
            return Err(VMError::BadSetList("nil", "nil"));
        };
        let items = self.state.stack.get(first..end).unwrap_or_default();
        self.fuel
            .consume(4_i32.saturating_add(i32::try_from(items.len()).unwrap_or(i32::MAX)));
        let before = usize::from(batch) * BATCH as usize;
        target
            .into_inner()
            .borrow_mut(mc)
            .raw_table
            .size_array(before + items.len());
        for (index, value) in (i64::from(batch) * BATCH + 1..).zip(items) {
            // An integer is always a key.
            let _ = target.set_raw(mc, Value::Integer(index), *value);
        }
        if count.is_variable() {
            let size = *bottom + *stack_size;
            *is_variable = false;
            self.state.stack.resize(size, Value::Nil);
        }
        Ok(())
    }

    /// Puts a table of the variable arguments into the register.
    pub(super) fn argument_table(&mut self, ctx: Context<'gc>, dest: RegisterIndex) {
        let Some(Frame::Lua { bottom, base, .. }) = self.state.frames.last() else {
            return;
        };
        let (bottom, base) = (*bottom, *base);
        let arguments = self.state.stack.get(bottom..base).unwrap_or_default();
        let count = arguments.len();
        self.fuel
            .consume(4_i32.saturating_add(i32::try_from(count).unwrap_or(i32::MAX)));
        let table = Table::from_parts(&ctx, RawTable::with_capacity(&ctx, count, 1), None);
        for (index, value) in (1_i64..).zip(arguments) {
            let _ = table.set_raw(&ctx, Value::Integer(index), *value);
        }
        table.set_field(ctx, "n", count as f64);
        if let Some(slot) = self.state.stack.get_mut(base + dest.0 as usize) {
            *slot = Value::Table(table);
        }
    }
}
