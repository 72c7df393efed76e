//! Reads typed values out of the tree and collects every complaint instead of stopping at the first.
//!
//! A value that is wrong is reported and treated as absent, so that reading goes on.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    diagnostic::Severity,
    keys::{list, nearest},
    source::Span,
    source_map::{Complaint, SourceMap},
    units,
    yaml::{Content, Node},
};

/// What all section readers share.
pub(super) struct Reader {
    pub(super) sources: SourceMap,
    pub(super) complaints: Vec<Complaint>,
    /// Files that hold secrets.
    pub(super) secret_files: Vec<PathBuf>,
}

impl Reader {
    /// Complains. Empty texts are left out.
    pub(super) fn error(&mut self, span: &Span, message: String, label: &str, help: &str) {
        self.complain(Severity::Error, span, message, label, help);
    }

    /// Warns. Empty texts are left out.
    pub(super) fn warning(&mut self, span: &Span, message: String, label: &str, help: &str) {
        self.complain(Severity::Warning, span, message, label, help);
    }

    fn complain(
        &mut self,
        severity: Severity,
        span: &Span,
        message: String,
        label: &str,
        help: &str,
    ) {
        self.complaints.push(Complaint {
            severity,
            message,
            labels: vec![(span.clone(), label.to_owned())],
            help: (!help.is_empty()).then(|| help.to_owned()),
        });
    }

    /// Adds another place to the complaint made last.
    pub(super) fn and_there(&mut self, span: &Span, label: &str) {
        if let Some(last) = self.complaints.last_mut() {
            last.labels.push((span.clone(), label.to_owned()));
        }
    }

    /// The path, from the folder of the file on in which it is written.
    pub(super) fn resolve(&self, written: &str, span: &Span) -> PathBuf {
        self.sources.folder(span).join(written)
    }

