//! Reads a script's syntax tree: which modules does it require by a literal name?
//!
//! `require "x"`, `require("x")` and `pcall(require, "x")` count, wherever they stand.

use piccolo::compiler::parser::{
    AssignmentTarget, Block, CallSuffix, Chunk, ConstructorField, Expression, FieldSuffix,
    ForStatement, FunctionDefinition, HeadExpression, PrimaryExpression, RecordKey,
    SimpleExpression, Statement, SuffixPart, SuffixedExpression, TableConstructor,
};

/// The names of required modules, in the order of the text, each once.
pub(crate) fn required<S: AsRef<[u8]>>(chunk: &Chunk<S>) -> Vec<String> {
    let mut names = Vec::new();
    block(&chunk.block, &mut names);
    names
}

fn block<S: AsRef<[u8]>>(block: &Block<S>, names: &mut Vec<String>) {
    for line in &block.statements {
        statement(&line.inner, names);
    }
    if let Some(line) = &block.return_statement {
        expressions(&line.inner.returns, names);
    }
}

fn statement<S: AsRef<[u8]>>(statement: &Statement<S>, names: &mut Vec<String>) {
    match statement {
        Statement::If(branch) => {
            for (condition, body) in std::iter::once(&branch.if_part).chain(&branch.else_if_parts) {
                expression(condition, names);
                block(body, names);
            }
            if let Some(body) = &branch.else_part {
                block(body, names);
            }
        }
        Statement::While(repeat) => {
            expression(&repeat.condition, names);
            block(&repeat.block, names);
        }
        Statement::Do(body) => block(body, names),
        Statement::For(ForStatement::Numeric {
            initial,
            limit,
            step,
            body,
            ..
        }) => {
            expression(initial, names);
            expression(limit, names);
            if let Some(step) = step {
                expression(step, names);
            }
            block(body, names);
        }
        Statement::For(ForStatement::Generic {
            arguments, body, ..
        }) => {
            expressions(arguments, names);
            block(body, names);
        }
        Statement::Repeat(repeat) => {
            block(&repeat.body, names);
            expression(&repeat.until, names);
        }
        Statement::Function(definition) => function(&definition.definition, names),
        Statement::LocalFunction(definition) => function(&definition.definition, names),
        Statement::LocalStatement(locals) => expressions(&locals.values, names),
        Statement::FunctionCall(call) => {
            if call.head.suffixes.is_empty() {
                literal(&call.head.primary, &call.call, names);
            }
            suffixed(&call.head, names);
            call_arguments(&call.call, names);
        }
        Statement::Assignment(assignment) => {
            for target in &assignment.targets {
                if let AssignmentTarget::Field(head, field) = target {
                    suffixed(head, names);
                    field_key(field, names);
                }
            }
            expressions(&assignment.values, names);
        }
        Statement::Label(_) | Statement::Break | Statement::Goto(_) => {}
    }
}

fn function<S: AsRef<[u8]>>(definition: &FunctionDefinition<S>, names: &mut Vec<String>) {
    block(&definition.body, names);
}

fn expressions<S: AsRef<[u8]>>(list: &[Expression<S>], names: &mut Vec<String>) {
    for item in list {
        expression(item, names);
    }
}

fn expression<S: AsRef<[u8]>>(whole: &Expression<S>, names: &mut Vec<String>) {
    match &*whole.head {
        HeadExpression::UnaryOperator(_, operand) => expression(operand, names),
        HeadExpression::Simple(SimpleExpression::Suffixed(inner)) => suffixed(inner, names),
        HeadExpression::Simple(SimpleExpression::Function(definition)) => {
            function(definition, names);
        }
        HeadExpression::Simple(SimpleExpression::TableConstructor(constructor)) => {
            table(constructor, names);
        }
        HeadExpression::Simple(_) => {}
    }
    for (_, operand) in &whole.tail {
        expression(operand, names);
    }
}

fn table<S: AsRef<[u8]>>(constructor: &TableConstructor<S>, names: &mut Vec<String>) {
    for field in &constructor.fields {
        match field {
            ConstructorField::Array(value) => expression(value, names),
            ConstructorField::Record(key, value) => {
                if let RecordKey::Indexed(key) = key {
                    expression(key, names);
                }
                expression(value, names);
            }
        }
    }
}

fn suffixed<S: AsRef<[u8]>>(whole: &SuffixedExpression<S>, names: &mut Vec<String>) {
    if let Some(SuffixPart::Call(call)) = whole.suffixes.first() {
        literal(&whole.primary, call, names);
    }
    if let PrimaryExpression::GroupedExpression(inner) = &whole.primary {
        expression(inner, names);
    }
    for part in &whole.suffixes {
        match part {
            SuffixPart::Field(field) => field_key(field, names),
            SuffixPart::Call(call) => call_arguments(call, names),
        }
    }
}

fn field_key<S: AsRef<[u8]>>(field: &FieldSuffix<S>, names: &mut Vec<String>) {
    if let FieldSuffix::Indexed(key) = field {
        expression(key, names);
    }
}

fn call_arguments<S: AsRef<[u8]>>(call: &CallSuffix<S>, names: &mut Vec<String>) {
    match call {
        CallSuffix::Method(_, arguments) | CallSuffix::Function(arguments) => {
            expressions(arguments, names);
        }
    }
}

/// Notes the name if this is a call of `require`, plain or protected.
fn literal<S: AsRef<[u8]>>(
    called: &PrimaryExpression<S>,
    call: &CallSuffix<S>,
    names: &mut Vec<String>,
) {
    let (PrimaryExpression::Name(called), CallSuffix::Function(arguments)) = (called, call) else {
        return;
    };
    let name = match (called.as_ref(), arguments.as_slice()) {
        (b"require", [name, ..]) => name,
        (b"pcall", [function, name, ..]) if is_name(function, b"require") => name,
        _ => return,
    };
    if let Some(HeadExpression::Simple(SimpleExpression::String(name))) = alone(name) {
        let name = String::from_utf8_lossy(name.as_ref()).into_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

/// The head of an expression without operators.
fn alone<S>(whole: &Expression<S>) -> Option<&HeadExpression<S>> {
    whole.tail.is_empty().then_some(&*whole.head)
}

fn is_name<S: AsRef<[u8]>>(whole: &Expression<S>, wanted: &[u8]) -> bool {
    match alone(whole) {
        Some(HeadExpression::Simple(SimpleExpression::Suffixed(inner))) => {
            inner.suffixes.is_empty()
                && matches!(&inner.primary, PrimaryExpression::Name(name) if name.as_ref() == wanted)
        }
        _ => false,
    }
}
