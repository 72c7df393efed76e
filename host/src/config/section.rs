//! A section of the file: a mapping whose keys are known, and its typed values.
//!
//! A key that is absent gives the default; one that is wrong is reported and gives the default too.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    keys::{ALL, Keys, list, nearest},
    reader::Reader,
    source::Span,
    yaml::{Content, Entry, Node},
};

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

    /// A part of a whole: 0 to 1.
    pub(super) fn share(&self, reader: &mut Reader, key: &str, default: f64) -> f64 {
        self.value(key)
            .and_then(|node| reader.share(node, &self.path_of(key)))
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