    /// The value as text; numbers and truth values count as the text that was written.
    pub(super) fn text<'a>(&mut self, node: &'a Node, path: &str) -> Option<&'a str> {
        match &node.content {
            Content::Scalar { text, .. } if !node.is_null() => {
                if text.is_empty() {
                    self.error(&node.span, format!("`{path}` is empty"), "", "write a text");
                    return None;
                }
                Some(text)
            }
            _ => {
                self.wrong_type(node, path, "text", "");
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, node: &Node, path: &str) -> Option<bool> {
        if let serde_json::Value::Bool(value) = node.to_json() {
            return Some(value);
        }
        let help = format!("write `{}: true` or `{}: false`", last(path), last(path));
        self.wrong_type(node, path, "`true` or `false`", &help);
        None
    }

    /// A whole number in the range.
    pub(super) fn integer(
        &mut self,
        node: &Node,
        path: &str,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let (least, most) = (*range.start(), *range.end());
        let value = match node.to_json() {
            serde_json::Value::Number(number) if number.is_i64() || number.is_u64() => {
                // A negative number is a number, and out of every range.
                number.as_u64()
            }
            _ => {
                let help = format!("write a whole number from {least} to {most}");
                self.wrong_type(node, path, "a whole number", &help);
                return None;
            }
        };
        match value {
            Some(value) if range.contains(&value) => Some(value),
            _ => {
                let help = format!("write a number from {least} to {most}");
                self.error(
                    &node.span,
                    format!("`{path}` is out of range"),
                    "this number",
                    &help,
                );
                None
            }
        }
    }

    /// A number from 0 to 1.
    pub(super) fn share(&mut self, node: &Node, path: &str) -> Option<f64> {
        let help = "write a number from 0 to 1, such as `0.1` for a tenth";
        let serde_json::Value::Number(number) = node.to_json() else {
            self.wrong_type(node, path, "a number", help);
            return None;
        };
        let value = number.as_f64().filter(|value| (0.0..=1.0).contains(value));
        if value.is_none() {
            let message = format!("`{path}` is out of range");
            self.error(&node.span, message, "this number", help);
        }
        value
    }

    /// A number in the range, fractions allowed.
    pub(super) fn decimal(
        &mut self,
        node: &Node,
        path: &str,
        (least, most): (u32, u32),
    ) -> Option<f64> {
        let help = format!("write a number from {least} to {most}, such as `1.5`");
        let serde_json::Value::Number(number) = node.to_json() else {
            self.wrong_type(node, path, "a number", &help);
            return None;
        };
        let range = f64::from(least)..=f64::from(most);
        let value = number.as_f64().filter(|value| range.contains(value));
        if value.is_none() {
            let message = format!("`{path}` is out of range");
            self.error(&node.span, message, "this number", &help);
        }
        value
    }

    /// A duration with its unit, in the range.
    pub(super) fn duration(
        &mut self,
        node: &Node,
        path: &str,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let limits = format!(
            "write a duration from {} to {}, with its unit, such as `500ms`, `5s` or `2m`",
            units::show_duration(*range.start()),
            units::show_duration(*range.end())
        );
        let Content::Scalar { text, .. } = &node.content else {
            self.wrong_type(node, path, "a duration", &limits);
            return None;
        };
        let value = match units::duration(text) {
            Ok(value) => value,
            Err(why) => {
                let message = format!("`{path}` is not a duration");
                self.error(&node.span, message, &why, &limits);
                return None;
            }
        };
        if !range.contains(&value) {
            let message = format!("`{path}` is out of range");
            self.error(&node.span, message, "this duration", &limits);
            return None;
        }
        Some(value)
    }

    /// A size in bytes, in the range.
    pub(super) fn size(
        &mut self,
        node: &Node,
        path: &str,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let limits = format!(
            "write a size from {} to {}, such as `512`, `64KiB` or `16MiB`",
            units::show_size(*range.start()),
            units::show_size(*range.end())
        );
        let Content::Scalar { text, .. } = &node.content else {
            self.wrong_type(node, path, "a size", &limits);
            return None;
        };
        let value = match units::size(text) {
            Ok(value) => value,
            Err(why) => {
                self.error(&node.span, format!("`{path}` is not a size"), &why, &limits);
                return None;
            }
        };
        if !range.contains(&value) {
            let message = format!("`{path}` is out of range");
            self.error(&node.span, message, "this size", &limits);
            return None;
        }
        Some(value)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        node: &Node,
        path: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(node, path)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let names = || words.iter().map(|(word, _)| *word);
        // A number that is near another one is no typing error.
        let is_word = text.contains(|symbol: char| symbol.is_ascii_alphabetic());
        let label = nearest(text, names())
            .filter(|_| is_word)
            .map(|word| format!("did you mean `{word}`?"));
        self.error(
            &node.span,
            format!("`{path}` cannot be `{text}`"),
            &label.unwrap_or_default(),
            &match words {
                [(only, _)] => format!("write `{only}`"),
                _ => format!("write one of {}", list(names())),
            },
        );
        None
    }

    /// The items of a list.
    pub(super) fn items<'a>(&mut self, node: &'a Node, path: &str) -> &'a [Node] {
        match &node.content {
            Content::Sequence(items) => items,
            _ if node.is_null() => &[],
            _ => {
                let help = format!(
                    "write a list: `{}: [first, second]`, or one item a line after `- `",
                    last(path)
                );
                self.wrong_type(node, path, "a list", &help);
                &[]
            }
        }
    }

    /// The texts of a list, with their places.
    pub(super) fn texts<'a>(&mut self, node: &'a Node, path: &str) -> Vec<(&'a str, &'a Span)> {
        let mut texts = Vec::new();
        for item in self.items(node, path) {
            if let Some(text) = self.text(item, path) {
                texts.push((text, &item.span));
            }
        }
        texts
    }

    /// A path that must name a readable file.
    pub(super) fn existing_file(&mut self, node: &Node, path: &str) -> Option<PathBuf> {
        let written = self.text(node, path)?;
        let file = self.resolve(written, &node.span);
        self.check_file(&file, &node.span, path).then_some(file)
    }

    /// Complains unless the path names a readable file.
    pub(super) fn check_file(&mut self, file: &Path, span: &Span, path: &str) -> bool {
        let why = match std::fs::File::open(file).and_then(|open| open.metadata()) {
            Ok(metadata) if metadata.is_file() => return true,
            Ok(_) => "this is not a file".to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                "there is no such file".to_owned()
            }
            Err(error) => error.to_string(),
        };
        let help = format!(
            "looked for {}; relative paths start at the folder of the file that names them",
            file.display()
        );
        self.error(span, format!("`{path}` cannot be read"), &why, &help);
        false
    }

    pub(super) fn wrong_type(&mut self, node: &Node, path: &str, expected: &str, help: &str) {
        let message = match path {
            "" => format!("the file must be {expected}"),
            path => format!("`{path}` must be {expected}"),
        };
        let label = format!("this is {}", node.kind());
        self.error(&node.span, message, &label, help);
    }
}

/// The last key of a path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
