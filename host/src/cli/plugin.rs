//! `bulkhead plugin`: look at components.

use std::{path::PathBuf, process::ExitCode};

use super::{exit, report};
use crate::config::BUILTIN;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    Inspect(InspectArguments),
    /// List the first-party plugins that this program holds
    #[command(after_help = "\
Example of a plugin's use:
  pipeline:
    filters: [{name: networks, component: \"builtin:allow-nets\"}]")]
    List,
}

/// Show what a component is, what it asks for, and which grants it needs
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  bulkhead plugin inspect target/wasm32-unknown-unknown/release/my_filter.wasm

Exit codes: 0 success, 64 wrong command line, 65 the file is not a plugin, 66 it cannot be read")]
pub(super) struct InspectArguments {
    /// The component file
    file: PathBuf,
}

pub(super) fn run(command: &Command) -> ExitCode {
    match command {
        Command::Inspect(arguments) => inspect(arguments),
        Command::List => list(),
    }
}

fn list() -> ExitCode {
    let mut text = String::new();
    for plugin in BUILTIN {
        text.push_str(&format!(
            "{:<14} {:<8} {}\n",
            plugin.name, plugin.kind, plugin.summary
        ));
    }
    report::output(&text);
    ExitCode::SUCCESS
}
fn inspect(_: &InspectArguments) -> ExitCode {
    ExitCode::from(exit::INTERNAL)
}
