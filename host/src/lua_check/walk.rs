//! One walk over a script's tree: which names it reads, sets and calls, and what they stand for.
//!
//! A local that holds a known table or object is followed under its canonical name (see `names`), as
//! long as nothing else is assigned to it. Judges nothing; the checks do.

use super::{
    facts::{CallUse, Facts, FieldUse, Require},
    lexer::Span,
    names::{self, BACKEND_RESULT},
    shapes::{joined, protected_require},
    tree::{Block, Expression, Function, Kind, Name, Statement},
};
use crate::config::Dialect;

/// What a local stands for.
#[derive(Clone)]
struct Local {
    name: String,
    stands_for: Option<String>,
    /// It holds the number that `password_verify` returned.
    verification: bool,
}

pub(super) fn facts(dialect: Dialect, tree: &Block) -> Facts {
    let mut walk = Walk {
        dialect,
        facts: Facts::default(),
        locals: Vec::new(),
        modules: Vec::new(),
    };
    walk.block(tree);
    walk.facts
}

struct Walk {
    dialect: Dialect,
    facts: Facts,
    /// The innermost last.
    locals: Vec<Local>,
    /// Globals that were set to a module.
    modules: Vec<(String, String)>,
}

impl Walk {
    fn block(&mut self, block: &Block) {
        let before = self.locals.len();
        self.statements(block);
        self.locals.truncate(before);
    }

    fn statements(&mut self, block: &Block) {
        for statement in &block.statements {
            self.statement(statement);
        }
    }

    fn declare(&mut self, name: &str, stands_for: Option<String>, verification: bool) {
        self.facts.locals.insert(name.to_owned());
        self.locals.push(Local {
            name: name.to_owned(),
            stands_for,
            verification,
        });
    }

