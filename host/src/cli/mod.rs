//! The command line: one file per subcommand.
//!
//! Parses arguments, calls the rooms that do the work, prints, and chooses the exit code. Results go to
//! standard output, everything else to standard error.

mod check;
mod completion;
mod config;
pub mod exit;
mod login;
mod lua;
mod plugin;
mod report;
mod serve;
mod systemd;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

/// The version, with what it was built from if the build knew.
pub const VERSION: &str = match option_env!("BULKHEAD_BUILD") {
    Some(build) => build,
    None => env!("CARGO_PKG_VERSION"),
};

/// An authentication policy server whose every rule runs in a sandbox of its own.
///
/// Dovecot, nginx, Postfix and anything that speaks HTTP ask it whether a user may log in. Rules are
/// WebAssembly components or Lua scripts, named in one configuration file.
#[derive(Parser)]
#[command(name = "bulkhead", version = VERSION, after_help = format!("{EXAMPLES}\n\n{}", exit::TABLE))]
#[command(
    propagate_version = false,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  bulkhead check bulkhead.yaml
  bulkhead serve -c bulkhead.yaml
  bulkhead login -c bulkhead.yaml --user alice --password-stdin < password";

#[derive(Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Check(check::Arguments),
    Login(login::Arguments),
    /// Look at the configuration
    #[command(subcommand, arg_required_else_help = true)]
    Config(config::Command),
    /// Work with Lua scripts
    #[command(subcommand, arg_required_else_help = true)]
    Lua(lua::Command),
    /// Work with plugins
    #[command(subcommand, arg_required_else_help = true)]
    Plugin(plugin::Command),
    Completion(completion::Arguments),
}

/// Runs the command that the arguments name. The first argument is the program's own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    match arguments.command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Login(arguments) => login::run(arguments),
        Command::Config(command) => config::run(&command),
        Command::Lua(command) => lua::run(command),
        Command::Plugin(command) => plugin::run(&command),
        Command::Completion(arguments) => completion::run(&arguments, &mut Arguments::command()),
    }
}

/// Prints clap's message. Help and version were asked for: they are a success.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is no reason to fail.
    let _ = error.print();
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(exit::USAGE),
    }
}
