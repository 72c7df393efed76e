//! The import `log`: a plugin's lines go to the server's log, its fields to the login's line.
//!
//! What a guest says can contain what a client sent, so nothing in it may look like a line end, a
//! terminal command or reversed text, and the password of the login is marked wherever it stands.

use std::{borrow::Cow, fmt::Write};

use super::{
    bindings::bulkhead::policy::{log, types},
    convert,
    state::CallState,
};
use crate::auth::redact;

/// Longest message in bytes; the rest is cut off and marked.
const MESSAGE_BYTES: usize = 8 * 1024;

impl log::Host for CallState {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.charge(message.len())?;
        if self.may_log() {
            let plugin = self.rights.plugin.as_str();
            let session = self.session();
            let password = self
                .request
                .as_ref()
                .and_then(|request| request.password.as_deref());
            let message = redact::text(message, password);
            let message = printable(&message);
            match level {
                log::Level::Debug => {
                    tracing::debug!(target: "bulkhead::plugin", plugin, session, "{message}");
                }
                log::Level::Info => {
                    tracing::info!(target: "bulkhead::plugin", plugin, session, "{message}");
                }
                log::Level::Warning => {
                    tracing::warn!(target: "bulkhead::plugin", plugin, session, "{message}");
                }
                log::Level::Error => {
                    tracing::error!(target: "bulkhead::plugin", plugin, session, "{message}");
                }
            }
        }
        Ok(())
    }

    fn add_field(&mut self, key: String, value: types::Value) -> wasmtime::Result<()> {
        self.charge(key.len() + convert::weight(&value))?;
        // Fields count as lines: both end up in the log.
        if self.may_log() {
            let key = printable(&key).into_owned();
            self.log_fields.push((key, convert::value(value)));
        }
        Ok(())
    }
}

impl CallState {
    /// Counts a line and says whether it may still be written. The first one too many leaves a
    /// warning.
    pub fn may_log(&mut self) -> bool {
        let limit = self.rights.limits.log_lines;
        self.log_lines = self.log_lines.saturating_add(1);
        if self.log_lines == limit.saturating_add(1) {
            tracing::warn!(
                target: "bulkhead::plugin",
                plugin = self.rights.plugin,
                session = self.session(),
                "it writes more lines than its limit `log_lines` of {limit}; the rest of this call is dropped"
            );
        }
        self.log_lines <= limit
    }
}

/// The text with everything escaped that could break a log line, a terminal or a reader's eye, and
/// cut to a reasonable length.
pub fn printable(text: &str) -> Cow<'_, str> {
    let cut = text.len() > MESSAGE_BYTES;
    if !cut && !text.chars().any(must_escape) {
        return Cow::Borrowed(text);
    }
    let mut end = text.len().min(MESSAGE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let shown = text.get(..end).unwrap_or_default();
    let mut out = String::with_capacity(shown.len() + 16);
    for character in shown.chars() {
        if must_escape(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    if cut {
        // Writing to a string cannot fail.
        let _ = write!(out, " … ({} bytes)", text.len());
    }
    Cow::Owned(out)
}

/// Control characters, and those that change the direction or the layout of what follows.
fn must_escape(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_can_break_a_line() {
        let table = [
            ("plain text, ümläut", "plain text, ümläut"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("nul\0", "nul\\u{0}"),
            ("\u{202e}txt.exe", "\\u{202e}txt.exe"),
            ("a\u{2028}b", "a\\u{2028}b"),
        ];
        for (text, expected) in table {
            assert_eq!(printable(text), expected);
        }
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let text = "ä".repeat(MESSAGE_BYTES);
        let shown = printable(&text);
        assert!(shown.len() < MESSAGE_BYTES + 64);
        assert!(shown.ends_with("(16384 bytes)"), "{shown}");
        assert_eq!(printable(&"a".repeat(MESSAGE_BYTES)).len(), MESSAGE_BYTES);
    }
}
