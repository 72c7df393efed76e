//! Help texts, completion, wrong command lines, and the exit codes that need no plugins.

use crate::program::{run, run_with_input};

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text) });
}

#[test]
fn every_command_has_a_help_text() {
    for words in [
        &[][..],
        &["serve"],
        &["check"],
        &["login"],
        &["config"],
        &["config", "show"],
        &["config", "schema"],
        &["lua"],
        &["lua", "run"],
        &["lua", "check"],
        &["plugin"],
        &["plugin", "inspect"],
        &["plugin", "list"],
        &["completion"],
    ] {
        let mut arguments = words.to_vec();
        arguments.push("--help");
        let ran = run(&arguments);
        assert_eq!(ran.code, 0, "{words:?}");
        let name = ["help", words.join("-").as_str()].join("-");
        snapshot(name.trim_end_matches('-'), &ran.out);
    }
}

#[test]
fn help_names_every_exit_code() {
    let help = run(&["--help"]).out;
    for code in ["0", "1", "64", "65", "66", "69", "70", "75", "78"] {
        let line = format!("\n  {code:>2}  ");
        assert!(help.contains(&line), "{code}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_64_and_a_hint() {
    for (arguments, hint) in [
        (&[][..], "Usage"),
        (&["sevre"], "serve"),
        (&["serve"], "--config"),
        (&["serve", "-c"], "FILE"),
        (&["check"], "<FILE>"),
        (&["config"], "schema"),
        (&["config", "show"], "--config"),
        (&["login", "-c", "x", "--user", "a"], "--password-stdin"),
        (
            &[
                "login",
                "-c",
                "x",
                "--user",
                "a",
                "--password",
                "p",
                "--no-auth",
            ],
            "cannot be used with",
        ),
        (
            &[
                "login",
                "-c",
                "x",
                "--user",
                "a",
                "--no-auth",
                "--client-ip",
                "here",
            ],
            "client-ip",
        ),
        (&["lua"], "run"),
        (&["lua", "run", "--dialect", "5.2", "x.lua"], "5.1 or 5.4"),
        (&["plugin", "inspct"], "inspect"),
        (&["completion", "cmd"], "bash"),
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, 64, "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(hint), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{arguments:?}");
    }
}

#[test]
fn the_version_is_printed() {
    let ran = run(&["--version"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("bulkhead 0."), "{}", ran.out);
}

#[test]
fn completion_scripts_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completion", shell]);
        assert_eq!(ran.code, 0, "{shell}");
        for word in ["serve", "check", "login", "inspect", "password-stdin"] {
            assert!(ran.out.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn a_broken_configuration_ends_with_78_and_all_complaints_on_standard_error() {
    let file = "../tests/cli/broken/several-problems-at-once.yaml";
    for arguments in [
        &["check", file][..],
        &["serve", "-c", file],
        &["login", "-c", file, "--user", "a", "--no-auth"],
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, 78, "{arguments:?}");
        assert!(
            ran.err.contains("`store.kind` cannot be `sqlite`"),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("7 errors"), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
}

#[test]
fn check_prints_complaints_as_json() {
    let file = "../tests/cli/broken/several-problems-at-once.yaml";
    let ran = run(&["check", file, "--json"]);
    assert_eq!(ran.code, 78);
    assert_eq!(ran.err, "");
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["ok"], false);
    assert_eq!(json["problems"][0]["file"], file);
    assert_eq!(json["problems"][0]["line"], 2);
    assert_eq!(json["problems"].as_array().unwrap().len(), 7);
}

#[test]
fn a_missing_configuration_ends_with_78() {
    let ran = run(&["serve", "-c", "nowhere.yaml"]);
    assert_eq!(ran.code, 78);
    assert!(ran.err.contains("nowhere.yaml"), "{}", ran.err);
}

#[test]
fn plugin_list_names_the_builtin_plugins() {
    let ran = run(&["plugin", "list"]);
    assert_eq!(ran.code, 0);
    for name in [
        "tls-required",
        "relay-domains",
        "rbl",
        "geoip",
        "users-file",
        "ldap",
        "sql",
        "http-backend",
        "test",
        "allow-nets",
        "geoip-attributes",
        "webhook",
    ] {
        assert!(ran.out.contains(name), "{}", ran.out);
    }
}

#[test]
fn a_file_that_cannot_be_read_ends_with_66() {
    for arguments in [
        &["lua", "run", "nowhere.lua"][..],
        &["plugin", "inspect", "nowhere.wasm"],
    ] {
        let ran = run_with_input(arguments, "");
        assert_eq!(ran.code, 66, "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains("nowhere"), "{}", ran.err);
    }
}
