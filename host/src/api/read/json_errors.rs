//! The words in which Go's JSON decoder refuses a text, since clients of the peer may show them.
//!
//! Never quotes more of the body than the one character at which reading stopped.

use serde_json::{Error, error::Category};

/// The refusal's text.
pub(super) fn describe(error: &Error, body: &[u8]) -> String {
    if body.trim_ascii().is_empty() {
        return "EOF".to_owned();
    }
    match error.classify() {
        Category::Eof | Category::Io => "unexpected EOF".to_owned(),
        Category::Data => format!("json: cannot unmarshal {} into an object", kind(body)),
        Category::Syntax => syntax(error, body),
    }
}

fn syntax(error: &Error, body: &[u8]) -> String {
    let text = error.to_string();
    let place = if text.starts_with("expected value") || text.starts_with("invalid number") {
        "looking for beginning of value"
    } else if text.starts_with("key must be a string") || text.starts_with("trailing comma") {
        "looking for beginning of object key string"
    } else if text.starts_with("expected `:`") {
        "after object key"
    } else if text.starts_with("expected `,` or `}`") {
        "after object key:value pair"
    } else if text.starts_with("expected `,` or `]`") {
        "after array element"
    } else if text.starts_with("control character") {
        "in string literal"
    } else if text.starts_with("trailing characters") {
        "after top-level value"
    } else if text.starts_with("invalid escape") {
        "in string escape code"
    } else {
        return "invalid JSON".to_owned();
    };
    match character_at(error, body, place == "in string literal") {
        Some(character) => format!("invalid character {} {place}", quoted(character)),
        None => format!("invalid character {place}"),
    }
}

/// The character at which reading stopped. Lines and columns count from 1, columns in bytes.
fn character_at(error: &Error, body: &[u8], is_control: bool) -> Option<char> {
    let line_start: usize = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().checked_sub(1)?)
        .map(<[u8]>::len)
        .sum();
    // serde_json counts a line end as column 0 of the next line.
    let position = match error.column().checked_sub(1) {
        Some(column) => line_start.checked_add(column)?,
        None => line_start.checked_sub(1)?,
    };
    let rest = body.get(position..)?;
    let end = rest.len().min(4);
    let ahead = String::from_utf8_lossy(rest.get(..end)?);
    let mut characters = ahead.chars();
    let first = characters.next();
    // In a value that is skipped at first, serde_json stops one short of a control character.
    match (is_control, first) {
        (true, Some(character)) if !character.is_control() => characters.next(),
        _ => first,
    }
}

/// As Go quotes a character.
fn quoted(character: char) -> String {
    match character {
        '\'' => "'\\''".to_owned(),
        '"' => "'\"'".to_owned(),
        other => format!("'{}'", other.escape_debug()),
    }
}

fn kind(body: &[u8]) -> &'static str {
    match body.trim_ascii_start().first() {
        Some(b'"') => "string",
        Some(b'[') => "array",
        Some(b't' | b'f') => "bool",
        _ => "number",
    }
}
