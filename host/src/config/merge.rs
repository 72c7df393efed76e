//! One tree of two: what an included file says, and what is said beside or above it.
//!
//! Sections merge key by key. Lists of the pipeline's parts and of example logins are joined. Every
//! other value may stand in one file only, except that a file wins over those that it includes.

use super::{
    include,
    keys::{self, Kind},
    reader::Reader,
    yaml::{Content, Entry, Node},
};

/// How the later tree stands to the earlier one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    /// Another included file: neither wins.
    Beside,
    /// The file that includes the earlier one: it wins.
    Above,
}

/// Merges two files.
pub(super) fn roots(reader: &mut Reader, earlier: Node, later: Node, rank: Rank) -> Node {
    let earlier = without_own_keys(earlier);
    let later = match rank {
        Rank::Beside => without_own_keys(later),
        Rank::Above => later,
    };
    if matches!(later.content, Content::Mapping(_)) {
        nodes(reader, "", earlier, later, rank)
    } else {
        // The main file is no section: that is what there is to be said.
        later
    }
}

/// What only the file itself uses: its anchors, and what it includes.
fn without_own_keys(node: Node) -> Node {
    let Content::Mapping(mut entries) = node.content else {
        return node;
    };
    entries.retain(|entry| entry.key != include::KEY && !entry.key.starts_with("x-"));
    Node {
        span: node.span,
        content: Content::Mapping(entries),
    }
}

fn nodes(reader: &mut Reader, path: &str, earlier: Node, later: Node, rank: Rank) -> Node {
    let (Content::Mapping(mut all), Content::Mapping(added)) = (earlier.content, later.content)
    else {
        return Node {
            span: later.span,
            content: Content::Mapping(Vec::new()),
        };
    };
    for entry in added {
        let path = match path {
            "" => entry.key.clone(),
            path => format!("{path}.{}", entry.key),
        };
        match all.iter().position(|present| present.key == entry.key) {
            None => all.push(entry),
            Some(at) => {
                let present = all.remove(at);
                all.insert(at, entries(reader, &path, present, entry, rank));
            }
        }
    }
    Node {
        span: later.span,
        content: Content::Mapping(all),
    }
}

/// Two entries of one key.
fn entries(reader: &mut Reader, path: &str, earlier: Entry, later: Entry, rank: Rank) -> Entry {
    let Entry { key, key_span, .. } = later.clone();
    let with = |value: Node| Entry {
        key,
        key_span,
        value,
    };
    match (&earlier.value.content, &later.value.content) {
        (Content::Mapping(_), Content::Mapping(_)) => {
            with(nodes(reader, path, earlier.value, later.value, rank))
        }
        (Content::Sequence(first), Content::Sequence(second)) if is_joined(path) => {
            let content = Content::Sequence([first.as_slice(), second].concat());
            with(Node {
                span: later.value.span,
                content,
            })
        }
        // A section or list with nothing in it, as when all of its lines are comments.
        _ if later.value.is_null() && (is_joined(path) || !path.contains('.')) => earlier,
        _ if earlier.value.is_null() && (is_joined(path) || !path.contains('.')) => later,
        _ if rank == Rank::Above => later,
        _ => {
            let message = format!("`{path}` is written in two files");
            let help = "keep one of the two, or write it in the file that includes both, which wins \
                        over them";
            reader.error(&later.key_span, message, "this one", help);
            reader.and_there(&earlier.key_span, "and this one");
            later
        }
    }
}

/// Lists of sections are joined.
fn is_joined(path: &str) -> bool {
    let Some((section, key)) = path.split_once('.') else {
        return false;
    };
    keys::find(section, key).is_some_and(|key| matches!(key.kind, Kind::Sections(_)))
}
