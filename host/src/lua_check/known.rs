//! Names that nobody set and fields that no table has: mostly slips of the keyboard.

use std::collections::BTreeSet;

use super::{Finding, Script, Surroundings, names};
use crate::config::Dialect;

/// Globals that are read and never set, each once.
pub(super) fn globals(
    script: &Script,
    dialect: Dialect,
    around: &Surroundings,
    findings: &mut Vec<Finding>,
) {
    if around.opaque {
        return;
    }
    let known = names::globals(dialect);
    let mut told = BTreeSet::new();
    for global in &script.facts.globals_read {
        let name = global.text.as_str();
        let there = known.contains(&name)
            || around.globals_set.contains(name)
            || script.facts.tested.contains(name);
        if there || !told.insert(name) {
            continue;
        }
        let own = around.globals_set.iter().chain(&script.facts.locals);
        let candidates = own.map(String::as_str).chain(known.iter().copied());
        let help = names::instead(name)
            .map(str::to_owned)
            .or_else(|| names::nearest(name, candidates).map(did_you_mean));
        findings.push(Finding::warning(
            "unset-global",
            &global.span,
            format!("the global `{name}` is read and never set"),
            help,
        ));
    }
}

/// Fields that a known table does not have.
pub(super) fn fields(
    script: &Script,
    dialect: Dialect,
    around: &Surroundings,
    findings: &mut Vec<Finding>,
) {
    for used in &script.facts.fields_read {
        let Some(known) = names::fields(dialect, &used.table) else {
            continue;
        };
        let name = used.field.text.as_str();
        let path = format!("{}.{name}", used.table);
        let status = used.table == "@nauthilus_http_response" && name.starts_with("STATUS_");
        let there = known.contains(&name)
            || status
            || around.fields_set.contains(&path)
            || script.facts.tested.contains(&path)
            // The script makes a table of that name itself.
            || around.globals_set.contains(&used.table);
        if there {
            continue;
        }
        let help = names::instead(&path)
            .map(str::to_owned)
            .or_else(|| names::nearest(name, known.iter().copied()).map(did_you_mean));
        findings.push(Finding::warning(
            "unknown-field",
            &used.field.span,
            format!("`{}` has no field `{name}`", used.written),
            help,
        ));
    }
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}
