//! Lists of jumps to a place that is not known yet.
//!
//! A list is linked through [`Function::targets`]: each pending jump names the next one.

use piccolo::opcode::Operation;
use piccolo::types::{Opt254, RegisterIndex};

use super::function::{Function, Place};

impl<'gc> Function<'gc> {
    /// Emits a jump to nowhere yet.
    pub(super) fn jump(&mut self) -> usize {
        self.emit(Operation::Jump {
            offset: 0,
            close_upvalues: Opt254::none(),
        })
    }

    /// Marks the current place as one that is jumped to.
    pub(super) fn label(&mut self) -> usize {
        self.last_target = self.code.len();
        self.code.len()
    }

    /// Puts two lists together.
    pub(super) fn join(&mut self, one: Place, other: Place) -> Place {
        let (Some(first), Some(_)) = (one, other) else {
            return one.or(other);
        };
        let mut last = first;
        while let Some(next) = self.target(last) {
            last = next;
        }
        self.set_target(last, other);
        one
    }

    pub(super) fn target(&self, place: usize) -> Place {
        self.targets.get(place).copied().flatten()
    }

    pub(super) fn set_target(&mut self, place: usize, target: Place) {
        if let Some(slot) = self.targets.get_mut(place) {
            *slot = target;
        }
    }

    /// All jumps of the list go there.
    pub(super) fn patch(&mut self, list: Place, target: usize) {
        self.patch_values(list, target, None, target);
    }

    /// All jumps of the list come here.
    pub(super) fn patch_here(&mut self, list: Place) {
        let here = self.label();
        self.patch(list, here);
    }

    /// Jumps that carry their value put it into the register and go to `with_value`; others go to
    /// `default`.
    pub(super) fn patch_values(
        &mut self,
        list: Place,
        with_value: usize,
        register: Option<u8>,
        default: usize,
    ) {
        let mut at = list;
        while let Some(place) = at {
            at = self.target(place);
            let target = if self.patch_test(place, register) {
                with_value
            } else {
                default
            };
            self.set_target(place, Some(target));
        }
    }

    /// The test that decides about a jump: the instruction before it, if there is one.
    fn control(&self, jump: usize) -> usize {
        let test = jump.checked_sub(1);
        match test.and_then(|place| self.code.get(place).map(|code| (place, *code))) {
            Some((
                place,
                Operation::Test { .. }
                | Operation::TestSet { .. }
                | Operation::Eq { .. }
                | Operation::Less { .. }
                | Operation::LessEq { .. },
            )) => place,
            _ => jump,
        }
    }

    /// Some jump of the list carries no value.
    pub(super) fn needs_value(&self, list: Place) -> bool {
        let mut at = list;
        while let Some(place) = at {
            if !matches!(
                self.code.get(self.control(place)),
                Some(Operation::TestSet { .. })
            ) {
                return true;
            }
            at = self.target(place);
        }
        false
    }

    /// The test before the jump puts its value into that register, or into none. False if it carries
    /// no value.
    fn patch_test(&mut self, jump: usize, register: Option<u8>) -> bool {
        let place = self.control(jump);
        let Some(code) = self.code.get_mut(place) else {
            return false;
        };
        let Operation::TestSet { value, is_true, .. } = *code else {
            return false;
        };
        *code = match register {
            Some(register) if register != value.0 => Operation::TestSet {
                dest: RegisterIndex(register),
                value,
                is_true,
            },
            // The value is there already, or nobody wants it.
            _ => Operation::Test { value, is_true },
        };
        true
    }

    /// No jump of the list carries a value any more.
    pub(super) fn remove_values(&mut self, list: Place) {
        let mut at = list;
        while let Some(place) = at {
            self.patch_test(place, None);
            at = self.target(place);
        }
    }

    /// Turns a comparison round.
    pub(super) fn negate(&mut self, jump: usize) {
        let place = self.control(jump);
        if let Some(
            Operation::Eq { skip_if, .. }
            | Operation::Less { skip_if, .. }
            | Operation::LessEq { skip_if, .. },
        ) = self.code.get_mut(place)
        {
            *skip_if = !*skip_if;
        }
    }
}
