//! Functions that the sandbox refuses, and the rule behind each.

use super::{Finding, Script, facts::CallUse, names};

const NO_PROCESSES: &str = "scripts cannot start processes";
const READ_ONLY: &str = "scripts cannot change files: what they were granted is read-only";
const NO_NATIVE_CODE: &str = "scripts cannot load native code";
const NO_EXIT: &str = "a script cannot end the server";

const FORBIDDEN: [(&str, &str); 11] = [
    ("os.execute", NO_PROCESSES),
    ("io.popen", NO_PROCESSES),
    ("@cmd.exec", NO_PROCESSES),
    ("os.remove", READ_ONLY),
    ("os.rename", READ_ONLY),
    ("os.tmpname", READ_ONLY),
    ("io.tmpfile", READ_ONLY),
    ("io.output", READ_ONLY),
    ("package.loadlib", NO_NATIVE_CODE),
    ("debug.debug", "there is no terminal"),
    ("os.exit", NO_EXIT),
];

pub(super) fn find(script: &Script, findings: &mut Vec<Finding>) {
    let facts = &script.facts;
    let is_plugin = facts.functions.iter().any(|function| {
        let name = function.text.as_str();
        names::NAUTHILUS_ENTRIES.contains(&name)
            || names::DOVECOT_LOOKUPS.contains(&name)
            || names::DOVECOT_ENTRIES.contains(&name)
    });
    for call in &facts.calls {
        let path = call.path.as_str();
        let rule = match FORBIDDEN.iter().find(|(name, _)| *name == path) {
            // A program may end itself.
            Some((_, NO_EXIT)) if !is_plugin => None,
            // Without an argument it only tells where output goes.
            Some(("io.output", _)) if call.arguments.is_empty() => None,
            Some((_, rule)) => Some(*rule),
            None => (path == "io.open" && writes(call)).then_some(READ_ONLY),
        };
        if let Some(rule) = rule {
            let shown = path.trim_start_matches(names::MODULE);
            findings.push(Finding::warning(
                "forbidden",
                &call.span,
                format!("`{shown}` is not available here"),
                Some(rule.to_owned()),
            ));
        }
    }
}

/// Whether a call of `io.open` asks for more than reading.
pub(super) fn writes(call: &CallUse) -> bool {
    matches!(call.arguments.get(1), Some(Some(mode)) if mode.contains(['w', 'a', '+']))
}
