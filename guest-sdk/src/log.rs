//! What a plugin wants to tell the operator. Always available.
//!
//! The server marks each line with plugin and session and escapes control characters. Lines past
//! the limit `log_lines` (100 per call unless configured) are dropped and counted.

use std::fmt::Display;

pub use crate::bindings::bulkhead::policy::log::Level;
use crate::{
    Value,
    host::{Current, Host},
};

/// Writes one line.
pub fn write(level: Level, message: impl Display) {
    Current::log_write(level, &message.to_string());
}

/// Writes one line for people who look for a fault.
pub fn debug(message: impl Display) {
    write(Level::Debug, message);
}

/// Writes one line about ordinary work.
pub fn info(message: impl Display) {
    write(Level::Info, message);
}

/// Writes one line about something odd.
pub fn warning(message: impl Display) {
    write(Level::Warning, message);
}

/// Writes one line about something broken.
pub fn error(message: impl Display) {
    write(Level::Error, message);
}

/// Adds a pair to the one line that the server logs about this login.
pub fn add_field(key: &str, value: impl Into<Value>) {
    Current::log_add_field(key, &value.into());
}
