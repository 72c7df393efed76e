//! What plugins may and may not do, seen from the command line: limits of logging, init plugins,
//! inspection, and passwords that stay where they are.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::program::{Ran, run, run_with_input};

const PASSWORD: &str = "Zwiebelkuchen-4711";

/// A folder with these files, and the path of its `bulkhead.yaml`.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let file = folder.path().join("bulkhead.yaml");
    (folder, file.to_str().unwrap().to_owned())
}

fn log_in(file: &str, user: &str, password: &str) -> Ran {
    let arguments = ["login", "-c", file, "--user", user, "--password-stdin"];
    run_with_input(&arguments, &format!("{password}\n"))
}

#[test]
fn a_call_logs_as_many_lines_as_it_may_and_one_more_is_dropped_with_a_warning() {
    let configuration = "store: {kind: memory}\n\
        pipeline: {backends: [{name: talker, script: talker.lua}]}\n\
        plugins: {talker: {limits: {log_lines: 3}}}\n";
    let script = "function nauthilus_backend_verify_password(request)\n\
        for line = 1, tonumber(request.username) do print('this is line ' .. line) end\n\
        return nauthilus_builtin.BACKEND_RESULT_OK, nauthilus_backend_result.new()\n\
        end\n";
    let (_folder, file) = folder(&[("bulkhead.yaml", configuration), ("talker.lua", script)]);
    for (lines, warned) in [("3", false), ("4", true)] {
        let ran = log_in(&file, lines, "any");
        assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
        assert_eq!(ran.err.matches("this is line").count(), 3, "{}", ran.err);
        assert_eq!(ran.err.contains("`log_lines` of 3"), warned, "{}", ran.err);
    }
}

#[test]
fn an_init_script_runs_once_at_load_and_a_failing_one_keeps_the_configuration_from_use() {
    let configuration = "store: {kind: memory}\n\
        pipeline:\n\
        \x20 init: [{name: prepare, script: prepare.lua}]\n\
        \x20 backends: [{name: users, script: users.lua}]\n";
    let users = "function nauthilus_backend_verify_password(request)\n\
        return nauthilus_builtin.BACKEND_RESULT_OK, nauthilus_backend_result.new()\n\
        end\n";
    for (body, code, said) in [
        ("print('prepared')", 1, "prepared"),
        ("error('the table is missing')", 78, "the table is missing"),
    ] {
        let init = format!("function nauthilus_run_hook(request)\n{body}\nend\n");
        let (_folder, file) = folder(&[
            ("bulkhead.yaml", configuration),
            ("prepare.lua", &init),
            ("users.lua", users),
        ]);
        let ran = log_in(&file, "alice", "any");
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
        let all = format!("{}{}", ran.out, ran.err);
        assert_eq!(all.matches(said).count(), 1, "{all}");
    }
}

#[test]
fn inspect_tells_what_a_component_is_and_needs() {
    // The build script leaves the first-party plugins there.
    let file = Path::new(env!("OUT_DIR")).join("webhook.wasm");
    let ran = run(&["plugin", "inspect", file.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for word in ["webhook", "action", "bulkhead:policy/http", "secret"] {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
}

#[test]
fn nothing_of_a_password_is_written_anywhere() {
    let configuration = "store: {kind: redb, path: state.redb}\n\
        pipeline:\n\
        \x20 features: [{name: curious, script: curious.lua}]\n\
        \x20 backends: [{name: users, script: users.lua}]\n\
        plugins: {users: {grants: {password: true, store: true}}}\n\
        observe: {log_level: debug, log_format: json, decision_log: decisions.jsonl}\n";
    // Without the grant the feature has nothing to tell; with it the backend tells all it can.
    let curious = "function nauthilus_call_feature(request)\n\
        nauthilus_builtin.custom_log_add('seen', request.password)\n\
        print('seen ' .. request.password)\n\
        return false, false, 0\n\
        end\n";
    let users = "function nauthilus_backend_verify_password(request)\n\
        nauthilus_builtin.custom_log_add('typed', request.password)\n\
        print('typed ' .. request.password)\n\
        if request.username == 'broken' then error('cannot check ' .. request.password) end\n\
        local b = nauthilus_backend_result.new()\n\
        b:user_found(true)\n\
        b:authenticated(request.username == 'alice')\n\
        b:account_field('account')\n\
        b:attributes({ account = request.username })\n\
        return nauthilus_builtin.BACKEND_RESULT_OK, b\n\
        end\n";
    let (folder, file) = folder(&[
        ("bulkhead.yaml", configuration),
        ("curious.lua", curious),
        ("users.lua", users),
    ]);
    let mut written = Vec::new();
    for (user, code) in [("alice", 0), ("bob", 1), ("broken", 75)] {
        let ran = log_in(&file, user, PASSWORD);
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
        written.push(("standard output".to_owned(), ran.out.into_bytes()));
        written.push(("standard error".to_owned(), ran.err.into_bytes()));
    }
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        written.push((path.display().to_string(), std::fs::read(path).unwrap()));
    }
    let hidden = [
        PASSWORD.to_owned(),
        STANDARD.encode(PASSWORD),
        hex::encode(PASSWORD),
        PASSWORD.chars().rev().collect(),
    ];
    for (place, bytes) in &written {
        let text = String::from_utf8_lossy(bytes);
        for secret in &hidden {
            assert!(!text.contains(secret), "{secret} in {place}:\n{text}");
        }
    }
    let told = written
        .iter()
        .any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("cannot check [password]"));
    assert!(told, "the error was not reported at all");
}
