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

    /// Keeps a copy of a text that is no configuration, as it is.
    pub fn plain(name: &str, text: &str) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            shown: NamedSource::new(name, text.to_owned()),
        })
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
    let mut shown = String::with_capacity(text.len());
    // Lines that are indented deeper than this belong to a value that began further up.
    let mut value_below: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let is_blank = line.trim().is_empty();
        match value_below {
            Some(key) if !is_blank && indent > key => {
                let end = line.trim_end().len();
                shown.push_str(line.get(..indent).unwrap_or(""));
                shown.push_str(&"*".repeat(end - indent));
                shown.push_str(line.get(end..).unwrap_or(""));
                continue;
            }
            Some(_) if is_blank => {}
            _ => value_below = goes_on_below(line),
        }
        shown.push_str(&mask_line(line));
    }
    shown
}

/// The column of a secret's key whose value goes on in the lines below: a block scalar, or text in
/// quotes that are not closed.
fn goes_on_below(line: &str) -> Option<usize> {
    let (before, value) = line.split_once(": ").or_else(|| line.split_once(":\n"))?;
    let key = before.trim_start_matches([' ', '-']);
    let column = before.len() - key.len();
    let key = key.trim_matches(['"', '\'', ' ']);
    let value = value.trim();
    let open = match value.chars().next() {
        Some('|' | '>') => true,
        Some(quote @ ('"' | '\'')) => !value.get(1..)?.contains(quote),
        _ => false,
    };
    (open && HIDDEN.iter().any(|word| key.ends_with(word))).then_some(column)
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
    fn a_password_of_several_lines_is_masked_to_its_end() {
        for (text, shown) in [
            (
                "- password: |\n    hun ter\n\n    2\n  name: x\n",
                "- password: *\n    *******\n\n    *\n  name: x\n",
            ),
            (
                "token: \"one\n  two\"\nname: x\n",
                "token: ****\n  ****\nname: x\n",
            ),
            ("password:\n  file: x\n", "password:\n  file: x\n"),
        ] {
            assert_eq!(mask(text), shown);
            assert_eq!(text.len(), shown.len());
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
