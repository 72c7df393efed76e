//! Variables, fields and methods: assigning to them and getting at them.

use piccolo::String as LuaString;
use piccolo::opcode::Operation;
use piccolo::types::{RegisterIndex, UpValueIndex};

use super::expression::{Expression, Kind};
use super::function::{Function, TooMany};

impl<'gc> Function<'gc> {
    /// Assigns the value to a variable.
    #[inline(never)]
    pub(super) fn store(
        &mut self,
        variable: &Expression<'gc>,
        value: &mut Expression<'gc>,
    ) -> Result<(), TooMany> {
        match variable.kind {
            Kind::Local(register) => {
                self.release_expression(value);
                return self.place_in(value, register);
            }
            Kind::Upvalue(index) => {
                let source = RegisterIndex(self.place_anywhere(value)?);
                self.emit(Operation::SetUpValue {
                    dest: UpValueIndex(index),
                    source,
                });
            }
            Kind::Indexed { table, key } => {
                let value = self.operand(value)?;
                self.emit(Operation::SetTable {
                    table: RegisterIndex(table),
                    key,
                    value,
                });
            }
            Kind::IndexedUpvalue { upvalue, key } => {
                let value = self.operand(value)?;
                self.emit(Operation::SetUpTable {
                    table: UpValueIndex(upvalue),
                    key,
                    value,
                });
            }
            _ => {}
        }
        self.release_expression(value);
        Ok(())
    }

    /// Puts `object.method` and the object into two registers for a call.
    #[inline(never)]
    pub(super) fn method(
        &mut self,
        object: &mut Expression<'gc>,
        name: LuaString<'gc>,
    ) -> Result<(), TooMany> {
        let table = self.place_anywhere(object)?;
        self.release_expression(object);
        let base = self.next_register();
        self.reserve(2)?;
        let mut key = Expression::new(Kind::String(name));
        let key = self.operand(&mut key)?;
        self.emit(Operation::Method {
            base: RegisterIndex(base),
            table: RegisterIndex(table),
            key,
        });
        self.release_operand(key);
        object.kind = Kind::Register(base);
        Ok(())
    }

    /// Makes `table` into `table[key]`. The table is in a register or an upvalue.
    #[inline(never)]
    pub(super) fn indexed(
        &mut self,
        table: &mut Expression<'gc>,
        key: &mut Expression<'gc>,
    ) -> Result<(), TooMany> {
        let key = self.operand(key)?;
        table.kind = match table.kind {
            Kind::Upvalue(upvalue) => Kind::IndexedUpvalue { upvalue, key },
            Kind::Register(table) | Kind::Local(table) => Kind::Indexed { table, key },
            other => other,
        };
        Ok(())
    }
}
