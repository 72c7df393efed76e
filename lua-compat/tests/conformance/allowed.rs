//! The list of differences that stay: `differences.txt`.
//!
//! ```text
//! [5.4 strings: string.rep]
//! label = string.rep('x', -1)
//! vm = the line that prevents it
//! why = why no published script can meet it
//! ```
//!
//! An entry may have several labels. Lines that start with `#` are comments.

use super::corpus::Version;

/// A difference that stays.
pub struct Allowed {
    pub block: String,
    pub labels: Vec<String>,
}

/// The entries for this dialect.
pub fn read(version: Version) -> Vec<Allowed> {
    let mut entries = parse(include_str!("differences.txt"));
    entries.retain(|(dialect, _)| dialect == version.name());
    entries.into_iter().map(|(_, entry)| entry).collect()
}

fn parse(text: &str) -> Vec<(String, Allowed)> {
    let mut entries: Vec<(String, Allowed)> = Vec::new();
    let mut missing = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            assert!(missing.is_empty(), "before {line}: {missing:?} is missing");
            let (dialect, block) = head.split_once(' ').expect("[DIALECT BLOCK]");
            let (block, labels) = (block.to_owned(), Vec::new());
            entries.push((dialect.to_owned(), Allowed { block, labels }));
            missing = vec!["label", "vm", "why"];
            continue;
        }
        let (key, value) = line.split_once(" = ").expect("KEY = VALUE");
        missing.retain(|wanted| *wanted != key);
        let (_, entry) = entries.last_mut().expect("an entry starts with [");
        match key {
            "label" => entry.labels.push(value.to_owned()),
            "vm" | "why" => assert!(!value.trim().is_empty(), "{key} says nothing"),
            _ => panic!("differences.txt knows no {key}"),
        }
    }
    assert!(missing.is_empty(), "last entry: {missing:?} is missing");
    entries
}

#[test]
fn an_entry_names_its_block_and_every_label() {
    let text = "# why\n[5.1 strings: string.rep]\nlabel = a = b\nlabel = c\nvm = there\nwhy = so\n";
    let (dialect, entry) = parse(text).remove(0);
    assert_eq!((&*dialect, &*entry.block), ("5.1", "strings: string.rep"));
    assert_eq!(entry.labels, ["a = b", "c"]);
}

#[test]
#[should_panic(expected = "is missing")]
fn an_entry_without_a_reason_is_refused() {
    parse("[5.1 strings: string.rep]\nlabel = a\nvm = there\n");
}
