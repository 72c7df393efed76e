//! Printing of complaints, the same for all subcommands.

use std::{
    io::{IsTerminal, Write},
    path::Path,
    process::ExitCode,
};

use super::exit;
use crate::{
    config::{self, Diagnostic, Loaded},
    reload::{LoadProblem, Place},
};

/// Reads the configuration; prints complaints and warnings to standard error.
pub(super) fn load(path: &Path) -> Result<Loaded, ExitCode> {
    match config::load(path) {
        Ok(loaded) => {
            if !loaded.warnings.is_empty() {
                diagnostics(&loaded.warnings);
            }
            Ok(loaded)
        }
        Err(complaints) => {
            diagnostics(&complaints);
            Err(ExitCode::from(exit::CONFIGURATION))
        }
    }
}

/// The exit code for what kept a generation from being loaded.
pub(super) fn exit_code(problems: &[LoadProblem]) -> ExitCode {
    let outside = |problem: &LoadProblem| problem.place == Place::Outside;
    ExitCode::from(if problems.iter().all(outside) {
        exit::UNAVAILABLE
    } else {
        exit::CONFIGURATION
    })
}

/// Prints complaints to standard error, in colour on a terminal.
pub(super) fn diagnostics(diagnostics: &[Diagnostic]) {
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    error_text(&config::render(diagnostics, colour));
}

/// `bulkhead: message` on standard error.
pub(super) fn error(message: &str) {
    error_text(&format!("bulkhead: {message}\n"));
}

/// Text on standard error, as it is.
pub(super) fn error_text(text: &str) {
    // Where nobody reads there is nobody to tell.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Prints a result to standard output. A reader that went away is no failure.
pub(super) fn output(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints a JSON document and a line end to standard output.
pub(super) fn json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => output(&(text + "\n")),
        Err(why) => error(&format!("cannot write the result as JSON: {why}")),
    }
}

/// The asynchronous runtime that commands run in.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, ExitCode> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| {
            error(&format!("cannot start threads: {why}"));
            ExitCode::from(exit::INTERNAL)
        })
}
