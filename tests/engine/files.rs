//! What a script can read of the computer that it runs on.

use bulkhead::{
    auth::Value,
    engine::{LoadedPlugin, PluginKind},
};

use crate::support::{ask_filter, load, script};

/// Says what reading the file gives that the user names.
const READER: &str = r#"
function nauthilus_call_filter(request)
    local file, message = io.open(request.username)
    nauthilus_builtin.custom_log_add("read", file and file:read("*a") or message)
    return nauthilus_builtin.FILTER_ACCEPT, nauthilus_builtin.FILTER_RESULT_OK
end
"#;

/// A folder with a script in it, beside it a granted folder, and another one.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("users.txt", "alice"),
        ("notes.txt", "notes"),
        ("lists/blocked.txt", "mallory"),
        ("private/key.txt", "secret"),
    ] {
        let file = place.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
    std::os::unix::fs::symlink("../private/key.txt", place.path().join("lists/link.txt")).unwrap();
    place
}

async fn reader(place: &tempfile::TempDir, granted: &[&str]) -> std::sync::Arc<LoadedPlugin> {
    let mut spec = script(place, PluginKind::Filter, READER);
    spec.config.grants.files = granted.iter().map(|name| place.path().join(name)).collect();
    spec.config.limits.file_bytes = 7;
    load(spec).await
}

async fn read(plugin: &LoadedPlugin, path: &str) -> String {
    let ran = ask_filter(plugin, path).await;
    let field = ran.log_fields.into_iter().find(|(name, _)| name == "read");
    match field {
        Some((_, Value::Text(text))) => text,
        other => panic!("{path}: {other:?}, {:?}", ran.answer),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_reads_what_it_was_granted_and_nothing_else() {
    let place = place();
    let plugin = reader(&place, &["users.txt", "lists"]).await;
    let absolute = |name: &str| place.path().join(name).display().to_string();
    for (path, content) in [
        ("users.txt", "alice"),
        (&absolute("users.txt"), "alice"),
        ("./lists/../users.txt", "alice"),
        ("lists/blocked.txt", "mallory"),
    ] {
        assert_eq!(read(&plugin, path).await, content, "{path}");
    }
    for path in [
        "notes.txt",
        "lists/../private/key.txt",
        "lists/link.txt",
        "users.txt.absent",
        &absolute("private/key.txt"),
        "/etc/passwd",
        "/etc/absent",
    ] {
        let message = read(&plugin, path).await;
        assert_eq!(message, format!("{path}: Permission denied"));
    }
    let message = read(&plugin, "lists/absent.txt").await;
    assert_eq!(message, "lists/absent.txt: No such file or directory");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_grant_a_script_reads_no_file_not_even_its_own() {
    let place = place();
    let plugin = reader(&place, &[]).await;
    for path in ["users.txt", "script.lua", "absent.txt"] {
        let message = read(&plugin, path).await;
        assert_eq!(message, format!("{path}: Permission denied"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_read_as_it_is_at_the_call_up_to_the_limit() {
    let place = place();
    let plugin = reader(&place, &["users.txt"]).await;
    std::fs::write(place.path().join("users.txt"), "1234567").unwrap();
    assert_eq!(read(&plugin, "users.txt").await, "1234567");
    std::fs::write(place.path().join("users.txt"), "12345678").unwrap();
    let message = read(&plugin, "users.txt").await;
    assert!(message.starts_with("users.txt: "), "{message}");
}
