//! Names: local variables, those of enclosing functions, globals.

use piccolo::String as LuaString;
use piccolo::debug_info::LocalVariable;
use piccolo::types::{RegisterIndex, UpValueDescriptor, UpValueIndex};

use super::Problem;
use super::expression::{Expression, Kind};
use super::function::{Function, Local, MOST_LOCALS, MOST_UPVALUES, Upvalue, VariableKind};
use super::parser::Parser;

impl<'gc> Function<'gc> {
    /// Brings the oldest declared variables into scope; their values are in the registers.
    pub(super) fn activate(&mut self, count: usize) {
        let first = u32::try_from(self.code.len()).unwrap_or(u32::MAX);
        let count = count.min(self.declared.len());
        for (name, kind) in self.declared.drain(..count) {
            self.locals.push(Local {
                name,
                kind,
                debug: self.debug_locals.len(),
            });
            self.debug_locals.push(LocalVariable {
                name,
                register: u8::try_from(self.locals.len() - 1).unwrap_or(u8::MAX),
                first,
                end: u32::MAX,
            });
        }
    }

    /// Ends the scope of all variables but the first ones.
    pub(super) fn remove_locals(&mut self, keep: usize) {
        let end = u32::try_from(self.code.len()).unwrap_or(u32::MAX);
        for local in self.locals.drain(keep.min(self.locals.len())..) {
            if let Some(debug) = self.debug_locals.get_mut(local.debug) {
                debug.end = end;
            }
        }
    }

    fn find_local(&self, name: LuaString<'gc>) -> Option<usize> {
        self.locals.iter().rposition(|local| local.name == name)
    }

    fn find_upvalue(&self, name: LuaString<'gc>) -> Option<usize> {
        self.upvalues
            .iter()
            .position(|upvalue| upvalue.name == name)
    }

    /// A closure refers to that variable: its block must close it.
    fn mark_captured(&mut self, local: usize) {
        if let Some(block) = self
            .blocks
            .iter_mut()
            .rev()
            .find(|block| block.locals <= local)
        {
            block.has_upvalues = true;
        }
    }
}

impl<'gc> Parser<'gc, '_> {
    /// Declares a variable; [`Function::activate`] brings it into scope.
    pub(super) fn declare(
        &mut self,
        name: LuaString<'gc>,
        kind: VariableKind,
    ) -> Result<(), Problem> {
        let count = self.function.locals.len() + self.function.declared.len();
        if count >= MOST_LOCALS {
            return Err(self.too_many("local variables", MOST_LOCALS));
        }
        self.function.declared.push((name, kind));
        Ok(())
    }

    /// Declares a variable of the compiler's own.
    pub(super) fn declare_hidden(&mut self, name: &'static str) -> Result<(), Problem> {
        let name = self.lexer.ctx.intern_static(name.as_bytes());
        self.declare(name, VariableKind::Plain)
    }

    pub(super) fn too_many(&self, what: &str, limit: usize) -> Problem {
        let place = self.function.described();
        if self.lua51 {
            self.problem_alone(&format!("{place} has more than {limit} {what}"))
        } else {
            let text = format!("too many {what} (limit is {limit}) in {place}");
            self.problem(&text)
        }
    }

    /// The variable of that name.
    #[inline(never)]
    pub(super) fn variable(&mut self, name: LuaString<'gc>) -> Result<Expression<'gc>, Problem> {
        if let Some(kind) = self.find(self.outer.len(), name)? {
            return Ok(Expression::new(kind));
        }
        let mut table = match self.find(self.outer.len(), self.environment)? {
            Some(kind) => Expression::new(kind),
            None => Expression::new(Kind::Upvalue(0)),
        };
        // A local `_ENV` is in a register already.
        self.function.place_or_upvalue(&mut table)?;
        let mut key = Expression::new(Kind::String(name));
        self.function.indexed(&mut table, &mut key)?;
        Ok(table)
    }

    /// The function at that depth; the current one is the deepest.
    fn function_at(&mut self, depth: usize) -> &mut Function<'gc> {
        match self.outer.get_mut(depth) {
            Some(function) => function,
            None => &mut self.function,
        }
    }

    /// What the name means in the function at that depth. Absent: a global.
    fn find(&mut self, depth: usize, name: LuaString<'gc>) -> Result<Option<Kind<'gc>>, Problem> {
        let found = |function: &Function<'gc>| {
            let local = function.find_local(name);
            (local, function.find_upvalue(name))
        };
        // From the inside out to whoever has the variable …
        let mut at = depth;
        let mut descriptor = loop {
            match found(self.function_at(at)) {
                (Some(local), _) => {
                    let register = u8::try_from(local).unwrap_or(u8::MAX);
                    if at == depth {
                        return Ok(Some(Kind::Local(register)));
                    }
                    self.function_at(at).mark_captured(local);
                    break UpValueDescriptor::ParentLocal(RegisterIndex(register));
                }
                (None, Some(upvalue)) => {
                    let index = u8::try_from(upvalue).unwrap_or(u8::MAX);
                    if at == depth {
                        return Ok(Some(Kind::Upvalue(index)));
                    }
                    break UpValueDescriptor::Outer(UpValueIndex(index));
                }
                (None, None) if at == 0 => return Ok(None),
                (None, None) => at -= 1,
            }
        };
        let kind = self.kind_at(at, name);
        // … and back in, through every function between.
        let mut index = 0;
        for inner in at + 1..=depth {
            let function = self.function_at(inner);
            let next = function.upvalues.len();
            function.upvalues.push(Upvalue {
                name,
                kind,
                descriptor,
            });
            if next >= MOST_UPVALUES {
                return Err(self.too_many("upvalues", MOST_UPVALUES));
            }
            index = u8::try_from(next).unwrap_or(u8::MAX);
            descriptor = UpValueDescriptor::Outer(UpValueIndex(index));
        }
        Ok(Some(Kind::Upvalue(index)))
    }

    fn kind_at(&mut self, depth: usize, name: LuaString<'gc>) -> VariableKind {
        let function = self.function_at(depth);
        if let Some(local) = function.find_local(name) {
            return function
                .locals
                .get(local)
                .map_or(VariableKind::Plain, |local| local.kind);
        }
        function
            .find_upvalue(name)
            .and_then(|index| function.upvalues.get(index))
            .map_or(VariableKind::Plain, |upvalue| upvalue.kind)
    }

    /// Refuses to assign to a constant.
    pub(super) fn check_writable(&self, variable: &Expression<'gc>) -> Result<(), Problem> {
        let (name, kind) = match variable.kind {
            Kind::Local(register) => match self.function.locals.get(usize::from(register)) {
                Some(local) => (local.name, local.kind),
                None => return Ok(()),
            },
            Kind::Upvalue(index) => match self.function.upvalues.get(usize::from(index)) {
                Some(upvalue) => (upvalue.name, upvalue.kind),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        if kind == VariableKind::Plain {
            return Ok(());
        }
        let name = String::from_utf8_lossy(name.as_bytes()).into_owned();
        Err(self.problem_alone(&format!("attempt to assign to const variable '{name}'")))
    }
}
