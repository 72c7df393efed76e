//! The reference Lua interpreters.

use std::{path::Path, process::Command, time::Duration};

use crate::{command, require_server};

/// Runs a script with `lua5.1` or `lua5.4`.
///
/// # Panics
/// When the interpreter is missing, or the script still runs after a minute.
pub fn run(interpreter: &str, script: &Path, arguments: &[&str]) -> command::Output {
    require_server(interpreter);
    let mut lua = Command::new(interpreter);
    lua.arg(script).args(arguments);
    command::run(lua, Duration::from_secs(60))
}
