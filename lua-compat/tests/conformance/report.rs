//! What agreed and what did not, block by block.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::allowed::Allowed;
use super::compare::{Entry, differences};
use super::corpus::Version;

/// What `CONFORMANCE_REPORT` asks for.
pub fn wish() -> String {
    std::env::var("CONFORMANCE_REPORT").unwrap_or_default()
}

/// The result of a run.
pub struct Report {
    version: Version,
    blocks: Vec<Block>,
}

struct Block {
    name: String,
    assertions: usize,
    differing: Vec<(String, String, Option<String>)>,
}

impl Report {
    pub fn new(version: Version) -> Self {
        Self {
            version,
            blocks: Vec::new(),
        }
    }

    pub fn add(&mut self, name: &str, wanted: &[Entry], got: &[Entry]) {
        self.blocks.push(Block {
            name: name.to_owned(),
            // The last entry tells how the block ended.
            assertions: wanted.len() - 1,
            differing: differences(wanted, got),
        });
    }

    /// Takes allowed differences out; the labels that did not occur.
    pub fn forgive(&mut self, allowed: &[Allowed]) -> Vec<String> {
        let mut unused = Vec::new();
        for entry in allowed {
            for label in &entry.labels {
                let named = self.blocks.iter_mut().filter(|one| one.name == entry.block);
                let found = named.into_iter().find_map(|block| {
                    let place = block.differing.iter().position(|(one, ..)| one == label)?;
                    Some(block.differing.remove(place))
                });
                if found.is_none() {
                    unused.push(format!("{}: {label}", entry.block));
                }
            }
        }
        unused
    }

    pub fn assertions(&self) -> usize {
        self.blocks.iter().map(|block| block.assertions).sum()
    }

    pub fn differing(&self) -> usize {
        self.blocks.iter().map(|block| block.differing.len()).sum()
    }

    pub fn agrees(&self) -> bool {
        self.differing() == 0
    }

    /// Prints every difference, or with `CONFORMANCE_REPORT=summary` the counts of each block; then those of each file.
    pub fn print(&self) {
        let summary = wish() == "summary";
        let version = self.version.name();
        let mut text = String::new();
        let mut files: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for block in &self.blocks {
            let (name, assertions, differing) =
                (&block.name, block.assertions, block.differing.len());
            let file = name.split(':').next().unwrap_or_default();
            let sums = files.entry(file).or_default();
            *sums = (sums.0 + differing, sums.1 + assertions);
            if differing > 0 {
                let _ = writeln!(
                    text,
                    "== {version} {name}: {differing} of {assertions} differ"
                );
            }
            for (label, wanted, got) in block.differing.iter().filter(|_| !summary) {
                let got = got.as_deref().unwrap_or("(not printed)");
                let _ = writeln!(text, "   {label}\n      real {wanted}\n      ours {got}");
            }
        }
        for (file, (differing, assertions)) in files {
            let _ = writeln!(
                text,
                "== {version} {file}.lua: {differing} of {assertions} differ"
            );
        }
        println!(
            "{text}== {version}: {} of {} assertions differ",
            self.differing(),
            self.assertions()
        );
    }
}
