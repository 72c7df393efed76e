//! `bulkhead config`: what is in force, and what may be written.

use std::{path::PathBuf, process::ExitCode};

use super::report;
use crate::config;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    Show(ShowArguments),
    /// Print the JSON Schema of the configuration file, for editors
    #[command(after_help = "\
Examples:
  bulkhead config schema > bulkhead.schema.json

Then begin a configuration file with:
  # yaml-language-server: $schema=bulkhead.schema.json")]
    Schema,
}

/// Print the configuration that is in force, with the source of every value
///
/// Included files are merged, defaults are filled in, paths are absolute, and secrets are masked. What
/// is printed is YAML; the comment behind each value names the file and line that it comes from.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  bulkhead config show -c bulkhead.yaml
  bulkhead config show -c bulkhead.yaml | grep -v '# default'
  bulkhead config show -c bulkhead.yaml --json | jq '.configuration.limits'

Exit codes: 0 success, 64 wrong command line, 78 the configuration is wrong")]
pub(super) struct ShowArguments {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", env = "BULKHEAD_CONFIG")]
    config: PathBuf,
    /// Print a JSON object with `files`, `configuration`, and `sources` by key
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command) -> ExitCode {
    match command {
        Command::Show(arguments) => show(arguments),
        Command::Schema => {
            report::json(&config::json_schema());
            ExitCode::SUCCESS
        }
    }
}

fn show(arguments: &ShowArguments) -> ExitCode {
    let loaded = match report::load(&arguments.config) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let effective = config::effective(&loaded);
    if arguments.json {
        report::json(&effective.to_json());
    } else {
        report::output(&effective.to_yaml());
    }
    ExitCode::SUCCESS
}
