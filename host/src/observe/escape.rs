//! Text that outsiders chose, made safe to print on one line of a terminal or a log file.

use std::fmt::Write as _;

/// True for characters that end lines, move the cursor or change the direction of text.
fn is_dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with every dangerous character as `\uXXXX`, which is valid inside JSON strings too.
pub(super) fn one_line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    push_one_line(&mut safe, text);
    safe
}

/// Appends [`one_line`].
pub(super) fn push_one_line(line: &mut String, text: &str) {
    for character in text.chars() {
        if is_dangerous(character) {
            // Writing to a String cannot fail.
            let _ = write!(line, "\\u{:04x}", u32::from(character));
        } else {
            line.push(character);
        }
    }
}

/// Appends a value in the `key=value` form: quoted if it would not be one word otherwise.
pub(super) fn push_value(line: &mut String, text: &str) {
    let is_word = !text.is_empty()
        && text
            .chars()
            .all(|character| !matches!(character, ' ' | '"' | '=' | '\\'));
    if is_word {
        push_one_line(line, text);
        return;
    }
    line.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                line.push('\\');
                line.push(character);
            }
            other => push_one_line(line, other.encode_utf8(&mut [0; 4])),
        }
    }
    line.push('"');
}

/// A key of a pair: everything but letters, digits, `_`, `-` and `.` becomes `_`.
pub(super) fn key(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '_' | '-' | '.' => character,
            other if other.is_alphanumeric() => other,
            _ => '_',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_split_or_forge_a_line_is_escaped() {
        let rows = [
            ("plain", "plain"),
            ("two words", "\"two words\""),
            ("", "\"\""),
            ("a\nINFO forged", "\"a\\u000aINFO forged\""),
            ("\u{1b}[31mred", "\\u001b[31mred"),
            ("say \"x=1\"", "\"say \\\"x=1\\\"\""),
            ("\u{202e}txt", "\\u202etxt"),
            ("Grüße", "Grüße"),
        ];
        for (text, expected) in rows {
            let mut line = String::new();
            push_value(&mut line, text);
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn keys_are_one_word() {
        assert_eq!(key("a b=c\n.d-e_f"), "a_b_c_.d-e_f");
    }
}
