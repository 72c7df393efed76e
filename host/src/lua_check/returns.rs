//! What Dovecot's entry functions return, and what is done with the result of a verification.
//!
//! These are mistakes that published scripts have: some let every password in.

use super::{
    Finding, Script,
    lexer::Span,
    names::{BACKEND_RESULT, DOVECOT_LOOKUPS, DOVECOT_REQUEST},
    tree::{Block, Expression, Kind, Statement},
};

/// Methods of Dovecot's request that want it as their first argument.
const METHODS: [&str; 8] = [
    "event",
    "log_debug",
    "log_error",
    "log_info",
    "log_warning",
    "password_verify",
    "response_from_template",
    "var_expand",
];

pub(super) fn find(script: &Script, text: &str, findings: &mut Vec<Finding>) {
    for span in &script.facts.truthy_verifications {
        findings.push(Finding::error(
            "truthy-verify",
            span,
            "every result of `password_verify` is true, that of a wrong password too".to_owned(),
            Some("compare it with 1: `request:password_verify(hash, password) == 1`".to_owned()),
        ));
    }
    dots(script, findings);
    entries(script, findings);
    for statement in &script.tree.statements {
        let Some((name, body)) = global_function(statement) else {
            continue;
        };
        if DOVECOT_LOOKUPS.contains(&name) {
            returns(body, &mut |span, values| {
                judge(name, span, values, findings)
            });
        }
        if name == "script_init" {
            always_fails(body, text, findings);
        }
    }
}

/// A function of that name that the script's top level defines.
fn global_function(statement: &Statement) -> Option<(&str, &Block)> {
    match statement {
        Statement::Function { target, function } => Some((target.name()?, &function.body)),
        Statement::Assign { targets, values } => match (targets.as_slice(), values.as_slice()) {
            ([target], [value]) => match &value.kind {
                Kind::Function(function) => Some((target.name()?, &function.body)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// Visits the `return`s of a function, not those of functions within it.
fn returns(block: &Block, visit: &mut dyn FnMut(&Span, &[Expression])) {
    for statement in &block.statements {
        match statement {
            Statement::Return { span, values } => visit(span, values),
            Statement::If {
                branches,
                otherwise,
            } => {
                for (_, body) in branches {
                    returns(body, visit);
                }
                if let Some(body) = otherwise {
                    returns(body, visit);
                }
            }
            Statement::While(_, body)
            | Statement::Repeat(body, _)
            | Statement::Do(body)
            | Statement::For { body, .. } => returns(body, visit),
            _ => {}
        }
    }
}

fn judge(function: &str, span: &Span, values: &[Expression], findings: &mut Vec<Finding>) {
    let single = match values {
        [] => true,
        // A call may return both.
        [only] => !matches!(
            only.kind,
            Kind::Call { .. } | Kind::Method { .. } | Kind::Rest
        ),
        [_, second, ..] => second.kind == Kind::Nil,
    };
    if single {
        findings.push(Finding::warning(
            "single-value-return",
            span,
            format!("`{function}` returns no second value"),
            Some(
                "Dovecot 2.3 takes that for a failure; return a string or a table as well, such as \
                 `\"\"`"
                    .to_owned(),
            ),
        ));
    }
    if let Some(second) = values.get(1)
        && is_text(second)
        && names_password(second)
    {
        findings.push(Finding::warning(
            "string-from-password",
            &second.span,
            "a blank in the password begins another field of the result".to_owned(),
            Some("return a table: `{password = request.password}`".to_owned()),
        ));
    }
}

/// Whether it can only be a string that is put together.
fn is_text(value: &Expression) -> bool {
    match &value.kind {
        Kind::Operators { operators, .. } => operators.contains(&".."),
        Kind::Call { of, .. } => of.path().as_deref() == Some("string.format"),
        Kind::Method { of, name, .. } => name.text == "format" && of.text().is_some(),
        Kind::Parentheses(inner) => is_text(inner),
        _ => false,
    }
}

fn names_password(value: &Expression) -> bool {
    let is_password = |name: &str| ["password", "pass", "passwd"].contains(&name);
    match &value.kind {
        Kind::Name(name) => is_password(name),
        Kind::Field { name, .. } => is_password(&name.text),
        // What is made of a password otherwise, such as its hash, may be harmless.
        Kind::Call { of, .. } if of.path().as_deref() != Some("string.format") => false,
        Kind::Method { name, .. } if name.text != "format" => false,
        _ => value.children().into_iter().any(names_password),
    }
}

/// `request.log_error("…")`: the request itself is missing.
fn dots(script: &Script, findings: &mut Vec<Finding>) {
    for call in &script.facts.calls {
        let Some((table, method)) = call.path.rsplit_once('.') else {
            continue;
        };
        let is_method = match table {
            DOVECOT_REQUEST => METHODS.contains(&method),
            BACKEND_RESULT => true,
            _ => false,
        };
        if is_method && !call.passes_itself {
            findings.push(Finding::warning(
                "dot-call",
                &call.span,
                format!("`{method}` is called with a dot, so it does not get the object itself"),
                Some(format!("write a colon: `:{method}(…)`")),
            ));
        }
    }
}

fn entries(script: &Script, findings: &mut Vec<Finding>) {
    let defined = |name: &str| {
        let mut functions = script.facts.functions.iter();
        functions.find(|function| function.text == name)
    };
    if let (Some(verify), None) = (
        defined("auth_password_verify"),
        defined("auth_passdb_lookup"),
    ) {
        findings.push(Finding::warning(
            "missing-entry",
            &verify.span,
            "there is no `auth_passdb_lookup` beside `auth_password_verify`".to_owned(),
            Some(
                "lookups without a password, CRAM-MD5, SCRAM and logins of master users need it; \
                 without it they fail"
                    .to_owned(),
            ),
        ));
    }
}

/// `script_init` whose last word is a failure.
fn always_fails(body: &Block, text: &str, findings: &mut Vec<Finding>) {
    if let Some(Statement::Return { span, values }) = body.statements.last()
        && let [value] = values.as_slice()
        && value.kind == Kind::Number
        && body.statements.len() == 1
        && text.get(value.span.clone()) != Some("0")
    {
        findings.push(Finding::warning(
            "init-fails",
            span,
            "`script_init` always fails: this script will never be used".to_owned(),
            Some("return 0 when everything is ready".to_owned()),
        ));
    }
}
