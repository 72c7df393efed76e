//! The rules of ARCHITECTURE.md that a look at the source can check.
//!
//! Knows only text: files, lines and words. What a rule means is written down in ARCHITECTURE.md; a
//! failure names every offending place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Longest Rust file, in lines.
const LONGEST: usize = 800;

struct Source {
    /// Relative to the repository, with slashes.
    name: String,
    text: String,
}

impl Source {
    fn is_below(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.name.starts_with(folder))
    }

    /// Lines with their numbers, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines
            .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()))
            .filter(|(_, line)| !line.trim().is_empty())
    }
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the repository is there")
}

/// Every text file that git tracks, or would track.
fn tracked() -> Vec<Source> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(root())
        .output()
        .expect("git is needed to list the files");
    assert!(output.status.success(), "{output:?}");
    let names = String::from_utf8(output.stdout).expect("file names are UTF-8");
    let sources: Vec<Source> = names
        .split('\0')
        .filter(|name| !name.is_empty())
        .filter_map(|name| {
            // Binary files, and files removed but not yet from git's list, have no text.
            let text = fs::read_to_string(root().join(name)).ok()?;
            Some(Source {
                name: name.to_owned(),
                text,
            })
        })
        .collect();
    assert!(
        sources.len() > 20,
        "the list of files is too short to be true"
    );
    sources
}

fn rust() -> Vec<Source> {
    let mut sources = tracked();
    sources.retain(|source| source.name.ends_with(".rs"));
    sources
}

fn assert_none(offences: &[String], rule: &str) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}

/// Places in code, outside comments, that hold one of the words.
fn places(sources: &[Source], words: &[&str]) -> Vec<String> {
    let mut places = Vec::new();
    for source in sources {
        for (number, line) in source.code() {
            if words.iter().any(|word| line.contains(word)) {
                places.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    places
}

#[test]
fn every_rust_file_opens_with_its_contract() {
    let offences: Vec<String> = rust()
        .into_iter()
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.name)
        .collect();
    assert_none(&offences, "files that do not open with //!");
}

#[test]
fn no_rust_file_is_too_long() {
    let offences: Vec<String> = rust()
        .into_iter()
        .map(|source| (source.text.lines().count(), source.name))
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, name)| format!("{name}: {lines} lines"))
        .collect();
    assert_none(&offences, "files above the limit");
}

#[test]
fn only_engine_and_capability_name_wasmtime() {
    let mut sources = rust();
    sources.retain(|source| {
        source.is_below(&["host/src/"])
            && !source.is_below(&["host/src/engine/", "host/src/capability/"])
    });
    let words = [
        "wasmtime::",
        "use wasmtime",
        "wasmtime_wasi",
        "wasmtime_wizer",
    ];
    assert_none(
        &places(&sources, &words),
        "wasmtime named outside its two rooms",
    );
}

#[test]
fn the_domain_and_the_pipeline_know_neither_http_nor_wasm() {
    let mut sources = rust();
    sources.retain(|source| source.is_below(&["host/src/auth/", "host/src/pipeline/"]));
    let words = [
        "crate::api",
        "crate::engine",
        "crate::capability",
        "axum",
        "hyper::",
        "reqwest",
        "wasmtime",
    ];
    assert_none(&places(&sources, &words), "the pure rooms reach outside");
}

#[test]
fn main_only_starts_the_command_line() {
    let sources = rust();
    let main = sources
        .iter()
        .find(|source| source.name == "host/src/main.rs")
        .expect("the binary's main file is there");
    let lines = main.code().count();
    assert!(lines <= 40, "host/src/main.rs has {lines} lines of code");
}

#[test]
fn unsafe_code_is_one_module_of_the_engine() {
    let mut sources = rust();
    // Guests may need it for their own bindings; the host is what must not break.
    sources.retain(|source| source.is_below(&["host/", "guest-sdk/src/native"]));
    let mut files: Vec<String> = places(&sources, &["allow(unsafe_code)", "expect(unsafe_code"])
        .iter()
        .map(|place| place.split(':').next().unwrap_or_default().to_owned())
        .collect();
    files.dedup();
    let elsewhere: Vec<String> = files
        .iter()
        .filter(|file| !file.starts_with("host/src/engine/"))
        .cloned()
        .collect();
    assert_none(&elsewhere, "unsafe code outside the engine");
    assert!(files.len() <= 1, "unsafe code in several files: {files:?}");
}

#[test]
fn nothing_is_left_unfinished() {
    // Spelled in two parts, or this file would find itself.
    let words: Vec<String> = ["tod_o!(", "unimple_mented!(", "FIX_ME", " XX_X"]
        .iter()
        .map(|word| word.replace('_', ""))
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut offences = Vec::new();
    for source in rust() {
        for (index, line) in source.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                offences.push(format!("{}:{}: {}", source.name, index + 1, line.trim()));
            }
        }
    }
    assert_none(&offences, "unfinished marks");
}

/// Paths of the machine that a change was made on work nowhere else.
#[test]
fn no_file_names_a_developers_machine() {
    let folders: Vec<String> = ["wo_rk", "ro_ot", "fa_rm"]
        .iter()
        .map(|name| format!("/{}/", name.replace('_', "")))
        .collect();
    let mut offences = Vec::new();
    for source in tracked() {
        for (index, line) in source.text.lines().enumerate() {
            if folders.iter().any(|folder| names_folder(line, folder)) {
                offences.push(format!("{}:{}: {}", source.name, index + 1, line.trim()));
            }
        }
    }
    assert_none(&offences, "absolute paths of a workplace");
}

/// `folder` begins an absolute path in `line`: nothing of a path before it, a name behind it.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let behind = line[start + folder.len()..].chars().next();
        let inside_path = before.is_some_and(|c| c.is_alphanumeric() || "._-}$)".contains(c));
        !inside_path && behind.is_some_and(|c| c.is_alphanumeric() || c == '.')
    })
}

#[test]
fn lock_files_name_no_registry_but_crates_io() {
    let mut sources = tracked();
    sources.retain(|source| source.name.ends_with("Cargo.lock"));
    let offences: Vec<String> = sources
        .iter()
        .flat_map(|source| {
            let lines = source.text.lines();
            lines
                .filter(|line| line.starts_with("source = "))
                .filter(|line| !line.contains("github.com/rust-lang/crates.io-index"))
                .map(|line| format!("{}: {line}", source.name))
        })
        .collect();
    assert_none(&offences, "sources of dependencies other than crates.io");
}
