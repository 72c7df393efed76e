//! Where the value of an expression is, before it has been put into a register.

use piccolo::String as LuaString;
use piccolo::opcode::RCIndex;

use super::function::Place;

/// A value to be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind<'gc> {
    /// An empty list.
    Void,
    Nil,
    True,
    False,
    Integer(i64),
    Number(f64),
    String(LuaString<'gc>),
    /// In that register, which is a temporary one.
    Register(u8),
    /// The local variable in that register.
    Local(u8),
    Upvalue(u8),
    /// `table[key]`, the table in a register.
    Indexed {
        table: u8,
        key: RCIndex,
    },
    /// `upvalue[key]`: a global.
    IndexedUpvalue {
        upvalue: u8,
        key: RCIndex,
    },
    /// A comparison: the jump that is taken if it is true.
    Jump(usize),
    /// The result of the instruction at that place, which still lacks its register.
    Pending(usize),
    /// A call at that place.
    Call(usize),
    /// `...` at that place.
    Dots(usize),
}

/// A value to be, with the jumps that leave it early.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expression<'gc> {
    pub(super) kind: Kind<'gc>,
    /// List of jumps out of it when it is true.
    pub(super) if_true: Place,
    /// List of jumps out of it when it is false.
    pub(super) if_false: Place,
}

impl<'gc> Expression<'gc> {
    pub(super) fn new(kind: Kind<'gc>) -> Self {
        Self {
            kind,
            if_true: None,
            if_false: None,
        }
    }

    pub(super) fn has_jumps(&self) -> bool {
        self.if_true != self.if_false
    }

    /// It may have any number of values.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.kind, Kind::Call(_) | Kind::Dots(_))
    }

    /// A numeral that can be folded.
    pub(super) fn numeral(&self) -> Option<Numeral> {
        if self.has_jumps() {
            return None;
        }
        match self.kind {
            Kind::Integer(value) => Some(Numeral::Integer(value)),
            Kind::Number(value) => Some(Numeral::Float(value)),
            _ => None,
        }
    }
}

/// A number that the source spells out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Numeral {
    Integer(i64),
    Float(f64),
}

impl Numeral {
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}
