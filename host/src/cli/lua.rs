//! `bulkhead lua`: work with scripts.

use std::{path::PathBuf, process::ExitCode};

use super::{exit, report};
use crate::config::Dialect;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    Run(RunArguments),
}

/// Run a plain Lua script in the sandbox
///
/// `print` and `io.write` go to standard output. An uncaught error goes to standard error as
/// `lua: chunk:line: message`, with exit code 1; `os.exit` ends with the code that it is given. The
/// script can read the Lua files of its own folder with `require`, and nothing else.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  bulkhead lua run hello.lua
  bulkhead lua run --dialect 5.4 sum.lua 1 2 3

Exit codes: 0 success, 1 the script ended with an error, 64 wrong command line, 66 the script cannot
be read; else what the script gave to os.exit")]
pub(super) struct RunArguments {
    /// The Lua that the script is written for: 5.1 (Nauthilus scripts) or 5.4 (Dovecot scripts)
    #[arg(long, default_value = "5.1", value_parser = dialect)]
    dialect: Dialect,
    /// The script
    file: PathBuf,
    /// What the script finds in `arg` and `...`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

fn dialect(text: &str) -> Result<Dialect, String> {
    match text {
        "5.1" => Ok(Dialect::Lua51),
        "5.4" => Ok(Dialect::Lua54),
        _ => Err("write 5.1 or 5.4".to_owned()),
    }
}

pub(super) fn run(command: Command) -> ExitCode {
    match command {
        Command::Run(arguments) => run_script(arguments),
    }
}
fn run_script(_: RunArguments) -> ExitCode {
    report::error("");
    ExitCode::from(exit::INTERNAL)
}
