//! YAML text to a tree of nodes that know where they stand.
//!
//! YAML 1.2, core schema, one document. Anchors and merge keys (`<<`) are resolved here, within a
//! bound on the size of the result. A syntax error ends the parse; everything else is collected.

use std::{borrow::Cow, collections::HashMap};

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::source::Span;

/// Most nodes that the files of one configuration may hold after their aliases are resolved.
const MOST_NODES: usize = 100_000;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// A scalar's text, quotes included; for collections the text to underline: their first key, or
    /// the bracket.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) content: Content,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Text, a number, a truth value or nothing.
    Scalar {
        /// Without quotes, escapes resolved.
        text: String,
        /// Written without quotes: may be a number, a truth value or nothing.
        plain: bool,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order of the file; keys are unique.
    Mapping(Vec<Entry>),
}

/// One `key: value`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

/// Something wrong with the YAML itself.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) message: String,
    pub(crate) labels: Vec<(Span, String)>,
    pub(crate) help: &'static str,
}

impl Node {
    /// Nothing was written: an empty plain scalar, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What it is, in a message.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.content {
            _ if self.is_null() => "nothing",
            Content::Scalar { .. } => match self.to_json() {
                serde_json::Value::Bool(_) => "a truth value",
                serde_json::Value::Number(_) => "a number",
                _ => "text",
            },
            Content::Sequence(_) => "a list",
            Content::Mapping(_) => "a section with keys of its own",
        }
    }

    /// The value under a key, if this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        match &self.content {
            Content::Mapping(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The same as JSON, by the core schema.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.content {
            Content::Scalar { text, plain: false } => serde_json::Value::String(text.clone()),
            Content::Scalar { text, plain: true } => scalar_to_json(text),
            Content::Sequence(items) => items.iter().map(Self::to_json).collect(),
            Content::Mapping(entries) => serde_json::Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_json()))
                    .collect(),
            ),
        }
    }

    fn count(&self) -> usize {
        match &self.content {
            Content::Scalar { .. } => 1,
            Content::Sequence(items) => 1 + items.iter().map(Self::count).sum::<usize>(),
            Content::Mapping(entries) => {
                1 + entries
                    .iter()
                    .map(|entry| 1 + entry.value.count())
                    .sum::<usize>()
            }
        }
    }
}

/// What one line of YAML means, as JSON; nothing if it is no YAML.
pub(crate) fn value(text: &str) -> serde_json::Value {
    parse(text, 0, &mut 0)
        .0
        .map_or(serde_json::Value::Null, |node| node.to_json())
}

/// Text as one would write it in YAML: plain where that is safe, else in quotes.
pub(crate) fn written(text: &str) -> String {
    let fits = |symbol: char| symbol.is_ascii_alphanumeric() || "-_./+%;@= ".contains(symbol);
    let bare = text.starts_with(|first: char| first.is_ascii_alphanumeric() || "/._".contains(first))
        && !text.ends_with(' ')
        // A colon within a word, as in an address, begins no value.
        && text
            .split(':')
            .enumerate()
            .all(|(index, part)| part.chars().all(fits) && (index == 0 || part.starts_with(|first: char| first.is_ascii_alphanumeric())));
    if bare && matches!(scalar_to_json(text), serde_json::Value::String(_)) {
        return text.to_owned();
    }
    // What JSON writes is YAML too (YAML 1.2.2, section 1.2).
    serde_json::Value::from(text).to_string()
}

/// A plain scalar by YAML's core schema (YAML 1.2.2, section 10.3.2).
fn scalar_to_json(text: &str) -> serde_json::Value {
    use serde_json::Value;
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return Value::String(text.to_owned());
    }
    let radix = |prefix: &str, radix| {
        text.strip_prefix(prefix)
            .and_then(|digits| i64::from_str_radix(digits, radix).ok())
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Value::from(number);
    }
    if let Ok(number) = text.parse::<i64>() {
        return Value::from(number);
    }
    text.parse::<f64>()
        .ok()
        .and_then(serde_json::Number::from_f64)
        .map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// Parses the text. No node means: not YAML, and the flaws say why. All places are moved by `base`;
/// `nodes` counts over all files of one configuration.
pub(crate) fn parse(text: &str, base: usize, nodes: &mut usize) -> (Option<Node>, Vec<Flaw>) {
    let mut builder = Builder {
        nodes: *nodes,
        ..Builder::default()
    };
    let root = builder.build(text, base);
    *nodes = builder.nodes;
    (root, builder.flaws)
}

fn syntax_flaw(text: &str, start: usize, base: usize, why: String) -> Flaw {
    // At the end of the text there is nothing to underline: step back to its last visible character.
    let visible = text.trim_end().len();
    let start = start.min(visible.saturating_sub(1));
    let start = (0..=start)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let length = text
        .get(start..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8);
    Flaw {
        message: "this is not valid YAML".to_owned(),
        labels: vec![(base + start..base + start + length, why)],
        help: "check indentation (spaces only), closing brackets and quotes just before this place",
    }
}

/// A collection that is not complete yet.
enum Frame {
    Sequence(Span, usize, Vec<Node>),
    Mapping(Span, usize, Vec<Entry>, Option<(String, Span)>),
}

