//! The function that is being compiled: its instructions, constants, variables and registers.

use std::collections::HashMap;

use piccolo::debug_info::LocalVariable;
use piccolo::opcode::Operation;
use piccolo::types::UpValueDescriptor;
use piccolo::{Constant, String as LuaString};

use super::Problem;

/// Most local variables of a function, as in PUC-Rio.
pub(super) const MOST_LOCALS: usize = 200;
/// Most upvalues of a function.
pub(super) const MOST_UPVALUES: usize = 255;

/// Index of an instruction, or of none.
pub(super) type Place = Option<usize>;

/// What may be done with a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VariableKind {
    Plain,
    /// `<const>`, and `<close>`, which implies it.
    Constant,
}

/// A local variable in scope. Its index is its register.
#[derive(Debug, Clone, Copy)]
pub(super) struct Local<'gc> {
    pub(super) name: LuaString<'gc>,
    pub(super) kind: VariableKind,
    /// Index in [`Function::debug_locals`].
    pub(super) debug: usize,
}

/// A variable of an enclosing function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Upvalue<'gc> {
    pub(super) name: LuaString<'gc>,
    pub(super) kind: VariableKind,
    pub(super) descriptor: UpValueDescriptor,
}

/// A stretch of source with its own variables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// Locals in scope outside it.
    pub(super) locals: usize,
    /// Labels and pending jumps that existed before it.
    pub(super) first_label: usize,
    pub(super) first_jump: usize,
    /// A closure refers to one of its variables, or one is to be closed.
    pub(super) has_upvalues: bool,
    pub(super) is_loop: bool,
    /// Somewhere outside, in this function, or here a variable is to be closed.
    pub(super) inside_closing: bool,
}

/// A label in scope.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label<'gc> {
    pub(super) name: LuaString<'gc>,
    pub(super) line: u32,
    pub(super) place: usize,
    pub(super) locals: usize,
}

/// A `goto` or `break` whose label has not come yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingJump<'gc> {
    /// `None` is a `break`.
    pub(super) name: Option<LuaString<'gc>>,
    pub(super) line: u32,
    pub(super) place: usize,
    pub(super) locals: usize,
    /// It leaves a block whose variables must be closed …
    pub(super) closes: bool,
    /// … and has a `<close>` among them.
    pub(super) calls_close: bool,
}

#[derive(PartialEq, Eq, Hash)]
enum ConstantKey<'gc> {
    Nil,
    Boolean(bool),
    Integer(i64),
    /// By its bits: 0.0 and -0.0 are two.
    Number(u64),
    String(LuaString<'gc>),
}

/// A function in the making.
pub(super) struct Function<'gc> {
    pub(super) code: Vec<Operation>,
    /// For each instruction that jumps, where to; while it is pending, the next in its list.
    pub(super) targets: Vec<Place>,
    pub(super) lines: Vec<u32>,
    pub(super) constants: Vec<Constant<LuaString<'gc>>>,
    constant_indexes: HashMap<ConstantKey<'gc>, usize>,
    #[expect(clippy::vec_box, reason = "the VM has them so")]
    pub(super) prototypes: Vec<Box<piccolo::compiler::CompiledPrototype<LuaString<'gc>>>>,
    pub(super) upvalues: Vec<Upvalue<'gc>>,
    pub(super) locals: Vec<Local<'gc>>,
    /// Locals that are declared but not yet in scope.
    pub(super) declared: Vec<(LuaString<'gc>, VariableKind)>,
    pub(super) debug_locals: Vec<LocalVariable<LuaString<'gc>>>,
    pub(super) blocks: Vec<Block>,
    pub(super) labels: Vec<Label<'gc>>,
    pub(super) pending: Vec<PendingJump<'gc>>,
    /// First register that is not in use.
    pub(super) free: usize,
    pub(super) most_registers: usize,
    pub(super) parameters: u8,
    pub(super) is_variadic: bool,
    /// Lua 5.1: `...` occurs, so the table `arg` is not wanted.
    pub(super) uses_dots: bool,
    /// What `debug` calls it.
    pub(super) name: Option<LuaString<'gc>>,
    pub(super) first_line: u32,
    lua51: bool,
    /// Line of the token that was read last; instructions get it.
    pub(super) line: u32,
    /// Jumps to this place may exist, so the instruction before it must not be changed any more.
    pub(super) last_target: usize,
}

impl<'gc> Function<'gc> {
    pub(super) fn new(first_line: u32, lua51: bool) -> Self {
        Self {
            lua51,
            code: Vec::new(),
            targets: Vec::new(),
            lines: Vec::new(),
            constants: Vec::new(),
            constant_indexes: HashMap::new(),
            prototypes: Vec::new(),
            upvalues: Vec::new(),
            locals: Vec::new(),
            declared: Vec::new(),
            debug_locals: Vec::new(),
            blocks: Vec::new(),
            labels: Vec::new(),
            pending: Vec::new(),
            free: 0,
            most_registers: 2,
            parameters: 0,
            is_variadic: false,
            uses_dots: false,
            name: None,
            first_line,
            line: first_line,
            last_target: 0,
        }
    }

    /// The index of a constant, each of which is kept once.
    pub(super) fn constant(&mut self, constant: Constant<LuaString<'gc>>) -> usize {
        let key = match constant {
            Constant::Nil => ConstantKey::Nil,
            Constant::Boolean(value) => ConstantKey::Boolean(value),
            Constant::Integer(value) => ConstantKey::Integer(value),
            Constant::Number(value) => ConstantKey::Number(value.to_bits()),
            Constant::String(value) => ConstantKey::String(value),
        };
        let next = self.constants.len();
        let index = *self.constant_indexes.entry(key).or_insert(next);
        if index == next {
            self.constants.push(constant);
        }
        index
    }

    /// Takes registers from the free ones.
    pub(super) fn reserve(&mut self, count: usize) -> Result<(), TooMany> {
        self.free += count;
        // As in PUC-Rio. The last number is a marker in instructions.
        let most = if self.lua51 { 249 } else { 254 };
        if self.free > most {
            return Err(TooMany::Registers);
        }
        self.most_registers = self.most_registers.max(self.free);
        Ok(())
    }

    /// Frees a register unless a variable lives there.
    pub(super) fn release(&mut self, register: u8) {
        if usize::from(register) >= self.locals.len() && usize::from(register) + 1 == self.free {
            self.free -= 1;
        }
    }

    /// Where messages say the function is.
    pub(super) fn described(&self) -> String {
        if self.first_line == 0 {
            "main function".to_owned()
        } else {
            format!("function at line {}", self.first_line)
        }
    }
}

/// A limit of the VM that the source exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooMany {
    Registers,
    Constants,
    Functions,
    /// More than 3,276,800 elements in a table constructor, or more than 12,800 before a call or `...`.
    Elements,
    /// A jump over more than 32,767 instructions.
    Distance,
}

impl TooMany {
    /// The message; `near` is added by the parser.
    pub(super) fn text(self, lua51: bool) -> &'static str {
        match self {
            Self::Registers if lua51 => "function or expression too complex",
            Self::Registers => "function or expression needs too many registers",
            Self::Constants if lua51 => "constant table overflow",
            Self::Constants => "function has too many constants",
            Self::Functions => "function defines too many functions",
            Self::Elements => "table constructor has too many elements",
            Self::Distance => "control structure too long",
        }
    }
}

impl From<TooMany> for Problem {
    fn from(limit: TooMany) -> Self {
        Self {
            line: 0,
            text: Vec::new(),
            limit: Some(limit),
        }
    }
}
