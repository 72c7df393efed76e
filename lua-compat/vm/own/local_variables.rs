//! The local variables of active functions, for `debug.getlocal` and `debug.setlocal`.

use std::string::String as Text;

use crate::{
    frames::Active,
    numbers::{self, Style},
    opcode::Operation,
    Closure, Context, Execution, Function, Thread, Value,
};

/// Where on a thread's stack the variable is, and its name. `number` counts from 1 in the order of
/// declaration; negative numbers are variable arguments (Lua 5.4 only).
fn find(active: &Active<'_>, number: i64) -> Option<(Text, usize)> {
    let (Some(Function::Closure(closure)), Some((bottom, base))) = (active.function, active.place)
    else {
        return None;
    };
    let prototype = closure.prototype();
    let place = active.pc.checked_sub(1)?;
    if number < 0 {
        let index = bottom.checked_add(usize::try_from(number.checked_neg()?).ok()? - 1)?;
        let known = numbers::style() == Style::Lua54 && prototype.has_varargs && index < base;
        return known.then(|| ("(vararg)".to_owned(), index));
    }
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    let named = prototype
        .debug
        .locals
        .iter()
        .filter(|local| local.first as usize <= place && place < local.end as usize)
        .nth(index);
    if let Some(local) = named {
        let name = local.name.display_lossy().to_string();
        return Some((name, base + usize::from(local.register)));
    }
    let temporary = match numbers::style() {
        Style::Lua51 => "(*temporary)",
        Style::Lua54 => "(temporary)",
    };
    (index < in_use(closure, place)).then(|| (temporary.to_owned(), base + index))
}

/// How many registers hold something while the function waits for a call.
fn in_use(closure: Closure<'_>, place: usize) -> usize {
    let prototype = closure.prototype();
    match prototype.opcodes.get(place).map(|code| code.decode()) {
        Some(Operation::Call { func, .. } | Operation::TailCall { func, .. }) => func.0.into(),
        _ => 0,
    }
}

impl<'gc> Execution<'gc, '_> {
    /// Name and value of a local variable of a function that is active in the running thread.
    pub fn local(
        &self,
        stack: &crate::Stack<'gc, '_>,
        active: &Active<'gc>,
        number: i64,
    ) -> Option<(Text, Value<'gc>)> {
        let (name, place) = find(active, number)?;
        Some((name, stack.values.get(place).copied()?))
    }

    /// Gives such a variable another value; its name.
    pub fn set_local(
        &self,
        stack: &mut crate::Stack<'gc, '_>,
        active: &Active<'gc>,
        number: i64,
        value: Value<'gc>,
    ) -> Option<Text> {
        let (name, place) = find(active, number)?;
        *stack.values.get_mut(place)? = value;
        Some(name)
    }
}

impl<'gc> Thread<'gc> {
    /// Name and value of a local variable of a function that is active in this thread, which does not run.
    pub fn local(self, active: &Active<'gc>, number: i64) -> Option<(Text, Value<'gc>)> {
        let (name, place) = find(active, number)?;
        let inner = self.into_inner();
        let state = inner.try_borrow().ok()?;
        Some((name, state.stack.get(place).copied()?))
    }

    /// Gives such a variable another value; its name.
    pub fn set_local(
        self,
        ctx: Context<'gc>,
        active: &Active<'gc>,
        number: i64,
        value: Value<'gc>,
    ) -> Option<Text> {
        let (name, place) = find(active, number)?;
        let mut state = self.into_inner().try_borrow_mut(&ctx).ok()?;
        *state.stack.get_mut(place)? = value;
        Some(name)
    }
}
