//! All files of one configuration in one space of offsets.
//!
//! A [`Span`] of the tree is an offset into all files laid end to end, so that nodes of several files
//! can stand in one tree. This is the one place that knows which file an offset belongs to.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    diagnostic::{Diagnostic, Elsewhere, Severity},
    source::{Source, Span},
};

/// A complaint whose places are still offsets into all files.
#[derive(Clone, Debug)]
pub(super) struct Complaint {
    pub(super) severity: Severity,
    pub(super) message: String,
    /// The first one is the place of the complaint; none when it is about the main file as a whole.
    pub(super) labels: Vec<(Span, String)>,
    pub(super) help: Option<String>,
}

/// The files, in the order in which they were read; the first one is the main file.
pub(super) struct SourceMap {
    files: Vec<File>,
}

struct File {
    /// Where its text begins in the space of all.
    base: usize,
    length: usize,
    source: Arc<Source>,
    path: PathBuf,
}

impl SourceMap {
    /// With the main file. `shown` is the path as messages name it.
    pub(super) fn new(shown: &Path, text: &str) -> Self {
        let mut map = Self { files: Vec::new() };
        map.add(shown, text);
        map
    }

    /// Adds a file and returns the offset of its first byte.
    pub(super) fn add(&mut self, shown: &Path, text: &str) -> usize {
        // One offset between two files, so that the end of one is not the beginning of the next.
        let base = self
            .files
            .last()
            .map_or(0, |last| last.base + last.length + 1);
        self.files.push(File {
            base,
            length: text.len(),
            source: Source::new(shown, text),
            path: std::path::absolute(shown).unwrap_or_else(|_| shown.to_owned()),
        });
        base
    }

    /// The absolute path of the main file.
    pub(super) fn main(&self) -> &Path {
        self.files.first().map_or(Path::new(""), |file| &file.path)
    }

    /// The absolute paths of all files.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = self.files.iter().map(|file| file.length).sum::<usize>();
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// The folder of the file that holds the place: relative paths start there.
    pub(super) fn folder(&self, span: &Span) -> &Path {
        self.file(span.start)
            .and_then(|file| file.path.parent())
            .unwrap_or(Path::new(""))
    }

    /// `bulkhead.yaml:3`, with the path as messages name it.
    pub(super) fn line(&self, span: &Span) -> String {
        self.file(span.start).map_or_else(String::new, |file| {
            let (line, _) = file.source.position(span.start - file.base);
            format!("{}:{line}", file.source.name())
        })
    }

    /// With places in their files.
    pub(super) fn diagnostic(&self, complaint: Complaint) -> Diagnostic {
        let place = complaint.labels.first().map_or(0, |(span, _)| span.start);
        let home = self.file(place);
        let mut labels = Vec::new();
        let mut elsewhere = Vec::new();
        for (span, text) in complaint.labels {
            let Some(file) = self.file(span.start) else {
                continue;
            };
            let local = span.start - file.base..span.end.saturating_sub(file.base);
            if home.is_some_and(|home| home.base == file.base) {
                labels.push((local, text));
            } else {
                elsewhere.push(Elsewhere {
                    source: Arc::clone(&file.source),
                    span: local,
                    text,
                });
            }
        }
        Diagnostic {
            severity: complaint.severity,
            source: home.map_or_else(
                || Source::new(Path::new(""), ""),
                |file| Arc::clone(&file.source),
            ),
            message: complaint.message,
            labels,
            elsewhere,
            help: complaint.help,
        }
    }

    fn file(&self, offset: usize) -> Option<&File> {
        let after = self.files.partition_point(|file| file.base <= offset);
        self.files.get(after.checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_offset_belongs_to_the_file_that_holds_it_up_to_its_end() {
        let mut map = SourceMap::new(Path::new("a"), "one\ntwo");
        let second = map.add(Path::new("b"), "");
        let third = map.add(Path::new("c"), "\nthree");
        for (offset, line) in [
            (0, "a:1"),
            (4, "a:2"),
            (7, "a:2"),
            (second, "b:1"),
            (third, "c:1"),
            (third + 1, "c:2"),
            (9999, "c:2"),
        ] {
            assert_eq!(map.line(&(offset..offset)), line, "{offset}");
        }
    }

    #[test]
    fn a_complaint_about_two_files_keeps_both_places() {
        let mut map = SourceMap::new(Path::new("a"), "one");
        let second = map.add(Path::new("b"), "\n  two");
        let diagnostic = map.diagnostic(Complaint {
            severity: Severity::Error,
            message: "twice".to_owned(),
            labels: vec![
                (second + 3..second + 6, "this one".to_owned()),
                (0..3, "and this one".to_owned()),
            ],
            help: None,
        });
        assert_eq!(diagnostic.source.name(), "b");
        assert_eq!(diagnostic.position(), Some((2, 3)));
        assert_eq!(diagnostic.labels.len(), 1);
        let other = diagnostic.elsewhere.first().unwrap();
        assert_eq!((other.source.name(), other.span.clone()), ("a", 0..3));
    }
}
