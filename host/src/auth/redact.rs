//! Keeps the password out of texts that a plugin hands to the operator.
//!
//! A plugin that was granted the password may put it into an error text by accident: a Lua error
//! quotes values. This catches the literal password, not a transformed one; a plugin that is granted
//! the password and wants to betray it can.

use super::{Password, Value};

/// Shorter passwords would tear holes into ordinary words.
const SHORTEST: usize = 4;
/// What stands in its place.
const MARK: &str = "[password]";

/// The text without the password.
pub(crate) fn text(text: String, password: Option<&Password>) -> String {
    match password.and_then(|password| std::str::from_utf8(password.expose()).ok()) {
        Some(password) if password.len() >= SHORTEST && text.contains(password) => {
            text.replace(password, MARK)
        }
        _ => text,
    }
}

/// Whether the bytes hold the password.
pub(crate) fn is_in(bytes: &[u8], password: Option<&Password>) -> bool {
    password
        .map(Password::expose)
        .filter(|password| password.len() >= SHORTEST)
        .is_some_and(|password| bytes.windows(password.len()).any(|part| part == password))
}

/// The value without the password.
pub(crate) fn value(value: Value, password: Option<&Password>) -> Value {
    match value {
        Value::Text(inner) => Value::Text(text(inner, password)),
        Value::Bytes(bytes) => match String::from_utf8(bytes) {
            Ok(inner) => Value::Bytes(text(inner, password).into_bytes()),
            Err(other) => Value::Bytes(other.into_bytes()),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_marked_in_texts_and_short_ones_are_left() {
        let long = Password::new(b"correct horse".to_vec());
        let short = Password::new(b"abc".to_vec());
        let rows = [
            (
                Some(&long),
                "bad value 'correct horse'",
                "bad value '[password]'",
            ),
            (Some(&long), "nothing here", "nothing here"),
            (Some(&short), "abc of errors", "abc of errors"),
            (None, "correct horse", "correct horse"),
        ];
        for (password, before, after) in rows {
            assert_eq!(text(before.to_owned(), password), after);
            assert_eq!(
                value(Value::Bytes(before.as_bytes().to_vec()), password),
                Value::Bytes(after.as_bytes().to_vec())
            );
        }
    }
}
