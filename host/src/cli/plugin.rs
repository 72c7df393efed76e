//! `bulkhead plugin`: look at components.

use std::{path::PathBuf, process::ExitCode};

use super::{exit, report};
use crate::{
    config::BUILTIN,
    engine::{self, Inspection},
};

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
fn inspect(arguments: &InspectArguments) -> ExitCode {
    let name = arguments.file.display();
    let bytes = match std::fs::read(&arguments.file) {
        Ok(bytes) => bytes,
        Err(why) => {
            report::error(&format!("cannot read {name}: {why}"));
            return ExitCode::from(exit::NO_INPUT);
        }
    };
    let size = bytes.len();
    let runtime = match report::runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    match runtime.block_on(engine::inspect(bytes)) {
        Ok(inspection) => {
            report::output(&show(&inspection, size));
            ExitCode::SUCCESS
        }
        Err(why) => {
            report::error(&format!("{name}: {why}"));
            ExitCode::from(exit::DATA)
        }
    }
}

fn show(inspection: &Inspection, size: usize) -> String {
    let description = &inspection.description;
    let kinds: Vec<_> = inspection.kinds.iter().map(|kind| kind.as_str()).collect();
    let or_nothing = |text: String| match text.as_str() {
        "" => "nothing".to_owned(),
        _ => text,
    };
    let mut text = String::new();
    for (title, value) in [
        ("name", description.name.clone()),
        ("version", description.version.clone()),
        ("summary", description.summary.clone()),
        ("size", format!("{size} bytes")),
        ("usable as", or_nothing(kinds.join(", "))),
        ("needs grants", or_nothing(inspection.grants.join(", "))),
    ] {
        text.push_str(&format!(
            "{:<14}{}\n",
            format!("{title}:"),
            printable(&value)
        ));
    }
    for (title, names) in [
        ("imports", &inspection.surface.imports),
        ("exports", &inspection.surface.exports),
    ] {
        text.push_str(&format!("{title}:\n"));
        for name in names {
            text.push_str(&format!("  {}\n", printable(name)));
        }
    }
    text
}

/// A component is a stranger: what it says of itself must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|symbol| if symbol.is_control() { ' ' } else { symbol })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_what_the_engine_holds() {
        let mut listed: Vec<_> = BUILTIN.iter().map(|plugin| plugin.name).collect();
        let mut held = engine::plugin_names();
        listed.sort_unstable();
        held.sort_unstable();
        assert_eq!(listed, held);
    }
}
