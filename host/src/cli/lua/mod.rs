//! `bulkhead lua`: work with scripts.

mod check;
mod run;

use std::process::ExitCode;

use crate::config::Dialect;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    Run(run::Arguments),
    Check(check::Arguments),
}

pub(super) fn run(command: Command) -> ExitCode {
    match command {
        Command::Run(arguments) => run::run(arguments),
        Command::Check(arguments) => check::run(&arguments),
    }
}

fn dialect(text: &str) -> Result<Dialect, String> {
    match text {
        "5.1" => Ok(Dialect::Lua51),
        "5.4" => Ok(Dialect::Lua54),
        _ => Err("write 5.1 or 5.4".to_owned()),
    }
}
