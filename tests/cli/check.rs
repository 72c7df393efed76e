//! `bulkhead check` loads and tries plugins, and nothing outside notices.

use std::{
    io::ErrorKind,
    net::TcpListener,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::program::run;

/// A folder with these files, and the path of its `bulkhead.yaml`.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let file = folder.path().join("bulkhead.yaml");
    (folder, file)
}

/// The exit code, and the problems that are found.
fn check(file: &Path) -> (i32, Vec<Value>) {
    let ran = run(&["check", file.to_str().unwrap(), "--json"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    assert_eq!(json["ok"], ran.code == 0, "{json:#}");
    (ran.code, json["problems"].as_array().unwrap().clone())
}

const ONE_FILTER: &str = "store: {kind: memory}\n\
    pipeline:\n\
    \x20 backends: [{name: users, component: \"builtin:users-file\"}]\n\
    \x20 filters: [{name: tenant, script: tenant.lua}]\n\
    plugins:\n\
    \x20 users: {grants: {password: true}}\n\
    \x20 tenant: {limits: {cpu: 50ms}}\n";

#[test]
fn each_plugin_is_tried_and_what_it_does_wrong_is_found() {
    for (script, code, severity, said) in [
        (
            "function nauthilus_call_filter(request) return false, 0 end",
            0,
            "",
            "",
        ),
        // The function of another kind of script.
        (
            "function nauthilus_call_feature(request) return false, false, 0 end",
            78,
            "error",
            "the script defines neither `nauthilus_call_subject` nor `nauthilus_call_filter`",
        ),
        (
            "function nauthilus_call_filter(request) return request.accuont:lower(), 0 end",
            0,
            "warning",
            "fails: ",
        ),
        (
            "function nauthilus_call_filter(request) while true do end end",
            0,
            "warning",
            "50 ms",
        ),
        ("function nauthilus_call_filter(", 78, "error", "tenant.lua"),
    ] {
        let (_folder, file) = folder(&[("bulkhead.yaml", ONE_FILTER), ("tenant.lua", script)]);
        let (ended, problems) = check(&file);
        assert_eq!(ended, code, "{script}: {problems:#?}");
        if said.is_empty() {
            assert!(problems.is_empty(), "{script}: {problems:#?}");
            continue;
        }
        assert_eq!(problems.len(), 1, "{script}: {problems:#?}");
        let problem = &problems[0];
        assert_eq!(problem["severity"], severity, "{script}");
        assert_eq!(problem["line"], 4, "{script}: {problem:#}");
        let message = problem["message"].as_str().unwrap();
        assert!(
            message.contains("`tenant`") && message.contains(said),
            "{message}"
        );
    }
}

#[test]
fn nothing_is_sent_and_nothing_is_stored() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let configuration = format!(
        "store: {{kind: redb, path: state.redb}}\n\
         pipeline:\n\
         \x20 backends: [{{name: users, component: \"builtin:users-file\"}}]\n\
         \x20 actions: [{{name: notify, on: post, component: \"builtin:webhook\"}}]\n\
         plugins:\n\
         \x20 users: {{grants: {{password: true}}}}\n\
         \x20 notify:\n\
         \x20   configuration: {{url: \"http://{address}/\"}}\n\
         \x20   grants: {{http: {{hosts: [\"{address}\"]}}}}\n"
    );
    let (folder, file) = folder(&[("bulkhead.yaml", &configuration)]);
    let (code, problems) = check(&file);
    // The refused request is no fault of the plugin.
    assert_eq!((code, problems.as_slice()), (0, &[][..]));
    let nobody = listener.accept().unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock);
    assert!(!folder.path().join("state.redb").exists());
}

#[test]
fn an_init_script_that_fails_is_found() {
    let configuration = "store: {kind: memory}\n\
        pipeline:\n\
        \x20 init: [{name: prepare, script: prepare.lua}]\n\
        \x20 backends: [{name: users, component: \"builtin:users-file\"}]\n\
        plugins: {users: {grants: {password: true}}}\n";
    let script = "error('the table is missing')\n";
    let (_folder, file) = folder(&[("bulkhead.yaml", configuration), ("prepare.lua", script)]);
    let (code, problems) = check(&file);
    assert_eq!(code, 78, "{problems:#?}");
    let message = problems[0]["message"].as_str().unwrap();
    assert!(message.contains("the table is missing"), "{message}");
}

#[test]
fn several_files_are_checked_each_for_itself() {
    let files = [
        "../tests/cli/broken/store-kind-unknown.yaml",
        "examples/policy/bulkhead.yaml",
        "../tests/cli/broken/include-of-one-value-in-two-files/main.yaml",
    ];
    let ran = run(&[&["check", "--json"], &files[..]].concat());
    assert_eq!(ran.code, 78);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let found: Vec<_> = json["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|problem| problem["severity"] == "error")
        .map(|problem| problem["file"].as_str().unwrap())
        .collect();
    let included =
        "../tests/cli/broken/include-of-one-value-in-two-files/conf.d/20-more-limits.yaml";
    assert_eq!(found, [files[0], included]);
}
