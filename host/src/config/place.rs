//! Where things stand in the configuration files, for complaints that come up after it was read: a
//! plugin that does not load, a plugin that refuses its configuration.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    diagnostic::{Diagnostic, Severity},
    source::Span,
    source_map::{Complaint, SourceMap},
    yaml::{Content, Node},
};

/// The places of one configuration.
#[derive(Clone)]
pub struct Places {
    sources: Arc<SourceMap>,
    root: Arc<Node>,
    /// Where the pipeline names each plugin's code.
    plugins: BTreeMap<String, Span>,
}

impl Places {
    pub(super) fn new(
        sources: Arc<SourceMap>,
        root: Arc<Node>,
        plugins: BTreeMap<String, Span>,
    ) -> Self {
        Self {
            sources,
            root,
            plugins,
        }
    }

    /// All files.
    pub(super) fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// What they say together.
    pub(super) fn root(&self) -> &Node {
        &self.root
    }

    /// An error about a plugin, at the place where the pipeline names its code.
    pub fn plugin_error(&self, plugin: &str, message: String, help: Option<String>) -> Diagnostic {
        self.error(self.plugins.get(plugin).cloned(), message, help)
    }

    /// An error about a plugin's configuration. `path` is the plugin's own word for the place
    /// (`networks[2]`); the nearest place that is written down is underlined.
    pub fn configuration_error(&self, plugin: &str, path: &str, message: String) -> Diagnostic {
        let span = self
            .root
            .get("plugins")
            .and_then(|entry| entry.value.get(plugin))
            .map(|entry| match entry.value.get("configuration") {
                Some(configuration) => descend(&configuration.value, &configuration.key_span, path),
                None => entry.key_span.clone(),
            })
            .or_else(|| self.plugins.get(plugin).cloned());
        let place = match path {
            "" => format!("plugins.{plugin}.configuration"),
            path => format!("plugins.{plugin}.configuration.{path}"),
        };
        self.error(span, format!("`{place}`: {message}"), None)
    }

    /// An error about a place below a top-level key, or the nearest place that is written down.
    pub fn entry_error(
        &self,
        key: &str,
        path: &str,
        message: String,
        help: Option<String>,
    ) -> Diagnostic {
        let entry = self.root.get(key);
        let span = entry.map(|entry| descend(&entry.value, &entry.key_span, path));
        self.error(span, message, help)
    }

    /// An error about the file as a whole.
    pub fn file_error(&self, message: String, help: Option<String>) -> Diagnostic {
        self.error(None, message, help)
    }

    fn error(&self, span: Option<Span>, message: String, help: Option<String>) -> Diagnostic {
        self.sources.diagnostic(Complaint {
            severity: Severity::Error,
            message,
            labels: span
                .map(|span| vec![(span, String::new())])
                .unwrap_or_default(),
            help,
        })
    }
}

/// The place of `a.b[2].c` below a node, as far as it is written down.
fn descend(node: &Node, span: &Span, path: &str) -> Span {
    let path = path.trim_start_matches('.');
    if path.is_empty() {
        return span.clone();
    }
    if let Some((index, rest)) = path
        .strip_prefix('[')
        .and_then(|inner| inner.split_once(']'))
    {
        let item = match (&node.content, index.parse::<usize>()) {
            (Content::Sequence(items), Ok(index)) => items.get(index),
            _ => None,
        };
        return item.map_or_else(|| span.clone(), |item| descend(item, &item.span, rest));
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (key, rest) = path.split_at(end);
    match node.get(key) {
        Some(entry) if rest.is_empty() => match entry.value.content {
            Content::Scalar { .. } if !entry.value.is_null() => entry.value.span.clone(),
            _ => entry.key_span.clone(),
        },
        Some(entry) => descend(&entry.value, &entry.key_span, rest),
        None => span.clone(),
    }
}
