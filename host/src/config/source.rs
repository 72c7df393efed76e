//! The text of a configuration file: names, positions, and a copy that is fit to be shown.
//!
//! Messages quote the file. Quoted lines never show a password: values of keys that look like one are
//! masked, byte by byte, so that all positions stay true.

use std::{ops::Range, path::Path, sync::Arc};

use miette::NamedSource;

/// Bytes of a file, from and up to.
pub type Span = Range<usize>;

/// A file as messages show it.
#[derive(Debug)]
pub struct Source {
    name: String,
    shown: NamedSource<String>,
}

/// Keys whose values are masked when a message quotes their line.
const HIDDEN: [&str; 3] = ["password", "secret", "token"];

impl Source {
    /// Keeps a copy of the text with masked passwords. The name is the path as the user wrote it.
    pub fn new(path: &Path, text: &str) -> Arc<Self> {
        let name = path.display().to_string();
        let shown = NamedSource::new(&name, mask(text)).with_language("yaml");
        Arc::new(Self { name, shown })
    }

    /// The path as the user wrote it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For miette.
    pub(super) fn shown(&self) -> &NamedSource<String> {
        &self.shown
    }

    /// Line and column of a byte, both counted from 1; columns are characters.
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let text = self.shown.inner();
        let before = text.get(..byte.min(text.len())).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(start..).unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

/// Replaces the values of `password: …` and the like by as many stars as they have bytes. Works on
/// lines, so that it also works on text that is no YAML.
fn mask(text: &str) -> String {
    text.split_inclusive('\n').map(mask_line).collect()
}

fn mask_line(line: &str) -> String {
    let mut shown = line.to_owned();
    for word in HIDDEN {
        let mut from = 0;
        while let Some(range) = next_value(&shown, word, from) {
            from = range.end;
            let stars = "*".repeat(range.len());
            shown.replace_range(range, &stars);
        }
    }
    shown
}

/// The value after the next key that ends in `word`, if it is a scalar that may be secret.
fn next_value(line: &str, word: &str, from: usize) -> Option<Range<usize>> {
    let mut from = from;
    loop {
        let found = from + line.get(from..)?.find(word)?;
        from = found + word.len();
        let rest = line.get(from..)?;
        let after_key = rest.trim_start_matches(['"', '\'', ' ']);
        let Some(value) = after_key.strip_prefix(':') else {
            continue;
        };
        let value = value.trim_start_matches([' ', '\t']);
        let start = line.len() - value.len();
        let length = scalar_length(value);
        let scalar = value.get(..length)?;
        if scalar.is_empty() || ["true", "false"].contains(&scalar) {
            continue;
        }
        return Some(start..start + length);
    }
}

/// Length of the scalar that the text begins with; 0 for mappings, lists and aliases.
fn scalar_length(value: &str) -> usize {
    match value.chars().next() {
        None | Some('{' | '[' | '*' | '&' | '#' | '\n' | '\r') => 0,
        Some(quote @ ('"' | '\'')) => value
            .get(1..)
            .and_then(|rest| rest.find(quote))
            .map_or(value.trim_end().len(), |end| end + 2),
        Some(_) => value
            .find([',', '}', '\n', '\r'])
            .map_or(value.len(), |end| {
                value.get(..end).map_or(0, |part| part.trim_end().len())
            }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_masked_wherever_it_stands() {
        for (line, shown) in [
            ("  password: hunter2\n", "  password: *******\n"),
            ("{password: hunter2, a: b}", "{password: *******, a: b}"),
            ("password: \"a, b\" # why", "password: ****** # why"),
            ("\"api-token\": x\r\n", "\"api-token\": *\r\n"),
            ("password: {file: x}", "password: {file: x}"),
            ("password: true", "password: true"),
            ("  - tls", "  - tls"),
        ] {
            assert_eq!(mask(line), shown, "{line}");
        }
    }

    #[test]
    fn positions_count_characters_from_one() {
        let source = Source::new(Path::new("x"), "a: ü\nbé: c\n");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(6), (2, 1));
        assert_eq!(source.position(11), (2, 5));
        assert_eq!(source.position(999), (3, 1));
    }
}
