//! Reads typed values out of the tree and collects every complaint instead of stopping at the first.
//!
//! A value that is wrong is reported and treated as absent, so that reading goes on.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{
    diagnostic::{Diagnostic, Severity},
    keys::{ALL, Keys, list, nearest},
    source::{Source, Span},
    units,
    yaml::{Content, Entry, Node},
};

/// What all section readers share.
pub(super) struct Reader {
    pub(super) source: Arc<Source>,
    /// Relative paths start here.
    pub(super) folder: PathBuf,
    pub(super) diagnostics: Vec<Diagnostic>,
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
        self.diagnostics.push(Diagnostic {
            severity,
            source: Arc::clone(&self.source),
            message,
            labels: vec![(span.clone(), label.to_owned())],
            help: (!help.is_empty()).then(|| help.to_owned()),
        });
    }

    /// Adds another place to the complaint made last.
    pub(super) fn and_there(&mut self, span: &Span, label: &str) {
        if let Some(last) = self.diagnostics.last_mut() {
            last.labels.push((span.clone(), label.to_owned()));
        }
    }

    /// The path, from the folder of the configuration file on.
    pub(super) fn resolve(&self, written: &str) -> PathBuf {
        self.folder.join(written)
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
        let label = nearest(text, names()).map(|word| format!("did you mean `{word}`?"));
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
        let file = self.resolve(written);
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
            "looked for {}; relative paths start at the folder of the configuration file",
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

/// A mapping whose keys are known.
pub(super) struct Section<'a> {
    /// As in the file: `plugins.networks.limits`.
    pub(super) path: String,
    /// What to underline when the section as a whole is meant.
    pub(super) span: Span,
    /// It is something else than a section, and that was reported.
    pub(super) malformed: bool,
    entries: &'a [Entry],
}

impl<'a> Section<'a> {
    /// A section that the file does not hold.
    pub(super) fn absent(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            span: 0..0,
            malformed: false,
            entries: &[],
        }
    }

    /// Opens a node as a section; complains about keys that are unknown, or if it is no section.
    pub(super) fn open(
        reader: &mut Reader,
        node: &'a Node,
        span: &Span,
        path: &str,
        keys: &Keys,
    ) -> Self {
        let mut malformed = false;
        let entries = match &node.content {
            Content::Mapping(entries) => entries.as_slice(),
            _ if node.is_null() => &[],
            _ => {
                let help = format!("its keys are {}", list(keys.keys.iter().copied()));
                reader.wrong_type(node, path, "a section with keys", &help);
                malformed = true;
                &[]
            }
        };
        for entry in entries {
            if !keys.keys.contains(&entry.key.as_str()) {
                unknown_key(reader, entry, path, keys);
            }
        }
        Self {
            path: path.to_owned(),
            span: span.clone(),
            malformed,
            entries,
        }
    }

    /// The section under a key of this one; absent if there is none.
    pub(super) fn section(&self, reader: &mut Reader, key: &str, keys: &Keys) -> Section<'a> {
        let path = self.path_of(key);
        match self.entry(key) {
            Some(entry) => Section::open(reader, &entry.value, &entry.key_span, &path, keys),
            None => Section::absent(&path),
        }
    }

    /// Key and value, if the key is there.
    pub(super) fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value, if the key is there.
    pub(super) fn value(&self, key: &str) -> Option<&'a Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The full path of a key.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Complains that a key is missing.
    pub(super) fn missing(&self, reader: &mut Reader, key: &str, help: &str) {
        let message = format!("`{}` is missing", self.path_of(key));
        reader.error(&self.span, message, "needed here", help);
    }

    pub(super) fn text(&self, reader: &mut Reader, key: &str) -> Option<&'a str> {
        reader.text(self.value(key)?, &self.path_of(key))
    }

    pub(super) fn boolean(&self, reader: &mut Reader, key: &str, default: bool) -> bool {
        self.value(key)
            .and_then(|node| reader.boolean(node, &self.path_of(key)))
            .unwrap_or(default)
    }

    pub(super) fn integer(
        &self,
        reader: &mut Reader,
        key: &str,
        range: RangeInclusive<u32>,
        default: u32,
    ) -> u32 {
        let wide = u64::from(*range.start())..=u64::from(*range.end());
        self.value(key)
            .and_then(|node| reader.integer(node, &self.path_of(key), wide))
            .and_then(|value| u32::try_from(value).ok())
            .unwrap_or(default)
    }

    pub(super) fn size(
        &self,
        reader: &mut Reader,
        key: &str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> u64 {
        self.value(key)
            .and_then(|node| reader.size(node, &self.path_of(key), range))
            .unwrap_or(default)
    }

    /// The range is in milliseconds.
    pub(super) fn duration(
        &self,
        reader: &mut Reader,
        key: &str,
        range: RangeInclusive<u64>,
        default: Duration,
    ) -> Duration {
        let range = Duration::from_millis(*range.start())..=Duration::from_millis(*range.end());
        self.value(key)
            .and_then(|node| reader.duration(node, &self.path_of(key), range))
            .unwrap_or(default)
    }

    pub(super) fn choice<T: Copy>(
        &self,
        reader: &mut Reader,
        key: &str,
        words: &[(&str, T)],
        default: T,
    ) -> T {
        self.value(key)
            .and_then(|node| reader.choice(node, &self.path_of(key), words))
            .unwrap_or(default)
    }
}

fn unknown_key(reader: &mut Reader, entry: &Entry, path: &str, keys: &Keys) {
    if path.is_empty() && entry.key.starts_with("x-") {
        return; // a place for anchors
    }
    let place = if path.is_empty() {
        "at the top of the file".to_owned()
    } else {
        format!("in `{path}`")
    };
    let elsewhere = || {
        ALL.iter()
            .find(|other| other.section != keys.section && other.keys.contains(&entry.key.as_str()))
            .map(|other| match other.section {
                "" => format!("`{}` belongs at the top of the file", entry.key),
                section => format!("`{}` belongs in `{section}`", entry.key),
            })
    };
    let label = nearest(&entry.key, keys.keys.iter().copied())
        .map(|meant| format!("did you mean `{meant}`?"))
        .or_else(elsewhere)
        .unwrap_or_default();
    reader.error(
        &entry.key_span,
        format!("unknown key `{}` {place}", entry.key),
        &label,
        &format!("known keys are {}", list(keys.keys.iter().copied())),
    );
}
