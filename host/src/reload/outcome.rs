//! What came of a reload.

use std::time::Duration;

use crate::config::Diagnostic;

/// What asked for a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// SIGHUP.
    Signal,
    /// A file changed.
    Files,
    /// `POST /api/v1/admin/reload`.
    Request,
}

impl Cause {
    /// The word for the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Files => "files",
            Self::Request => "request",
        }
    }
}

/// What came of a reload.
pub struct ReloadOutcome {
    /// What asked for it first.
    pub cause: Cause,
    /// From the first look at a file to the swap, or to the refusal.
    pub took: Duration,
    /// The generation that serves from now on, or why it is still the old one.
    pub result: Result<Reloaded, Refused>,
}

/// A new generation serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reloaded {
    /// Its number, from 1.
    pub number: u64,
    /// Plugins that are new or were made anew, in alphabetical order.
    pub loaded: Vec<String>,
    /// How many were taken over as they ran.
    pub reused: usize,
    /// What is probably not meant, and what has to wait for a restart; one line each.
    pub warnings: Vec<String>,
}

/// Nothing has changed, because this stands in the way. Never empty.
pub struct Refused {
    /// All problems, with places.
    pub problems: Vec<Diagnostic>,
}

impl Refused {
    /// One line for each problem: where, and what.
    pub fn lines(&self) -> Vec<String> {
        let errors = self.problems.iter().filter(|one| one.is_error());
        errors.map(line).collect()
    }

    /// All of it in one line, as far as one line may hold it.
    pub fn summary(&self) -> String {
        let lines = self.lines();
        match lines.as_slice() {
            [] => "the configuration cannot be used".to_owned(),
            [only] => only.clone(),
            [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
        }
    }
}

/// `file:line:column: message`.
pub(super) fn line(diagnostic: &Diagnostic) -> String {
    let name = diagnostic.source.name();
    match diagnostic.position() {
        Some((line, column)) => format!("{name}:{line}:{column}: {diagnostic}"),
        None => format!("{name}: {diagnostic}"),
    }
}
