//! Scripts in the sandbox, as the engine sees them.

use std::time::{Duration, Instant};

use bulkhead::{
    config::{Dialect, Grants, Limits},
    engine::{LoadError, PluginKind, ScriptError, ScriptRun},
    pipeline::{Answer, BackendAnswer, BackendUser, FailureKind, Ran},
};

use crate::support::{ask_backend, engine, failure, load, refused, script};

const BACKEND: &str = r#"
function nauthilus_backend_verify_password(request)
    calls = (calls or 0) + 1
    local result = nauthilus_backend_result.new()
    result:user_found(request.username == "alice")
    result:authenticated(request.username == "alice" and request.password == "correct horse")
    result:account_field("account")
    result:attributes({ account = request.username, calls = calls })
    return nauthilus_builtin.BACKEND_RESULT_OK, result
end
"#;

fn user(ran: Ran) -> BackendUser {
    match ran.answer {
        Ok(Answer::Backend(BackendAnswer::User(user))) => *user,
        Ok(other) => panic!("{other:?}"),
        Err(failure) => panic!("{:?}: {failure}", failure.kind),
    }
}

fn granted(folder: &tempfile::TempDir, source: &str) -> bulkhead::engine::PluginSpec {
    let mut spec = script(folder, PluginKind::Backend, source);
    spec.config.grants.password = true;
    spec.config.limits.cpu = Duration::from_millis(300);
    spec
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_script_decides_and_forgets() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = load(granted(&folder, BACKEND)).await;
    for _ in 0..3 {
        let alice = user(ask_backend(&plugin, "alice").await);
        assert!(alice.found && alice.authenticated);
        let calls = alice
            .attributes
            .iter()
            .find(|attribute| attribute.name == "calls")
            .unwrap();
        assert_eq!(format!("{:?}", calls.values), "[Integer(1)]");
    }
    assert!(!user(ask_backend(&plugin, "bob").await).found);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_scripts_fail_in_time_and_the_next_login_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let deeds = format!(
        r#"
local verify
function deed(name)
    if name == "loop" then while true do end end
    if name == "recurse" then local function f() return 1 + f() end return f() end
    if name == "hog" then local t = {{}} for i = 1, 1e9 do t[i] = i end end
    if name == "bomb" then local s = "x" while true do s = s .. s end end
    if name == "error" then error("no") end
    if name == "pattern" then return string.find(string.rep("a", 40000), ".-.-.-.-b") end
end
{BACKEND}
verify = nauthilus_backend_verify_password
function nauthilus_backend_verify_password(request)
    deed(request.username)
    return verify(request)
end
"#
    );
    let plugin = load(granted(&folder, &deeds)).await;
    for deed in ["loop", "recurse", "hog", "bomb", "error", "pattern"] {
        let started = Instant::now();
        let got = failure(ask_backend(&plugin, deed).await);
        assert!(started.elapsed() < Duration::from_secs(4), "{deed}");
        assert!(
            matches!(
                got.kind,
                FailureKind::Plugin
                    | FailureKind::Trap
                    | FailureKind::CpuTime
                    | FailureKind::Memory
            ),
            "{deed}: {got}"
        );
        assert!(
            user(ask_backend(&plugin, "alice").await).authenticated,
            "after {deed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_that_does_not_compile_names_chunk_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(granted(
        &folder,
        "local x = 1\nlocal y = = 2\nlocal z = 3\n",
    ))
    .await;
    let LoadError::Script { message, .. } = error else {
        panic!("{error}");
    };
    assert!(message.contains("script.lua:2:"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_nil_without_its_grant() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = load(script(&folder, PluginKind::Backend, BACKEND)).await;
    let alice = user(ask_backend(&plugin, "alice").await);
    assert!(alice.found && !alice.authenticated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modules_come_from_the_folder_as_it_was_at_load() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("names.lua"), "return { user = 'alice' }").unwrap();
    let source = BACKEND
        .replace(
            "function nauthilus",
            "local names = require('names')\nfunction nauthilus",
        )
        .replace(
            "request.username == \"alice\" and",
            "request.username == names.user and",
        );
    let plugin = load(granted(&folder, &source)).await;
    std::fs::write(
        folder.path().join("names.lua"),
        "return { user = 'mallory' }",
    )
    .unwrap();
    assert!(user(ask_backend(&plugin, "alice").await).authenticated);

    let lost = source.replace("'names'", "'nowhere'");
    let got = match engine().load(granted(&folder, &lost)).await {
        Ok(plugin) => failure(ask_backend(&plugin, "alice").await).message,
        Err(error) => error.to_string(),
    };
    assert!(got.contains("module 'nowhere' not found"), "{got}");
}

/// What a program prints, and how it ends.
async fn run(source: &str, limits: Limits) -> (String, Result<u8, ScriptError>) {
    #[derive(Clone, Default)]
    struct Shared(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let output = Shared::default();
    let folder = tempfile::tempdir().unwrap();
    let ended = engine()
        .run_script(ScriptRun {
            path: folder.path().join("program.lua"),
            source: source.as_bytes().to_vec(),
            dialect: Dialect::Lua51,
            chunk_name: "program.lua".to_owned(),
            package_path: String::new(),
            arguments: vec!["one".to_owned()],
            output: Box::new(output.clone()),
            limits,
            grants: Grants::default(),
            services: std::sync::Arc::new(bulkhead::capability::Services::none()),
        })
        .await;
    let printed = output.0.lock().unwrap().clone();
    (String::from_utf8(printed).unwrap(), ended)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_program_prints_and_exits() {
    let (printed, ended) = run("print('hello', ...)", Limits::default()).await;
    assert_eq!(printed, "hello\tone\n");
    assert_eq!(ended.unwrap(), 0);

    let (_, ended) = run("\nerror('no')", Limits::default()).await;
    let error = ended.unwrap_err().to_string();
    assert!(error.contains("program.lua:2: no"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_program_has_limits() {
    let limits = Limits {
        cpu: Duration::from_millis(200),
        ..Limits::default()
    };
    let (_, ended) = run("while true do end", limits).await;
    match ended {
        Err(ScriptError::Stopped(failure)) => assert_eq!(failure.kind, FailureKind::CpuTime),
        other => panic!("{other:?}"),
    }
}
