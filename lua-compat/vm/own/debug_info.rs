//! What a compiled function remembers of its source, for messages and for the library `debug`.
//!
//! Filled by whoever compiles; running code never looks at it.

use ottavino_gc_arena::Collect;

/// Names and lines of one function.
#[derive(Debug, Clone, Collect)]
#[collect(no_drop)]
pub struct DebugInfo<S> {
    /// In the order in which they come into scope.
    pub locals: Vec<LocalVariable<S>>,
    /// The name of each upvalue.
    pub upvalues: Vec<S>,
    /// Line of the word `function`, from 1; 0 in a main chunk.
    pub first_line: u32,
    /// Line of its `end`; 0 in a main chunk.
    pub last_line: u32,
}

/// A local variable and where it lives.
#[derive(Debug, Clone, Copy, Collect)]
#[collect(no_drop)]
pub struct LocalVariable<S> {
    pub name: S,
    pub register: u8,
    /// Index of the first instruction that sees it.
    pub first: u32,
    /// Index of the first instruction that does not see it any more.
    pub end: u32,
}

impl<S> Default for DebugInfo<S> {
    fn default() -> Self {
        Self {
            locals: Vec::new(),
            upvalues: Vec::new(),
            first_line: 0,
            last_line: 0,
        }
    }
}

impl<S> DebugInfo<S> {
    /// The same with other strings.
    pub fn map_strings<T>(&self, map: impl Fn(&S) -> T) -> DebugInfo<T> {
        DebugInfo {
            locals: self
                .locals
                .iter()
                .map(|local| LocalVariable {
                    name: map(&local.name),
                    register: local.register,
                    first: local.first,
                    end: local.end,
                })
                .collect(),
            upvalues: self.upvalues.iter().map(map).collect(),
            first_line: self.first_line,
            last_line: self.last_line,
        }
    }

    /// The variable that lives in the register at that instruction.
    pub fn local_in(&self, register: u8, instruction: usize) -> Option<&S> {
        self.locals
            .iter()
            .filter(|local| local.first as usize <= instruction && instruction < local.end as usize)
            .find(|local| local.register == register)
            .map(|local| &local.name)
    }
}
