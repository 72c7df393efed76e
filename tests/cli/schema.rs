//! The JSON Schema: committed, in step with the table of keys, and true.

use std::path::{Path, PathBuf};

use bulkhead::config;
use jsonschema::Validator;
use serde_json::Value;

use crate::{configuration::files, program::run};

const FILE: &str = "bulkhead.schema.json";

fn validator() -> Validator {
    jsonschema::draft202012::new(&config::json_schema()).unwrap()
}

/// A file as Bulkhead itself reads it: aliases and merge keys resolved.
fn parsed(path: &Path) -> Value {
    config::yaml_to_json(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn complaints(schema: &Validator, value: &Value) -> Vec<String> {
    schema
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn the_committed_schema_is_the_one_that_is_printed() {
    let printed = run(&["config", "schema"]);
    assert_eq!(printed.code, 0);
    if std::env::var_os("BULKHEAD_UPDATE").is_some() {
        std::fs::write(FILE, printed.out).unwrap();
    } else {
        assert!(
            std::fs::read_to_string(FILE).unwrap() == printed.out,
            "{FILE} is out of date; run `cargo run -p bulkhead -- config schema > host/{FILE}`"
        );
    }
}

#[test]
fn the_schema_is_a_schema() {
    jsonschema::meta::validate(&config::json_schema()).unwrap();
}

#[test]
fn the_schema_accepts_every_good_configuration() {
    let schema = validator();
    let mut good = files("good");
    for folder in [
        "../tests/cli/good/included/conf.d",
        "../tests/cli/good/included/conf.d/20-tenant",
    ] {
        let inside = std::fs::read_dir(folder).unwrap();
        good.extend(inside.map(|entry| entry.unwrap().path()));
    }
    good.retain(|file| file.extension().is_some_and(|end| end == "yaml"));
    good.push(PathBuf::from("examples/policy/bulkhead.yaml"));
    assert!(good.len() > 10);
    for file in good {
        let found = complaints(&schema, &parsed(&file));
        assert!(found.is_empty(), "{}: {found:#?}", file.display());
    }
}

/// Those that are wrong in their form; what is only wrong beside something else, a schema cannot say.
#[test]
fn the_schema_refuses_broken_configurations() {
    let schema = validator();
    for name in [
        "a-list-at-the-top",
        "action-with-an-unknown-event",
        "action-without-an-event",
        "auth-that-is-unknown",
        "basic-auth-without-a-password",
        "boolean-of-yaml-1.1",
        "dialect-of-a-component",
        "dialect-unknown",
        "duration-with-a-wrong-unit",
        "duration-without-a-unit",
        "endpoint-unknown",
        "example-logins-with-mistakes",
        "grant-of-http-without-hosts",
        "grant-unknown",
        "hook-with-an-unknown-method",
        "hook-without-a-location",
        "instances-unknown",
        "integer-out-of-range",
        "integer-that-is-text",
        "key-in-the-wrong-section",
        "key-of-another-kind-of-plugin",
        "limit-unknown",
        "list-that-is-text",
        "listen-with-tls-without-a-key",
        "listen-with-two-places",
        "listen-without-a-port",
        "on-error-accept",
        "plugin-with-two-sources",
        "plugin-without-a-name",
        "plugin-without-code",
        "rate-limit-without-a-rate",
        "secret-with-two-sources",
        "secret-written-out",
        "section-that-is-text",
        "size-with-a-wrong-unit",
        "store-kind-unknown",
        "store-redis-with-two-kinds-of-servers",
        "store-redis-without-servers",
        "traces-without-an-endpoint",
        "trusted-proxy-that-is-a-name",
        "unknown-key-with-a-near-name",
        "upstream-that-is-a-name",
    ] {
        let file = format!("../tests/cli/broken/{name}.yaml");
        let value = parsed(Path::new(&file));
        assert!(!schema.is_valid(&value), "{name}: {value:#}");
    }
}

#[test]
fn durations_and_sizes_match_where_they_can_be_read() {
    let schema = validator();
    let with = |timeout: &str, bytes: &str| {
        config::yaml_to_json(&format!(
            "server: {{request_timeout: {timeout}}}\nlimits: {{body_bytes: {bytes}}}"
        ))
        .unwrap()
    };
    for (timeout, bytes, fits) in [
        ("500ms", "64KiB", true),
        ("1.5 s", "2 MB", true),
        ("5s", "65536", true),
        ("5", "64KiB", false),
        ("5 seconds", "64KiB", false),
        ("5s", "64 kib", false),
        ("5s", "512", false),
    ] {
        let value = with(timeout, bytes);
        assert_eq!(schema.is_valid(&value), fits, "{timeout} {bytes}");
    }
}
