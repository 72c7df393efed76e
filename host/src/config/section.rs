//! A section of the file: a mapping whose keys are known, and its typed values.
//!
//! A key that is absent gives the default; one that is wrong is reported and gives the default too.

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use super::{
    keys::{ALL, Keys, Kind, list, nearest},
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
    keys: &'static Keys,
    entries: &'a [Entry],
}

impl<'a> Section<'a> {
    /// A section that the file does not hold.
    pub(super) fn absent(path: &str, keys: &'static Keys) -> Self {
        Self {
            path: path.to_owned(),
            span: 0..0,
            malformed: false,
            keys,
            entries: &[],
        }
    }

    /// Opens a node as a section; complains about keys that are unknown, or if it is no section.
    pub(super) fn open(
        reader: &mut Reader,
        node: &'a Node,
        span: &Span,
        path: &str,
        keys: &'static Keys,
    ) -> Self {
        let mut malformed = false;
        let entries = match &node.content {
            Content::Mapping(entries) => entries.as_slice(),
            _ if node.is_null() => &[],
            _ => {
                let help = format!("its keys are {}", list(keys.names()));
                reader.wrong_type(node, path, "a section with keys", &help);
                malformed = true;
                &[]
            }
        };
        for entry in entries {
            if keys.get(&entry.key).is_none() {
                unknown_key(reader, entry, path, keys);
            }
        }
        Self {
            path: path.to_owned(),
            span: span.clone(),
            malformed,
            keys,
            entries,
        }
    }

    /// The section under a key of this one; absent if there is none.
    pub(super) fn section(
        &self,
        reader: &mut Reader,
        key: &str,
        keys: &'static Keys,
    ) -> Section<'a> {
        let path = self.path_of(key);
        match self.entry(key) {
            Some(entry) => Section::open(reader, &entry.value, &entry.key_span, &path, keys),
            None => Section::absent(&path, keys),
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

    /// A path that need not exist.
    pub(super) fn path(&self, reader: &mut Reader, key: &str) -> Option<PathBuf> {
        let node = self.value(key)?;
        let written = reader.text(node, &self.path_of(key))?;
        Some(reader.resolve(written, &node.span))
    }

    pub(super) fn boolean(&self, reader: &mut Reader, key: &str, default: bool) -> bool {
        self.value(key)
            .and_then(|node| reader.boolean(node, &self.path_of(key)))
            .unwrap_or(default)
    }

    /// What the table of keys says about a key. Readers ask for keys of the table only.
    fn kind(&self, key: &str) -> Option<&'static Kind> {
        let kind = self.keys.get(key).map(|key| &key.kind);
        debug_assert!(kind.is_some(), "no key `{key}` in `{}`", self.keys.section);
        kind
    }

    /// A whole number in the range of the table.
    pub(super) fn integer(&self, reader: &mut Reader, key: &str, default: u32) -> u32 {
        self.whole(reader, key)
            .and_then(|value| u32::try_from(value).ok())
            .unwrap_or(default)
    }

    /// The same without a default.
    pub(super) fn whole(&self, reader: &mut Reader, key: &str) -> Option<u64> {
        let range = match self.kind(key) {
            Some(Kind::Whole(least, most)) => *least..=*most,
            _ => self.mismatch(key),
        };
        self.value(key)
            .and_then(|node| reader.integer(node, &self.path_of(key), range))
    }

    /// Bytes in the range of the table.
    pub(super) fn size(&self, reader: &mut Reader, key: &str, default: u64) -> u64 {
        let range = match self.kind(key) {
            Some(Kind::Size(least, most)) => *least..=*most,
            _ => self.mismatch(key),
        };
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

    /// A number in the range of the table, fractions allowed.
    pub(super) fn decimal(&self, reader: &mut Reader, key: &str, default: f64) -> f64 {
        let (least, most) = match self.kind(key) {
            Some(Kind::Decimal(least, most)) => (*least, *most),
            _ => (0, 0),
        };
        debug_assert!(most > 0, "`{}.{key}` is of another kind", self.keys.section);
        self.value(key)
            .and_then(|node| reader.decimal(node, &self.path_of(key), (least, most)))
            .unwrap_or(default)
    }

    /// A duration in the range of the table.
    pub(super) fn duration(&self, reader: &mut Reader, key: &str, default: Duration) -> Duration {
        let range = match self.kind(key) {
            Some(Kind::Duration(least, most)) => *least..=*most,
            _ => self.mismatch(key),
        };
        let range = Duration::from_millis(*range.start())..=Duration::from_millis(*range.end());
        self.value(key)
            .and_then(|node| reader.duration(node, &self.path_of(key), range))
            .unwrap_or(default)
    }

    /// The table and a reader contradict each other. Tests read every key, so none gets past them.
    fn mismatch(&self, key: &str) -> RangeInclusive<u64> {
        debug_assert!(false, "`{}.{key}` is of another kind", self.keys.section);
        0..=u64::MAX
    }

    pub(super) fn choice<T: Copy>(
        &self,
        reader: &mut Reader,
        key: &str,
        words: &[(&str, T)],
        default: T,
    ) -> T {
        debug_assert!(
            matches!(self.kind(key), Some(Kind::Choice(known))
                if known.iter().eq(words.iter().map(|(word, _)| word))),
            "the words of `{}.{key}` are not those of the table",
            self.keys.section
        );
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
            .find(|other| other.section != keys.section && other.get(&entry.key).is_some())
            .map(|other| match other.section {
                "" => format!("`{}` belongs at the top of the file", entry.key),
                section => format!("`{}` belongs in `{section}`", entry.key),
            })
    };
    let label = nearest(&entry.key, keys.names())
        .map(|meant| format!("did you mean `{meant}`?"))
        .or_else(elsewhere)
        .unwrap_or_default();
    reader.error(
        &entry.key_span,
        format!("unknown key `{}` {place}", entry.key),
        &label,
        &format!("known keys are {}", list(keys.names())),
    );
}
