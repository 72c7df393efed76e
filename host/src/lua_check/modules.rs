//! The modules that a script asks for, and those that they ask for.

use std::{collections::BTreeSet, path::PathBuf};

use super::{Script, lexer::Span, names};
use crate::config::Dialect;

/// A module that is required by a literal name.
pub struct Module {
    /// As the script names it.
    pub name: String,
    /// Where it comes from.
    pub place: Place,
    /// Where the script asks for it; nothing if another module does.
    pub span: Option<Span>,
    /// The script can do without it.
    pub(super) optional: bool,
}

/// Where a module comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// The runtime has it.
    BuiltIn,
    /// A file.
    File(PathBuf),
    /// The systems that scripts come from have it; this one does not yet.
    Later,
    /// Nobody knows it.
    Missing,
}

/// Finds a module's file and its text.
pub type Find<'a> = dyn Fn(&str) -> Option<(PathBuf, String)> + 'a;

/// Most modules that are followed.
const MODULES: usize = 500;

/// Everything that a script requires, directly or through modules, and those modules as scripts.
pub(super) fn gather(
    script: &Script,
    dialect: Dialect,
    find: &Find<'_>,
) -> (Vec<Module>, Vec<Script>) {
    let mut modules: Vec<Module> = Vec::new();
    let mut scripts: Vec<Script> = Vec::new();
    let mut known = BTreeSet::new();
    let wanted = |script: &Script, own: bool| -> Vec<_> {
        let requires = script.facts.requires.iter();
        requires
            .map(|require| {
                let span = own.then(|| require.span.clone());
                (require.module.clone(), span, require.protected)
            })
            .collect()
    };
    let mut waiting = wanted(script, true);
    waiting.reverse();
    while let Some((name, span, optional)) = waiting.pop() {
        if !known.insert(name.clone()) || modules.len() >= MODULES {
            continue;
        }
        let place = if names::module(dialect, &name).is_some() {
            Place::BuiltIn
        } else if let Some((file, text)) = find(&name) {
            let module = Script::read(&text, dialect);
            waiting.extend(wanted(&module, false));
            scripts.push(module);
            Place::File(file)
        } else if names::comes_later(&name) {
            Place::Later
        } else {
            Place::Missing
        };
        modules.push(Module {
            name,
            place,
            span,
            optional,
        });
    }
    (modules, scripts)
}