#[derive(Default)]
struct Builder {
    open: Vec<Frame>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
    flaws: Vec<Flaw>,
}

impl Builder {
    fn build(&mut self, text: &str, base: usize) -> Option<Node> {
        for next in Parser::new_from_str(text) {
            let (event, span) = match next {
                Ok(next) => next,
                Err(error) => {
                    let start = error.marker().byte_offset().unwrap_or(text.len());
                    self.flaws
                        .push(syntax_flaw(text, start, base, error.info()));
                    return None;
                }
            };
            let span = span.byte_range().unwrap_or(0..0);
            if !self.take(event, base + span.start..base + span.end) {
                return None;
            }
        }
        Some(self.root.take().unwrap_or(Node {
            span: base..base,
            content: Content::Mapping(Vec::new()),
        }))
    }

    /// Takes one event in; false when it makes no sense to go on.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !self.is_text(tag, &span);
                // The parser's span of a block scalar may run into the next line.
                let content = Content::Scalar {
                    text: text.into_owned(),
                    plain,
                };
                self.add(Node { span, content }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.is_text(tag, &span);
                self.open.push(Frame::Sequence(span, anchor, Vec::new()));
                true
            }
            Event::MappingStart(_, anchor, tag) => {
                self.is_text(tag, &span);
                self.open
                    .push(Frame::Mapping(span, anchor, Vec::new(), None));
                true
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Frame::Sequence(start, anchor, items)) => {
                    let span = items.first().map_or(start, |item| item.span.clone());
                    let content = Content::Sequence(items);
                    self.add(Node { span, content }, anchor)
                }
                Some(Frame::Mapping(start, anchor, entries, _)) => {
                    let span = entries
                        .first()
                        .map_or(start, |entry| entry.key_span.clone());
                    let entries = self.merge(entries);
                    let content = Content::Mapping(entries);
                    self.add(Node { span, content }, anchor)
                }
                None => true,
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => self.add(Node { span, ..node }, 0),
                None => {
                    self.flaw(
                        "this alias refers to itself",
                        span,
                        "",
                        "write the value out",
                    );
                    false
                }
            },
            Event::DocumentStart(..) if self.root.is_some() => {
                self.flaw(
                    "the file holds more than one YAML document",
                    span,
                    "the second one begins here",
                    "keep one document per file",
                );
                false
            }
            _ => true,
        }
    }

    /// Puts a complete node where it belongs.
    fn add(&mut self, node: Node, anchor: usize) -> bool {
        self.nodes += if anchor == 0 && self.anchors.is_empty() {
            1
        } else {
            node.count()
        };
        if self.nodes > MOST_NODES {
            let why = format!("here the limit of {MOST_NODES} values is passed");
            self.flaw(
                "the file is too large",
                node.span,
                &why,
                "use fewer aliases",
            );
            return false;
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Frame::Sequence(_, _, items)) => items.push(node),
            Some(Frame::Mapping(_, _, entries, key)) => match key.take() {
                Some((key, key_span)) => {
                    let first = entries
                        .iter()
                        .find(|entry| entry.key == key && key != "<<")
                        .map(|entry| entry.key_span.clone());
                    if let Some(first) = first {
                        self.flaws.push(Flaw {
                            message: format!("the key `{key}` is written twice"),
                            labels: vec![
                                (key_span, "this one".to_owned()),
                                (first, "and this one".to_owned()),
                            ],
                            help: "keep one of the two",
                        });
                    } else {
                        entries.push(Entry {
                            key,
                            key_span,
                            value: node,
                        });
                    }
                }
                None => match node.content {
                    Content::Scalar { text, .. } => *key = Some((text, node.span)),
                    _ => {
                        *key = Some((String::new(), node.span.clone()));
                        self.flaw("a key must be text", node.span, "", "");
                    }
                },
            },
        }
        true
    }

    /// Resolves `<<`: entries of the merged mappings stand behind the mapping's own.
    fn merge(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        if entries.iter().all(|entry| entry.key != "<<") {
            return entries;
        }
        let (merges, mut own): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry.key == "<<");
        for merge in merges {
            let sources = match merge.value.content {
                Content::Sequence(items) => items,
                content => vec![Node {
                    span: merge.value.span,
                    content,
                }],
            };
            for source in sources {
                let Content::Mapping(merged) = source.content else {
                    self.flaw(
                        "`<<` takes the keys of another section over",
                        source.span,
                        "this is no section",
                        "write an alias of a section, as in `<<: *defaults`",
                    );
                    continue;
                };
                for entry in merged {
                    if own.iter().all(|present| present.key != entry.key) {
                        own.push(entry);
                    }
                }
            }
        }
        own
    }

    /// True for the tag `!!str`; complains about every other.
    fn is_text(&mut self, tag: Option<Cow<'_, Tag>>, span: &Span) -> bool {
        let Some(tag) = tag else { return false };
        if tag.core_suffix() == Some("str") {
            return true;
        }
        let message = format!("the tag `{}` means nothing here", tag.original());
        self.flaw(&message, span.clone(), "", "remove the tag");
        false
    }

    fn flaw(&mut self, message: &str, span: Span, label: &str, help: &'static str) {
        self.flaws.push(Flaw {
            message: message.to_owned(),
            labels: vec![(span, label.to_owned())],
            help,
        });
    }
}