    fn local(&self, name: &str) -> Option<&Local> {
        self.locals.iter().rev().find(|local| local.name == name)
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Local { names, values } => self.declaration(names, values),
            Statement::LocalFunction { name, function } => {
                self.declare(&name.text, None, false);
                self.function(function, None);
            }
            Statement::Function { target, function } => {
                self.set(target, None);
                let entry = match target.name() {
                    Some(name) if self.local(name).is_none() => {
                        let text = name.to_owned();
                        let span = target.span.clone();
                        self.facts.functions.push(Name { text, span });
                        names::request_of(name)
                    }
                    _ => None,
                };
                self.function(function, entry);
            }
            Statement::Assign { targets, values } => {
                for value in values {
                    self.read(value);
                }
                for (index, target) in targets.iter().enumerate() {
                    let value = values.get(index).filter(|_| targets.len() == values.len());
                    if let (Some(name), Some(Kind::Function(_))) =
                        (target.name(), value.map(|value| &value.kind))
                        && self.local(name).is_none()
                    {
                        let (text, span) = (name.to_owned(), target.span.clone());
                        self.facts.functions.push(Name { text, span });
                    }
                    let stands_for = value.and_then(|value| self.canonical(value));
                    self.set(target, stands_for);
                }
            }
            Statement::Call(call) => self.read(call),
            Statement::If {
                branches,
                otherwise,
            } => {
                for (condition, body) in branches {
                    self.condition(condition);
                    self.block(body);
                }
                if let Some(body) = otherwise {
                    self.block(body);
                }
            }
            Statement::While(condition, body) => {
                self.condition(condition);
                self.block(body);
            }
            Statement::Repeat(body, condition) => {
                // The condition sees the body's locals.
                let before = self.locals.len();
                self.statements(body);
                self.condition(condition);
                self.locals.truncate(before);
            }
            Statement::For {
                names,
                values,
                body,
            } => {
                for value in values {
                    self.read(value);
                }
                let before = self.locals.len();
                for name in names {
                    self.declare(&name.text, None, false);
                }
                self.block(body);
                self.locals.truncate(before);
            }
            Statement::Do(body) => self.block(body),
            Statement::Return { values, .. } => {
                for value in values {
                    self.read(value);
                }
            }
            Statement::Jump => {}
        }
    }

    fn declaration(&mut self, names: &[Name], values: &[Expression]) {
        for value in values {
            self.read(value);
        }
        let mut new: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let value = values.get(index);
                let stands_for = value.and_then(|value| self.canonical(value));
                let verification = value.is_some_and(|value| self.is_verification(value));
                (name, stands_for, verification)
            })
            .collect();
        // `local found, module = pcall(require, "name")`
        if let ([only], Some((_, stands_for, _))) = (values, new.get_mut(1)) {
            *stands_for = protected_require(only)
                .and_then(|(module, _)| names::module(self.dialect, &module));
        }
        for (name, stands_for, verification) in new {
            if name.text == "_ENV" {
                self.facts.opaque = true;
            }
            self.declare(&name.text, stands_for, verification);
        }
    }

    /// `request` is what the first parameter stands for.
    fn function(&mut self, function: &Function, request: Option<&str>) {
        let before = self.locals.len();
        for (index, parameter) in function.parameters.iter().enumerate() {
            let stands_for = request.filter(|_| index == 0).map(str::to_owned);
            self.declare(&parameter.text, stands_for, false);
        }
        self.statements(&function.body);
        self.locals.truncate(before);
    }

    fn set(&mut self, target: &Expression, stands_for: Option<String>) {
        match &target.kind {
            Kind::Name(name) => {
                let local = self
                    .locals
                    .iter_mut()
                    .rev()
                    .find(|local| local.name == *name);
                if let Some(local) = local {
                    local.stands_for = stands_for;
                    local.verification = false;
                    return;
                }
                self.facts.globals_set.insert(name.clone());
                self.modules.retain(|(known, _)| known != name);
                if let Some(module) = stands_for {
                    self.modules.push((name.clone(), module));
                }
            }
            Kind::Field { of, name } => {
                if let Some(table) = self.canonical(of) {
                    if table == "_G" {
                        self.facts.globals_set.insert(name.text.clone());
                    }
                    let path = format!("{table}.{}", name.text);
                    self.facts.fields_set.insert(path);
                }
                self.read(of);
            }
            Kind::Index { of, key } => {
                // `_G[name] = value`
                self.facts.opaque |= self.canonical(of).as_deref() == Some("_G");
                self.read(of);
                self.read(key);
            }
            _ => self.read(target),
        }
    }

    /// What an expression stands for, if that is known.
    fn canonical(&self, expression: &Expression) -> Option<String> {
        match &expression.kind {
            Kind::Name(name) => match self.local(name) {
                Some(local) => local.stands_for.clone(),
                None => {
                    let module = self.modules.iter().find(|(known, _)| known == name);
                    match module {
                        Some((_, module)) => Some(module.clone()),
                        None => Some(name.clone()),
                    }
                }
            },
            Kind::Field { of, name } => match self.canonical(of)?.as_str() {
                "_G" => Some(name.text.clone()),
                table => Some(format!("{table}.{}", name.text)),
            },
            Kind::Parentheses(inner) => self.canonical(inner),
            Kind::Call { of, arguments } => {
                match (self.canonical(of)?.as_str(), arguments.first()) {
                    ("require", Some(name)) => names::module(self.dialect, name.text()?),
                    ("nauthilus_backend_result.new" | "backend_result.new", _) => {
                        Some(BACKEND_RESULT.to_owned())
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn is_verification(&self, expression: &Expression) -> bool {
        match &expression.kind {
            Kind::Method { name, .. } => name.text == "password_verify",
            Kind::Call { of, .. } => {
                matches!(&of.kind, Kind::Field { name, .. } if name.text == "password_verify")
            }
            Kind::Name(name) => self.local(name).is_some_and(|local| local.verification),
            Kind::Parentheses(inner) => self.is_verification(inner),
            _ => false,
        }
    }

    /// An expression of which only the truth counts.
    fn condition(&mut self, expression: &Expression) {
        self.test(expression);
        self.read(expression);
    }

    /// Notes what is tested for existence, and what can only be true.
    fn test(&mut self, expression: &Expression) {
        let known = self.facts.truthy_verifications.contains(&expression.span);
        if !known && self.is_verification(expression) {
            self.facts
                .truthy_verifications
                .push(expression.span.clone());
        }
        match &expression.kind {
            Kind::Name(name) if self.local(name).is_none() => {
                self.facts.tested.insert(name.clone());
            }
            Kind::Field { of, name } => {
                if let Some(table) = self.canonical(of) {
                    let path = format!("{table}.{}", name.text);
                    self.facts.tested.insert(path);
                }
            }
            Kind::Parentheses(inner) => self.test(inner),
            Kind::Operators {
                operands,
                operators,
            } => {
                for index in joined(operands, operators) {
                    if let Some(operand) = operands.get(index) {
                        self.test(operand);
                    }
                }
            }
            _ => {}
        }
    }

    fn read(&mut self, expression: &Expression) {
        match &expression.kind {
            Kind::Name(name) if self.local(name).is_none() => {
                let (text, span) = (name.clone(), expression.span.clone());
                self.facts.globals_read.push(Name { text, span });
            }
            Kind::Text(text) => {
                let (text, span) = (text.clone(), expression.span.clone());
                self.facts.texts.push(Name { text, span });
            }
            Kind::Function(function) => self.function(function, None),
            Kind::Field { of, name } => self.field(of, name),
            Kind::Call { of, arguments } => self.call(expression, of, None, arguments),
            Kind::Method {
                of,
                name,
                arguments,
            } => {
                self.field(of, name);
                self.call(expression, of, Some(name), arguments);
            }
            Kind::Unary { operator, operand } if *operator == "not" => self.test(operand),
            Kind::Operators {
                operands,
                operators,
            } => self.operands(operands, operators),
            _ => {}
        }
        for child in expression.children() {
            self.read(child);
        }
    }

    fn field(&mut self, of: &Expression, name: &Name) {
        match self.canonical(of) {
            Some(table) if table == "_G" => self.facts.globals_read.push(name.clone()),
            Some(table) => self.facts.fields_read.push(FieldUse {
                written: of.path().unwrap_or_else(|| table.clone()),
                table,
                field: name.clone(),
            }),
            None => {}
        }
    }

    /// Operands of `and`, `or`, `==` and `~=` may be missing: that is what is asked. The last operand of
    /// `and` and `or` is the value of the whole, and its truth may never be asked for.
    fn operands(&mut self, operands: &[Expression], operators: &[&str]) {
        for (index, operand) in operands.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|at| operators.get(at));
            let after = operators.get(index);
            let verification = self.is_verification(operand);
            let asked = match joined(operands, operators).contains(&index) {
                true => after.is_some() || !verification,
                false => {
                    let mut beside = [before, after].into_iter().flatten();
                    beside.any(|operator| ["==", "~="].contains(operator)) && !verification
                }
            };
            if asked {
                self.test(operand);
            }
        }
    }

    fn call(
        &mut self,
        whole: &Expression,
        of: &Expression,
        method: Option<&Name>,
        arguments: &[Expression],
    ) {
        if let Some((module, span)) = protected_require(whole) {
            self.require(module, span, true);
        }
        let Some(mut path) = self.canonical(of) else {
            return;
        };
        if let Some(method) = method {
            path = format!("{path}:{}", method.text);
        }
        match path.as_str() {
            "require" => {
                if let Some(argument) = arguments.first()
                    && let Some(module) = argument.text()
                {
                    self.require(module.to_owned(), argument.span.clone(), false);
                }
            }
            "rawset" | "setmetatable" => {
                let target = arguments.first().and_then(|first| self.canonical(first));
                if target.as_deref() == Some("_G") {
                    let name = arguments.get(1).and_then(Expression::text);
                    self.facts.opaque |= name.is_none();
                    self.facts.globals_set.extend(name.map(str::to_owned));
                }
            }
            "type" | "rawget" => {
                for argument in arguments {
                    self.test(argument);
                }
            }
            "setfenv" | "module" | "dofile" | "loadfile" => self.facts.opaque = true,
            _ => {}
        }
        let receiver = match &of.kind {
            Kind::Field { of, .. } => of.path(),
            _ => None,
        };
        self.facts.calls.push(CallUse {
            path,
            span: whole.span.clone(),
            arguments: arguments
                .iter()
                .map(|argument| argument.text().map(str::to_owned))
                .collect(),
            passes_itself: receiver.is_some()
                && arguments.first().and_then(Expression::path) == receiver,
        });
    }

    fn require(&mut self, module: String, span: Span, protected: bool) {
        self.facts.requires.push(Require {
            module,
            span,
            protected,
        });
    }
}
