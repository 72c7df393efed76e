//! Our Lua beside the real ones: every block of `corpus/` runs in Debian's `lua5.1` or `lua5.4` and in the
//! runtime, and every line must be the same, error messages included.
//!
//! - A line may differ only if `differences.txt` names it, with the line of the VM that prevents it.
//! - `CONFORMANCE_ONLY=TEXT` runs only blocks whose name contains the text (and forgives unused entries).
//! - `CONFORMANCE_REPORT=summary` prints only how many lines differ in each block; by default every
//!   differing line is printed with both outputs.
//! - `CONFORMANCE_REPORT=real` prints what the real interpreter says to every block, and compares nothing.
//! - The real interpreters must be installed: nothing is skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod allowed;
mod compare;
mod corpus;
mod ours;
mod process;
mod real;
mod report;
#[path = "../support/mod.rs"]
mod support;

use corpus::Version;
use report::Report;

/// Fewer assertions than this in the two dialects together means that the corpus did not run.
const LEAST_ASSERTIONS: usize = 2_500;

#[test]
fn every_line_of_lua_5_1_is_that_of_the_real_interpreter() {
    check(Version::Lua51);
}

#[test]
fn every_line_of_lua_5_4_is_that_of_the_real_interpreter() {
    check(Version::Lua54);
}

#[test]
#[ignore = "the two others start it, once for each block, in a process of its own"]
fn one_block() {
    let folder = std::env::var_os("CONFORMANCE_BLOCK").expect("a folder to work in");
    ours::child(folder.as_ref());
}

fn check(version: Version) {
    real::require(version);
    let only = std::env::var("CONFORMANCE_ONLY").ok();
    let mut report = Report::new(version);
    for block in corpus::blocks(version) {
        if only.as_ref().is_some_and(|only| !block.name.contains(only)) {
            continue;
        }
        let printed = real::run(&block);
        if report::wish() == "real" {
            let text = String::from_utf8_lossy(&printed);
            println!("== {} {}\n{text}", version.name(), block.name);
            continue;
        }
        let wanted = compare::entries(&printed);
        let got = compare::entries(&ours::run(&block));
        report.add(&block.name, &wanted, &got);
    }
    if report::wish() == "real" {
        return;
    }
    let unused = report.forgive(&allowed::read(version));
    report.print();
    if only.is_none() {
        assert!(
            unused.is_empty(),
            "entries of differences.txt that nothing needs: {unused:#?}"
        );
        assert!(
            report.assertions() >= LEAST_ASSERTIONS / 2,
            "only {} assertions ran",
            report.assertions()
        );
    }
    assert!(
        report.agrees(),
        "{version:?}: {} of {} assertions differ from the real interpreter",
        report.differing(),
        report.assertions()
    );
}
