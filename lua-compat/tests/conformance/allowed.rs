//! The list of differences that stay: `differences.txt`.
//!
//! ```text
//! entry = title
//! vm = the line that prevents it
//! why = why no published script can meet it
//! [5.4 strings: string.rep]
//! string.rep('x', -1)
//! ```
//!
//! Below each block stand its labels, as the report shows them. An entry may have several blocks. Lines that
//! start with `#` are comments.

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
    let mut blocks: Vec<(String, Allowed)> = Vec::new();
    // What the entry still has to say before its first block.
    let mut missing: Vec<&str> = vec!["entry"];
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let said = ["entry", "vm", "why"].into_iter().find(|key| {
            let value = line.strip_prefix(key).and_then(|l| l.strip_prefix(" = "));
            value.is_some_and(|value| !value.trim().is_empty())
        });
        let head = line.strip_prefix('[').and_then(|l| l.strip_suffix(']'));
        let head = head.filter(|head| head.starts_with("5.1 ") || head.starts_with("5.4 "));
        match (said, head) {
            (Some("entry"), _) => missing = vec!["vm", "why"],
            (Some(key), _) if missing.contains(&key) => missing.retain(|wanted| *wanted != key),
            (_, Some(head)) => {
                assert!(missing.is_empty(), "before {line}: {missing:?} is missing");
                let (dialect, block) = head.split_once(' ').expect("[DIALECT BLOCK]");
                let (block, labels) = (block.to_owned(), Vec::new());
                blocks.push((dialect.to_owned(), Allowed { block, labels }));
            }
            _ => {
                assert!(missing.is_empty(), "before {line}: {missing:?} is missing");
                let (_, block) = blocks.last_mut().expect("a label stands below its block");
                block.labels.push(line.to_owned());
            }
        }
    }
    blocks
}

#[test]
fn an_entry_names_its_blocks_and_every_label() {
    let text = "# note\nentry = x\nvm = there\nwhy = so\n[5.1 strings: string.rep]\na = b\nc\n[5.4 x: y]\nd\n";
    let blocks = parse(text);
    let (dialect, first) = &blocks[0];
    assert_eq!((&**dialect, &*first.block), ("5.1", "strings: string.rep"));
    assert_eq!(first.labels, ["a = b", "c"]);
    assert_eq!(blocks[1].1.labels, ["d"]);
}

#[test]
#[should_panic(expected = "is missing")]
fn an_entry_without_a_reason_is_refused() {
    parse("entry = x\nvm = there\n[5.1 strings: string.rep]\na\n");
}

#[test]
fn the_list_stays_short() {
    let text = include_str!("differences.txt");
    let entries = text
        .lines()
        .filter(|line| line.starts_with("entry = "))
        .count();
    assert!(entries < 20, "{entries} entries");
}
