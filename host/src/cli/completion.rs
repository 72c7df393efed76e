//! `bulkhead completion`: a script that completes commands and options in a shell.

use std::process::ExitCode;

use clap_complete::Shell;

use super::report;

/// Print a script that completes bulkhead's commands in a shell
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  bulkhead completion bash > /etc/bash_completion.d/bulkhead
  bulkhead completion zsh > ~/.zfunc/_bulkhead")]
pub(super) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, command: &mut clap::Command) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command, "bulkhead", &mut script);
    report::output(&String::from_utf8_lossy(&script));
    ExitCode::SUCCESS
}
