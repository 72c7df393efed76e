//! `bulkhead lua check`: every script in `lua/` gives the output of its snapshot, and those whose names
//! begin with `clean` give no finding. To add a case, add a file, run the test, and review the snapshot.

use std::path::PathBuf;

use crate::program::{Ran, run, run_with_input};

fn scripts(folder: &str) -> Vec<PathBuf> {
    // Relative, so that messages show the same path on every machine.
    let mut scripts: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "lua"))
        .collect();
    scripts.sort();
    assert!(!scripts.is_empty(), "no scripts in {folder}");
    scripts
}

fn check(words: &[&str]) -> Ran {
    run(&[&["lua", "check"], words].concat())
}

fn show(ran: &Ran) -> String {
    let root = std::fs::canonicalize("../tests").unwrap();
    let text = format!("{}\n{}\nexit code {}\n", ran.out, ran.err, ran.code);
    text.replace(root.to_str().unwrap(), "[TESTS]")
}

#[test]
fn every_script_gives_its_findings() {
    for path in scripts("../tests/cli/lua") {
        let ran = check(&[path.to_str().unwrap()]);
        let name = path.file_stem().unwrap().to_str().unwrap();
        if name.starts_with("clean") {
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{name}");
        } else {
            assert_ne!(ran.err, "", "{name}");
        }
        insta::with_settings!({
            snapshot_path => "snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
            description => std::fs::read_to_string(&path).unwrap(),
        }, { insta::assert_snapshot!(format!("lua-{name}"), show(&ran)) });
    }
}

#[test]
fn the_scripts_of_this_repository_are_clean() {
    for path in [
        "../host/examples/policy/backend.lua",
        "../tests/bench/backend.lua",
        "../tests/cli/good/users.lua",
        "../tests/cli/good/lib/accounts.lua",
    ] {
        let mut words = vec!["--json", path];
        if path.contains("examples") {
            words.extend(["--package-path", "lib/?.lua"]);
        }
        let ran = check(&words);
        let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(found["findings"], serde_json::json!([]), "{path}");
        assert_eq!(ran.code, 0, "{path}: {}", ran.err);
    }
}

#[test]
fn findings_are_there_for_editors() {
    let ran = check(&["--json", "../tests/cli/lua/unset-global.lua"]);
    insta::with_settings!({
        snapshot_path => "snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!("lua-json", ran.out) });
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn scripts_that_are_checked_together_know_each_others_globals() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let first = write("first.lua", "shared = 1");
    let second = write("second.lua", "print(shared)");
    assert!(check(&[&second]).err.contains("`shared`"));
    assert_eq!(check(&[&first, &second]).err, "");
}

#[test]
fn a_script_may_come_from_standard_input() {
    let words = ["lua", "check", "--dialect", "5.4", "-"];
    let ran = run_with_input(&words, "local x = 7 // 2\nlocal y = )\n");
    assert_eq!(ran.code, 65, "{}", ran.err);
    let message = "stdin:2: unexpected symbol near ')'";
    assert!(ran.err.contains(message), "{}", ran.err);
}

#[test]
fn a_script_that_cannot_be_read_ends_with_66() {
    let ran = check(&["../tests/cli/lua/absent.lua"]);
    assert_eq!(ran.code, 66, "{}", ran.err);
}
