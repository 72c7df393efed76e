//! `bulkhead config show`: everything that holds, where it comes from, and no secret.

use std::path::Path;

use bulkhead::config::{self, Config};

use crate::{
    configuration::{files, folder},
    program::run,
};

/// What can be compared of a configuration.
fn comparable(config: &Config) -> String {
    let server = &config.server;
    let secrets: Vec<_> = config
        .secrets
        .iter()
        .map(|(name, source)| (name, source.read().unwrap()))
        .collect();
    let credentials = |auth: &Option<config::BasicAuth>| {
        auth.as_ref()
            .map(|auth| (auth.username.clone(), auth.password.expose().to_vec()))
    };
    let logins: Vec<_> = config
        .reload
        .logins
        .iter()
        .map(|login| {
            let facts = (
                login.mode,
                login.expect,
                login.tls,
                login.password.is_some(),
            );
            (&login.username, &login.protocol, &login.client_ip, facts)
        })
        .collect();
    let of_server = (
        (
            &server.listeners,
            &server.basic_networks,
            &server.trusted_proxies,
        ),
        (
            &server.headers,
            &server.disabled_endpoints,
            &server.upstreams,
        ),
        (server.rate_limit, server.lockout, server.compression),
        (
            server.request_timeout,
            server.wait_delay_seconds,
            server.max_login_attempts,
        ),
        (&server.password_attribute, server.open),
        (
            credentials(&server.basic_auth),
            credentials(&server.metrics_auth),
        ),
    );
    let cache = config.cache.as_ref().map(|cache| {
        let secret = cache.secret.as_ref().map(|secret| secret.expose().to_vec());
        let lifetimes = (cache.memory_ttl, cache.store_ttl, cache.negative_ttl);
        let flags = (cache.negative_in_store, cache.by_client_address);
        (
            lifetimes,
            cache.memory_bytes,
            cache.store_timeout,
            flags,
            secret,
        )
    });
    format!(
        "{cache:#?}\n{of_server:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{secrets:?}\n{:#?}\n{:?}\n{logins:#?}\n{:?}",
        config.store,
        config.ldap,
        config.sql,
        config.limits,
        config.pipeline,
        config.plugins,
        config.health_checks,
        config.observe,
        (config.reload.watch, config.reload.settle),
        config.cache_directory,
    )
}

/// The good files without a secret that is written out.
fn without_written_secrets() -> Vec<std::path::PathBuf> {
    let mut files = files("good");
    files.push("examples/policy/bulkhead.yaml".into());
    files.retain(|file| {
        let name = file.to_str().unwrap();
        !["everything", "masked", "short-password"]
            .iter()
            .any(|word| name.contains(word))
    });
    assert!(files.len() > 8);
    files
}

#[test]
fn what_is_shown_loads_back_to_the_same_configuration() {
    let elsewhere = tempfile::tempdir().unwrap();
    for file in without_written_secrets() {
        let loaded = config::load(&file).unwrap();
        let effective = config::effective(&loaded);
        let copy = elsewhere.path().join("copy.yaml");
        std::fs::write(&copy, effective.to_yaml()).unwrap();
        let again = config::load(&copy).unwrap_or_else(|all| {
            let complaints = config::render(&all, false);
            panic!("{}: {complaints}\n{}", file.display(), effective.to_yaml())
        });
        let (after, before) = (comparable(&again.config), comparable(&loaded.config));
        let other = after
            .lines()
            .zip(before.lines())
            .find(|(one, two)| one != two);
        assert_eq!(other, None, "{}", file.display());
        assert_eq!(after.len(), before.len(), "{}", file.display());
        // Nothing is left to a default any more.
        let shown = config::effective(&again);
        assert_eq!(
            shown.to_json()["configuration"],
            effective.to_json()["configuration"]
        );
        assert!(
            !shown.to_yaml().contains("# default"),
            "{}",
            shown.to_yaml()
        );
    }
}

#[test]
fn every_value_has_its_source_and_secrets_are_masked() {
    let here = std::path::absolute(folder("")).unwrap();
    for name in [
        "everything.yaml",
        "masked.yaml",
        "service.yaml",
        "included/main.yaml",
    ] {
        let file = folder("good").join(name);
        let ran = run(&["config", "show", "-c", file.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let text = ran
            .out
            .replace(here.to_str().unwrap(), "[FOLDER]")
            .replace(env!("CARGO_TARGET_TMPDIR"), "[TEMPORARY]");
        for secret in ["hunter2", "long-enough-for-everybody"] {
            assert!(!text.contains(secret), "{text}");
        }
        let name = format!("show-{}", name.replace("/main", "").replace(".yaml", ""));
        insta::with_settings!({
            snapshot_path => "snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
            filters => [("password_threads: [0-9]+  # default", "password_threads: [CORES]  # default")],
        }, { insta::assert_snapshot!(name, text) });
    }
}

#[test]
fn show_prints_json_with_values_and_sources() {
    let file = folder("good/included/main.yaml");
    let ran = run(&["config", "show", "-c", file.to_str().unwrap(), "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["files"].as_array().unwrap().len(), 4);
    assert_eq!(json["configuration"]["limits"]["instances"], 30);
    assert_eq!(json["configuration"]["limits"]["streams"], 200);
    let sources = &json["sources"];
    assert_eq!(sources["limits.streams"], "default");
    let source = |key: &str| {
        Path::new(sources[key].as_str().unwrap())
            .file_name()
            .unwrap()
            .to_owned()
    };
    assert_eq!(source("limits.instances"), "main.yaml:8");
    assert_eq!(source("pipeline.filters[0].name"), "tenant.yaml:2");
}

#[test]
fn a_secret_that_is_written_out_does_not_load_back() {
    let loaded = config::load(&folder("good/everything.yaml")).unwrap();
    let shown = config::effective(&loaded).to_yaml();
    let complaints = config::parse(Path::new("copy.yaml"), &shown).err().unwrap();
    let text = config::render(&complaints, false);
    assert!(
        text.contains("`server.basic_auth.password` is what `bulkhead config show` prints"),
        "{text}"
    );
}
