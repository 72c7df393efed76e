//! Reads scripts without running them: slips, forbidden functions, known mistakes, modules and the
//! grants that they imply.
//!
//! Works on text alone; finding modules' files, compiling and printing are its caller's business. It
//! warns of what is probably wrong and keeps quiet where it cannot know: a name whose existence the script
//! itself tests is never a finding. Whether a script is Lua at all is for the runtime to say.

mod dialect;
mod expressions;
mod facts;
mod forbidden;
mod grants;
mod known;
mod lexer;
mod modules;
pub mod names;
mod parser;
mod returns;
mod shapes;
mod tree;
mod walk;

use std::collections::BTreeSet;

pub use dialect::guess;
pub use grants::Grants;
pub use lexer::Span;
pub use modules::{Find, Module, Place};

use crate::config::{Dialect, Severity};

/// Something that is to be said about a place in a script.
#[derive(Clone, Debug)]
pub struct Finding {
    /// An error keeps the script from working, or lets the wrong people in.
    pub severity: Severity,
    /// Which kind of finding, for tools.
    pub code: &'static str,
    /// Bytes of the script.
    pub span: Span,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead, or why.
    pub help: Option<String>,
}

impl Finding {
    fn warning(code: &'static str, span: &Span, message: String, help: Option<String>) -> Self {
        Self {
            severity: Severity::Warning,
            code,
            span: span.clone(),
            message,
            help,
        }
    }

    /// One that keeps the script from working, or lets the wrong people in.
    pub fn error(code: &'static str, span: &Span, message: String, help: Option<String>) -> Self {
        Self {
            severity: Severity::Error,
            ..Self::warning(code, span, message, help)
        }
    }
}

/// A script that was read.
pub struct Script {
    tree: tree::Block,
    facts: facts::Facts,
    /// The place that was not understood; then there is nothing else.
    pub stopped: Option<Span>,
}

/// What is said about a script.
pub struct Report {
    /// In the order of the text.
    pub findings: Vec<Finding>,
    /// In the order in which they are asked for.
    pub modules: Vec<Module>,
    /// Of the script and its modules.
    pub grants: Grants,
}

/// What other scripts of the same program set.
#[derive(Clone, Default)]
pub struct Surroundings {
    globals_set: BTreeSet<String>,
    fields_set: BTreeSet<String>,
    opaque: bool,
}

impl Script {
    /// Reads the text of a script.
    pub fn read(text: &str, dialect: Dialect) -> Self {
        match parser::parse(text) {
            Ok(tree) => Self {
                facts: walk::facts(dialect, &tree),
                tree,
                stopped: None,
            },
            Err(place) => Self {
                facts: facts::Facts::default(),
                tree: tree::Block::default(),
                stopped: Some(place),
            },
        }
    }
}

impl Surroundings {
    /// Adds what a script and its modules set.
    pub fn add(&mut self, script: &Script, dialect: Dialect, find: &Find<'_>) {
        let (_, loaded) = modules::gather(script, dialect, find);
        for script in std::iter::once(script).chain(&loaded) {
            self.add_one(script);
        }
    }

    fn add_one(&mut self, script: &Script) {
        let facts = &script.facts;
        self.globals_set.extend(facts.globals_set.iter().cloned());
        self.fields_set.extend(facts.fields_set.iter().cloned());
        // What cannot be read may set anything.
        self.opaque |= facts.opaque || script.stopped.is_some();
    }
}

/// Checks a script, which `around` knows already, and others that were named with it.
pub fn check(
    script: &Script,
    text: &str,
    dialect: Dialect,
    around: &Surroundings,
    find: &Find<'_>,
) -> Report {
    let (modules, loaded) = modules::gather(script, dialect, find);
    let all: Vec<_> = std::iter::once(script).chain(&loaded).collect();
    let mut findings = Vec::new();
    known::globals(script, dialect, around, &mut findings);
    known::fields(script, dialect, around, &mut findings);
    missing_modules(&modules, &mut findings);
    forbidden::find(script, &mut findings);
    returns::find(script, text, &mut findings);
    findings.sort_by_key(|finding| finding.span.start);
    Report {
        findings,
        grants: grants::grants(&all, &modules),
        modules,
    }
}

fn missing_modules(modules: &[Module], findings: &mut Vec<Finding>) {
    for module in modules {
        let (Some(span), false) = (&module.span, module.optional) else {
            continue;
        };
        let help = match module.place {
            Place::Later => "this server does not have it yet; `require` raises an error",
            Place::Missing => {
                "`require` raises an error; modules are searched in the script's \
                               folder and in `package_path`"
            }
            Place::BuiltIn | Place::File(_) => continue,
        };
        findings.push(Finding::warning(
            "missing-module",
            span,
            format!("there is no module `{}`", module.name),
            Some(help.to_owned()),
        ));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_alone(text: &str, dialect: Dialect) -> Report {
        let script = Script::read(text, dialect);
        let none: &Find<'_> = &|_| None;
        let mut around = Surroundings::default();
        around.add(&script, dialect, none);
        check(&script, text, dialect, &around, none)
    }

    #[test]
    fn the_deepest_tree_is_walked_on_a_small_stack() {
        for (open, close) in [
            ("(", ")"),
            ("{", "}"),
            ("f(", ")"),
            ("function() return ", " end"),
            ("not ", ""),
            ("a and -", ""),
        ] {
            for levels in 1..tree::DEPTH {
                let deep = format!("x = {}1{}", open.repeat(levels), close.repeat(levels));
                check_alone(&deep, Dialect::Lua51);
            }
        }
    }

    const WORDS: [&str; 40] = [
        "local",
        "function",
        "end",
        "if",
        "then",
        "else",
        "for",
        "in",
        "do",
        "while",
        "repeat",
        "until",
        "return",
        "and",
        "or",
        "not",
        "nil",
        "a",
        "b",
        "request",
        "string",
        "require",
        "pcall",
        "_G",
        "password_verify",
        "'x'",
        "1",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ".",
        ":",
        ",",
        "=",
        "==",
        "..",
        ";",
    ];

    proptest! {
        #[test]
        fn no_words_in_any_order_make_it_panic(
            words in proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..60),
        ) {
            let text = words.join(" ");
            for finding in check_alone(&text, Dialect::Lua54).findings {
                prop_assert!(text.get(finding.span).is_some());
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}") {
            guess(&text);
            check_alone(&text, Dialect::Lua51);
        }
    }
}
