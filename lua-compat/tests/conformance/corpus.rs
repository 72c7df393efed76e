//! The corpus: `corpus/*.lua`, cut into blocks.
//!
//! A block starts with a line `--@ both NAME`, `--@ 5.1 NAME` or `--@ 5.4 NAME`; NAME is the function or the
//! part of the language that it is about. Each block is a program of its own: everything else in its file
//! is blanked, and line 1, which must be a comment, becomes the prelude. So lines keep their numbers.

use std::fmt;
use std::path::{Path, PathBuf};

/// A dialect, and the interpreter that defines it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Lua51,
    Lua54,
}

impl Version {
    pub fn name(self) -> &'static str {
        match self {
            Self::Lua51 => "5.1",
            Self::Lua54 => "5.4",
        }
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Lua {}", self.name())
    }
}

/// A program of the corpus.
#[derive(Clone)]
pub struct Block {
    pub version: Version,
    /// `strings: string.rep`.
    pub name: String,
    /// Name of the file, and of the chunk.
    pub chunk: String,
    pub source: String,
    /// Files that the program may read.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Every block for this dialect.
pub fn blocks(version: Version) -> Vec<Block> {
    let files = granted();
    sources("corpus")
        .iter()
        .flat_map(|path| cut(path, version, &files))
        .collect()
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/conformance")
        .join(name)
}

fn sources(name: &str) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder(name))
        .expect("the corpus is there")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    paths
}

/// The files that blocks may read.
pub fn granted() -> Vec<(String, Vec<u8>)> {
    sources("corpus/files")
        .iter()
        .map(|path| (base_name(path), std::fs::read(path).unwrap()))
        .collect()
}

fn base_name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// The prelude on one line.
fn prelude() -> String {
    let text = std::fs::read_to_string(folder("prelude.lua")).unwrap();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with("--"))
        .collect();
    lines.join(" ")
}

fn cut(path: &Path, version: Version, files: &[(String, Vec<u8>)]) -> Vec<Block> {
    let text = std::fs::read_to_string(path).unwrap();
    let chunk = base_name(path);
    assert!(text.starts_with("--!"), "{chunk} must open with a comment");
    let stem = chunk.trim_end_matches(".lua").to_owned();
    let mut blocks: Vec<Block> = Vec::new();
    let mut wanted = false;
    for (number, line) in text.lines().enumerate() {
        if let Some(head) = line.strip_prefix("--@ ") {
            let (dialects, name) = head.split_once(' ').expect("a block has a name");
            wanted = match dialects {
                "both" => true,
                "5.1" | "5.4" => dialects == version.name(),
                other => panic!("{chunk}:{}: no dialect is called {other}", number + 1),
            };
            if wanted {
                blocks.push(Block {
                    version,
                    name: format!("{stem}: {name}"),
                    chunk: chunk.clone(),
                    source: prelude() + &"\n".repeat(number + 1),
                    files: files.to_vec(),
                });
            }
        } else if let (true, Some(block)) = (wanted, blocks.last_mut()) {
            block.source.push_str(line);
            block.source.push('\n');
        }
    }
    blocks
}
