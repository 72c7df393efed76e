//! Assignments and calls as statements.

use piccolo::opcode::{Operation, RCIndex};
use piccolo::types::{RegisterIndex, VarCount};

use super::Problem;
use super::expression::{Expression, Kind};
use super::function::TooMany;
use super::parser::Parser;
use super::token::Token;

/// Most variables of one assignment in Lua 5.1.
const MOST_TARGETS_51: usize = 197;

impl<'gc> Parser<'gc, '_> {
    /// A call, or an assignment to one or more variables.
    #[inline(never)]
    pub(super) fn expression_statement(&mut self) -> Result<(), Problem> {
        let first = self.suffixed()?;
        // Lua 5.1 takes anything but a call for the begin of an assignment.
        let assigns = matches!(self.token, Token::Character(b'=' | b','));
        if let Kind::Call(place) = first.kind
            && (!assigns || self.lua51)
        {
            if let Some(Operation::Call { returns, .. }) = self.function.code.get_mut(place) {
                *returns = VarCount::constant(0);
            }
            return Ok(());
        }
        if !assigns && !self.lua51 {
            return Err(self.problem("syntax error"));
        }
        let mut targets = vec![first];
        self.check_assignable(&first)?;
        while self.skip_character(b',')? {
            let next = self.suffixed()?;
            if !matches!(
                next.kind,
                Kind::Indexed { .. } | Kind::IndexedUpvalue { .. }
            ) {
                self.keep_before(&mut targets, &next)?;
            }
            self.check_assignable(&next)?;
            targets.push(next);
            if self.lua51 && targets.len() > MOST_TARGETS_51 {
                return Err(self.too_many("variables in assignment", MOST_TARGETS_51));
            }
            self.descend()?;
        }
        for _ in 1..targets.len() {
            self.rise();
        }
        self.demand_character(b'=')?;
        let (values, mut last) = self.expression_list()?;
        if values == targets.len() {
            self.function.set_one(&mut last);
            if let Some(target) = targets.pop() {
                self.function.store(&target, &mut last)?;
            }
        } else {
            self.adjust(targets.len(), values, &mut last)?;
        }
        // The rest from the last to the first: each value is in the topmost register.
        while let Some(target) = targets.pop() {
            let Some(top) = self.function.free.checked_sub(1) else {
                break;
            };
            let register = u8::try_from(top).map_err(|_| TooMany::Registers)?;
            let mut value = Expression::new(Kind::Register(register));
            self.function.store(&target, &mut value)?;
        }
        Ok(())
    }

    fn check_assignable(&self, target: &Expression<'gc>) -> Result<(), Problem> {
        match target.kind {
            Kind::Local(_)
            | Kind::Upvalue(_)
            | Kind::Indexed { .. }
            | Kind::IndexedUpvalue { .. } => self.check_writable(target),
            _ => Err(self.problem("syntax error")),
        }
    }

    /// A target before this one uses the variable as table or key, and must see its old value.
    fn keep_before(
        &mut self,
        targets: &mut [Expression<'gc>],
        variable: &Expression<'gc>,
    ) -> Result<(), Problem> {
        let copy = self.function.next_register();
        let mut conflict = false;
        for target in targets {
            match (&mut target.kind, variable.kind) {
                (Kind::Indexed { table, key }, Kind::Local(register)) => {
                    if *table == register {
                        *table = copy;
                        conflict = true;
                    }
                    conflict |= rename(key, register, copy);
                }
                (Kind::IndexedUpvalue { key, .. }, Kind::Local(register)) => {
                    conflict |= rename(key, register, copy);
                }
                _ => {}
            }
            if let (Kind::IndexedUpvalue { upvalue, key }, Kind::Upvalue(index)) =
                (target.kind, variable.kind)
                && upvalue == index
            {
                conflict = true;
                target.kind = Kind::Indexed { table: copy, key };
            }
        }
        if conflict {
            let dest = RegisterIndex(copy);
            match variable.kind {
                Kind::Local(register) => self.function.emit(Operation::Move {
                    dest,
                    source: RegisterIndex(register),
                }),
                Kind::Upvalue(index) => self.function.emit(Operation::GetUpValue {
                    dest,
                    source: Self::upvalue_index(index),
                }),
                _ => return Ok(()),
            };
            self.function.reserve(1)?;
        }
        Ok(())
    }

    /// Makes `values` expressions into `wanted` values in registers.
    #[inline(never)]
    pub(super) fn adjust(
        &mut self,
        wanted: usize,
        values: usize,
        last: &mut Expression<'gc>,
    ) -> Result<(), Problem> {
        if last.is_open() {
            // The last one gives what is missing.
            let missing = (wanted + 1).saturating_sub(values);
            let count = u8::try_from(missing)
                .ok()
                .and_then(VarCount::try_constant)
                .ok_or(TooMany::Registers)?;
            self.function.set_count(last, count)?;
            // A call has taken one register already, and so has `...`.
            if missing > 1 {
                self.function.reserve(missing - 1)?;
            }
        } else {
            if !matches!(last.kind, Kind::Void) {
                self.function.place_next(last)?;
            }
            if let Some(missing) = wanted.checked_sub(values).filter(|missing| *missing > 0) {
                let from = self.function.next_register();
                self.function.reserve(missing)?;
                let count = u8::try_from(missing).map_err(|_| TooMany::Registers)?;
                self.function.load_nil(from, count);
            }
        }
        self.function.free -= values.saturating_sub(wanted);
        Ok(())
    }
}

fn rename(operand: &mut RCIndex, from: u8, to: u8) -> bool {
    match operand {
        RCIndex::Register(register) if register.0 == from => {
            register.0 = to;
            true
        }
        _ => false,
    }
}
