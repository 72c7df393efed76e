//! The first generation.

use std::process::Command;

use bulkhead_harness::Scratch;

use crate::support::{self, policy};

#[test]
fn a_failing_example_login_keeps_the_server_from_starting() {
    let logins = "reload: {logins: [{username: alice, password: wrong}]}";
    let text = support::CONFIGURATION
        .replace("reload: {watch: false}", logins)
        .replace("{listen}", "127.0.0.1:0");
    let policy = policy(&text);
    let home = Scratch::new("home");
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_bulkhead"));
    let output = Command::new(binary)
        .args(["serve", "-c"])
        .arg(policy.path().join("bulkhead.yaml"))
        .env("NO_COLOR", "1")
        .env("XDG_STATE_HOME", home.path())
        .env(
            "XDG_CACHE_HOME",
            binary.with_file_name("bulkhead-test-cache"),
        )
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{errors}");
    assert!(
        errors
            .contains("example login 0 (user `alice`) must end as accept, but it ended as reject"),
        "{errors}"
    );
    assert!(errors.contains("decision: reject"), "{errors}");
}

#[test]
fn nothing_is_compiled_again_by_a_start_with_the_same_files() {
    let scratch = Scratch::new("cache");
    let before = support::files(scratch.path());
    assert!(before.is_empty());
    let start = || {
        let policy = policy(&support::CONFIGURATION.replace(
            "store:",
            &format!("cache_directory: {}\nstore:", scratch.path().display()),
        ));
        support::start(policy)
    };
    drop(start());
    // The policy is in another folder, and the path of a script is part of its image.
    let mut server = start();
    let first = support::files(&scratch.path().join("components"));
    assert!(first.len() > 4, "{:?}", first.keys());
    server.restart();
    assert_eq!(support::serving(&server), "a");
    assert_eq!(support::files(&scratch.path().join("components")), first);
}
