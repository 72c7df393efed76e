//! What cannot be loaded says why.

use std::time::{Duration, Instant};

use bulkhead::{
    config::{PluginConfig, PluginSource},
    engine::{LoadError, PluginKind, inspect},
};
use serde_json::json;

use crate::support::{counter, engine, guest, hostile, load, refused, spec};

async fn refused_bytes(bytes: &[u8]) -> LoadError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugin.wasm");
    std::fs::write(&path, bytes).unwrap();
    refused(spec(
        "broken",
        PluginKind::Filter,
        PluginSource::Component(path),
    ))
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_component_is_refused_in_words() {
    let module = wat::parse_str("(module)").unwrap();
    let error = refused_bytes(&module).await.to_string();
    assert!(error.contains("core WebAssembly module"), "{error}");

    let empty = wat::parse_str("(component)").unwrap();
    let error = refused_bytes(&empty).await.to_string();
    assert_eq!(
        error,
        "it cannot be used as a filter: it does not export bulkhead:policy/lifecycle@0.1.0; it exports nothing"
    );

    for garbage in [&b""[..], b"\0asm", b"print('hello')", &[0xff; 4096]] {
        let error = refused_bytes(garbage).await;
        assert!(matches!(error, LoadError::NotComponent(_)), "{error}");
    }
    let whole = std::fs::read(guest("counter")).unwrap();
    for length in [100, whole.len() / 2, whole.len() - 1] {
        let error = refused_bytes(&whole[..length]).await;
        assert!(
            matches!(
                error,
                LoadError::NotComponent(_) | LoadError::MissingExport { .. }
            ),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_world_is_named() {
    let mut spec = counter("misplaced");
    spec.kind = PluginKind::Backend;
    let error = refused(spec).await.to_string();
    assert!(
        error.starts_with("it cannot be used as a backend: it does not export bulkhead:policy/backend@0.1.0; it exports "),
        "{error}"
    );
    assert!(error.contains("bulkhead:policy/filter@0.1.0"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_imports_are_named() {
    let source = r#"(component
        (import "vendor:shell/run@1.0.0" (instance (export "exec" (func))))
        (import "bulkhead:policy/sources@0.1.0" (instance))
        (import "wasi:http/outgoing-handler@0.2.3" (instance))
        (instance $empty)
        (export "bulkhead:policy/lifecycle@0.1.0" (instance $empty))
        (export "bulkhead:policy/filter@0.1.0" (instance $empty)))"#;
    let error = refused_bytes(&wat::parse_str(source).unwrap())
        .await
        .to_string();
    for part in [
        "`broken` imports vendor:shell/run@1.0.0, which this server does not have",
        "`broken` imports bulkhead:policy/sources, which only scripts have",
        "`broken` imports wasi:http/outgoing-handler, which needs the grant `http` and is not supported yet",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_large_files_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.wasm");
    std::fs::File::create(&path)
        .unwrap()
        .set_len((16 << 20) + 1)
        .unwrap();
    let error = refused(spec(
        "large",
        PluginKind::Filter,
        PluginSource::Component(path),
    ))
    .await;
    assert!(
        error
            .to_string()
            .ends_with("has 16777217 bytes; the limit `limits.component_bytes` is 16777216"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_file_and_a_missing_builtin_are_named() {
    let missing = PluginSource::Component("/nonexistent/plugin.wasm".into());
    let error = refused(spec("missing", PluginKind::Filter, missing))
        .await
        .to_string();
    assert!(
        error.starts_with("cannot read /nonexistent/plugin.wasm: "),
        "{error}"
    );

    let unknown = PluginSource::Builtin("allow-net".to_owned());
    let error = refused(spec("unknown", PluginKind::Filter, unknown))
        .await
        .to_string();
    assert_eq!(
        error,
        "there is no built-in plugin `allow-net`; there are: allow-nets, geoip, geoip-attributes, http-backend, ldap, rbl, relay-domains, sql, test, tls-required, users-file, webhook"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_problems_of_a_configuration_are_told_with_their_paths() {
    let mut spec = spec(
        "allow-nets",
        PluginKind::Filter,
        PluginSource::Builtin("allow-nets".to_owned()),
    );
    spec.config = PluginConfig {
        configuration: json!({ "networks": ["192.0.2.0/24", "300.1.1.1", "also wrong"] }),
        ..PluginConfig::default()
    };
    let error = refused(spec).await;
    let LoadError::Configuration(problems) = error else {
        panic!("{error}");
    };
    let paths: Vec<_> = problems
        .iter()
        .map(|problem| problem.path.as_str())
        .collect();
    assert_eq!(paths, ["networks[1]", "networks[2]"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_loops_while_it_is_loaded_is_given_up() {
    let started = Instant::now();
    let describe = spec(
        "mute",
        PluginKind::Filter,
        PluginSource::Component(guest("hostile-describe")),
    );
    let mut configure = hostile("stubborn");
    configure.config.configuration = json!({ "configure": { "do": "loop" } });
    for (spec, step) in [(describe, "describe"), (configure, "configure")] {
        let error = refused(spec).await;
        match error {
            LoadError::Timeout { step: got, .. } => assert_eq!(got, step),
            other => panic!("{other}"),
        }
    }
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_fails_while_it_is_loaded_is_refused() {
    for (deed, part) in [
        ("panic", "it failed in `configure`: it stopped itself"),
        ("recurse", "a recursion without end"),
        ("hog-forever", "its limit `memory` is 33554432"),
        ("call-host-forever", "its limit `host_calls` of 10000"),
    ] {
        let mut spec = hostile("clumsy");
        spec.config.configuration = json!({ "configure": { "do": deed } });
        let error = refused(spec).await.to_string();
        assert!(error.contains(part), "{deed}: {error}");
    }
    load(counter("next")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inspecting_tells_what_a_component_is() {
    let bytes = std::fs::read(guest("hostile-filter")).unwrap();
    let found = engine().inspect(bytes).await.unwrap();
    assert_eq!(found.kinds, [PluginKind::Filter]);
    for grant in ["http", "metrics", "store"] {
        assert!(found.grants.contains(&grant), "{:?}", found.grants);
    }
    let error = inspect(b"nothing".to_vec()).await.unwrap_err();
    assert!(matches!(error, LoadError::NotComponent(_)), "{error}");
}
