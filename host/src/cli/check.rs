//! `bulkhead check`: everything that is wrong with a configuration, plugins included, without serving.

use std::{path::PathBuf, process::ExitCode};

use super::{exit, report};
use crate::{
    config::{self, Diagnostic},
    reload,
};

/// Check a configuration: read it, load every plugin, report everything that is wrong
///
/// Scripts are compiled and components are linked against their grants, but nothing is served, the
/// store is not touched, and no login is decided.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  bulkhead check bulkhead.yaml
  bulkhead check bulkhead.yaml --json | jq '.problems[].message'

Exit codes: 0 the configuration can be used (there may be warnings), 64 wrong command line,
78 it cannot be used")]
pub(super) struct Arguments {
    /// The configuration file
    file: PathBuf,
    /// Print a JSON object with `ok` and the list `problems` to standard output
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let problems = match config::load(&arguments.file) {
        Err(problems) => problems,
        Ok(loaded) => {
            let mut problems = loaded.warnings.clone();
            match load_plugins(loaded) {
                Ok(found) => problems.extend(found),
                Err(code) => return code,
            }
            problems
        }
    };
    let usable = !problems.iter().any(Diagnostic::is_error);
    if arguments.json {
        report::json(&serde_json::json!({
            "ok": usable,
            "problems": config::to_json(&problems),
        }));
    } else if problems.is_empty() {
        report::output(&format!("{}: no problems\n", arguments.file.display()));
    } else {
        report::diagnostics(&problems);
    }
    if usable {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::CONFIGURATION)
    }
}

/// Loads the generation as `serve` would, with a store in memory, and drops it.
fn load_plugins(loaded: config::Loaded) -> Result<Vec<Diagnostic>, ExitCode> {
    let runtime = report::runtime()?;
    let places = loaded.places;
    let result = runtime.block_on(reload::start(loaded.config, reload::StoreUse::InMemory));
    Ok(match result {
        Ok(_) => Vec::new(),
        Err(problems) => reload::to_diagnostics(&problems, &places),
    })
}
