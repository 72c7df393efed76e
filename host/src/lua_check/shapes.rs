//! Shapes of expressions that mean something by themselves.

use super::{
    lexer::Span,
    tree::{Expression, Kind},
};

/// The module of `pcall(require, "name")`.
pub(super) fn protected_require(expression: &Expression) -> Option<(String, Span)> {
    let Kind::Call { of, arguments } = &expression.kind else {
        return None;
    };
    match (of.name(), arguments.as_slice()) {
        (Some("pcall"), [function, name, ..]) if function.name() == Some("require") => {
            Some((name.text()?.to_owned(), name.span.clone()))
        }
        _ => None,
    }
}

/// The operands that only `and` and `or` join to the others.
pub(super) fn joined(operands: &[Expression], operators: &[&str]) -> Vec<usize> {
    let joins = |operator: Option<&&str>| operator.is_none_or(|one| ["and", "or"].contains(one));
    (0..operands.len())
        .filter(|index| {
            let before = index.checked_sub(1).and_then(|at| operators.get(at));
            joins(before) && joins(operators.get(*index))
        })
        .collect()
}
