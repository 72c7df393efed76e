//! `bulkhead check`: everything that is wrong with a configuration, plugins included, without serving.

use std::{path::PathBuf, process::ExitCode};

use super::{exit, report};
use crate::{
    config::{self, Diagnostic, Severity},
    reload,
};

/// Check a configuration: read it, load and try every plugin, report everything that is wrong
///
/// Scripts are compiled, components are linked against their grants, and each plugin is asked once
/// about a user that does not exist. Nothing outside notices: nothing is served, the store is not
/// touched, and HTTP requests of plugins are refused. Example logins are read, not decided.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  bulkhead check bulkhead.yaml
  bulkhead check /etc/bulkhead/*.yaml
  bulkhead check bulkhead.yaml --json | jq '.problems[].message'

Exit codes: 0 the configuration can be used (there may be warnings), 64 wrong command line,
78 it cannot be used")]
pub(super) struct Arguments {
    /// The configuration file; several are checked one after the other, each for itself
    #[arg(required = true)]
    file: Vec<PathBuf>,
    /// Print a JSON object with `ok` and the list `problems` to standard output
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let mut all = Vec::new();
    for file in &arguments.file {
        let problems = match config::load(file) {
            Err(problems) => problems,
            Ok(loaded) => match with_plugins(loaded) {
                Ok(problems) => problems,
                Err(code) => return code,
            },
        };
        if problems.is_empty() && !arguments.json {
            report::output(&format!("{}: no problems\n", file.display()));
        }
        all.extend(problems);
    }
    let usable = !all.iter().any(Diagnostic::is_error);
    if arguments.json {
        report::json(&serde_json::json!({
            "ok": usable,
            "problems": config::to_json(&all),
        }));
    } else if !all.is_empty() {
        report::diagnostics(&all);
    }
    if usable {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::CONFIGURATION)
    }
}

/// What is wrong with a configuration that can be read: its warnings, and what its plugins say.
fn with_plugins(loaded: config::Loaded) -> Result<Vec<Diagnostic>, ExitCode> {
    let runtime = report::runtime()?;
    let found = runtime.block_on(reload::dry_run(loaded.config));
    let mut problems = loaded.warnings;
    problems.extend(reload::to_diagnostics(&found.problems, &loaded.places));
    let doubts = reload::to_diagnostics(&found.doubts, &loaded.places);
    problems.extend(doubts.into_iter().map(|doubt| Diagnostic {
        severity: Severity::Warning,
        ..doubt
    }));
    // Plugins that still compute must not hold the exit up.
    runtime.shutdown_background();
    Ok(problems)
}
