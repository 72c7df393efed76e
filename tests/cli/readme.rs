//! The README's two commands: they are where the README says, and the first one works.

use std::{path::Path, process::Command};

/// The shell blocks of the README, in order.
fn shell_blocks() -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let mut blocks = Vec::new();
    for part in text.split("```sh\n").skip(1) {
        blocks.push(part.split("```").next().unwrap().to_owned());
    }
    blocks
}

#[test]
fn the_first_block_is_the_demonstration_and_the_second_runs_the_tests() {
    let blocks = shell_blocks();
    assert!(blocks[0].contains("rustup target add wasm32-unknown-unknown"));
    assert!(
        blocks[0]
            .trim_end()
            .ends_with("target/release/examples/demo")
    );
    assert_eq!(blocks[1], "tests/run\n");
}

/// `cargo test` builds the example beside the binary, as the README's command does.
#[test]
fn the_demonstration_shows_four_decisions_and_ends_by_itself() {
    let binary = Path::new(env!("CARGO_BIN_EXE_bulkhead"));
    let demo = binary.parent().unwrap().join("examples/demo");
    let output = Command::new(demo).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert_eq!(text.matches("as expected").count(), 4, "{text}");
    for told in [
        "tls-required",
        "users",
        "networks",
        "notify",
        "authenticated",
        "wrong-password",
        "unknown-user",
        "reject",
        "KiB",
        "bulkhead serve -c",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
}
