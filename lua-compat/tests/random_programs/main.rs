//! Random programs in our runtime and in the real interpreters: the output must be the same.
//!
//! Each program comes from a seed alone, so the same programs run every time.
//!
//! - `RANDOM_PROGRAMS=COUNT` runs so many per dialect.
//! - `RANDOM_PROGRAMS_SEED=NUMBER` starts from another seed (any number; `time` takes the clock's).
//! - `RANDOM_PROGRAMS_SHOW=COUNT` shrinks and shows so many of the programs that differ, each in another way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod batch;
mod blocks;
#[path = "../conformance/corpus.rs"]
#[allow(dead_code)]
mod corpus;
mod expressions;
mod generator;
mod numbers;
#[path = "../conformance/ours.rs"]
mod ours;
#[path = "../conformance/process.rs"]
mod process;
#[path = "../conformance/real.rs"]
mod real;
mod shrink;
#[path = "../support/mod.rs"]
mod support;
mod text;
mod tree;

use std::collections::HashSet;
use std::fmt::Write;

use batch::Outcome;
use corpus::Version;

const PROGRAMS: usize = 3_000;
const SEED: u64 = 20_260_101;
/// Programs per process.
const AT_ONCE: usize = 250;

#[test]
fn random_programs_say_what_they_say_in_lua_5_1() {
    check(Version::Lua51);
}

#[test]
fn random_programs_say_what_they_say_in_lua_5_4() {
    check(Version::Lua54);
}

#[test]
#[ignore = "the two others start it, once for each batch, in a process of its own"]
fn one_block() {
    let folder = std::env::var_os("CONFORMANCE_BLOCK").expect("a folder to work in");
    ours::child(folder.as_ref());
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().expect(name))
}

fn first_seed() -> u64 {
    match std::env::var("RANDOM_PROGRAMS_SEED").as_deref() {
        Ok("time") => std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() << 20,
        Ok(number) => number.parse().expect("RANDOM_PROGRAMS_SEED"),
        Err(_) => SEED,
    }
}

/// The first lines that differ, without numbers: programs that differ alike need not be shown twice.
fn kind_of_difference(outcome: &Outcome) -> (String, String) {
    let mut pairs = outcome.real.lines().zip(outcome.ours.lines());
    let (real, ours) = pairs.find(|(real, ours)| real != ours).unwrap_or_default();
    let plain = |text: &str| text.replace(|letter: char| letter.is_ascii_digit(), "");
    (plain(real), plain(ours))
}

fn check(version: Version) {
    real::require(version);
    let count = setting("RANDOM_PROGRAMS", PROGRAMS);
    let show = setting("RANDOM_PROGRAMS_SHOW", 3);
    let seeds: Vec<u64> = (first_seed()..).take(count).collect();
    let mut differing = Vec::new();
    for some in seeds.chunks(AT_ONCE) {
        let programs: Vec<_> = some
            .iter()
            .map(|seed| generator::program(version, *seed))
            .collect();
        let outcomes = batch::run(version, &programs);
        for ((seed, program), outcome) in some.iter().zip(programs).zip(outcomes) {
            if outcome.differs() {
                differing.push((*seed, program, outcome));
            }
        }
    }
    let found = differing.len();
    let mut report = format!("== {version:?}: {found} of {count} programs differ\n");
    let mut seen = HashSet::new();
    differing.retain(|(_, _, outcome)| seen.insert(kind_of_difference(outcome)));
    for (seed, program, outcome) in differing.into_iter().take(show) {
        let (program, outcome) = shrink::shrink(version, program, outcome);
        let _ = writeln!(
            report,
            "-- seed {seed}\n{}real: {}ours: {}",
            program.source(),
            outcome.real,
            outcome.ours
        );
    }
    println!("{report}");
    assert_eq!(found, 0, "programs that differ from the real interpreter");
}
