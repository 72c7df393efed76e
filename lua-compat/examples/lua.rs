//! Runs a script natively, for whoever works on this runtime: `cargo run --example lua -- 5.4 FILE [ARGUMENT…]`.
//!
//! Users run `bulkhead lua run`, which does the same inside the sandbox. Prints what the script prints;
//! The Lua files below the current folder can be required;
//! an uncaught error goes to standard error as `lua: chunk:line: message`, with exit code 1.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use bulkhead_lua::Runtime;
use bulkhead_lua::wit::exports::bulkhead::policy::script::{Bundle, Dialect, Kind};
use support::FakeHost;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [version, file, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: lua 5.1|5.4 FILE [ARGUMENT…]");
        return ExitCode::from(64);
    };
    let host = Rc::new(FakeHost::default());
    host.straight_out.set(true);
    files(Path::new("."), 3, &mut host.files.borrow_mut());
    let bundle = Bundle {
        dialect: match version.as_str() {
            "5.4" => Dialect::Lua54,
            _ => Dialect::Lua51,
        },
        kind: Kind::Plain,
        chunk_name: file.clone(),
        source: std::fs::read(file).expect("the script can be read"),
        package_path: String::new(),
    };
    let ended = Runtime::load(host, bundle).and_then(|mut runtime| runtime.run_plain(rest));
    let _ = std::io::stdout().flush();
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("lua: {}\n{}", error.message, error.traceback);
            ExitCode::FAILURE
        }
    }
}

/// Collects Lua files, each under its path with and without `./`.
fn files(folder: &Path, depth: usize, found: &mut HashMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && depth > 0 {
            files(&path, depth - 1, found);
        } else if path.extension().is_some_and(|end| end == "lua")
            && let (Some(name), Ok(source)) = (path.to_str(), std::fs::read(&path))
        {
            found.insert(name.trim_start_matches("./").to_owned(), source.clone());
            found.insert(name.to_owned(), source);
        }
    }
}
