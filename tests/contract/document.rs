//! The OpenAPI document: committed, served, and about what is served.

use std::{fs, path::Path};

use bulkhead::api::openapi;
use bulkhead_harness::http::Request;
use serde_json::Value;

use crate::server;

/// The committed copy.
const COPY: &str = "openapi.json";

fn served_paths(document: &Value) -> Vec<(String, Vec<String>)> {
    document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(path, item)| {
            let methods = item
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| *key != "parameters")
                .map(|method| method.to_uppercase())
                .collect();
            (path.clone(), methods)
        })
        .collect()
}

/// `BULKHEAD_UPDATE=1 cargo test -p bulkhead --test contract` writes the copy anew.
#[test]
fn the_committed_document_is_what_the_code_makes() {
    let made = serde_json::to_string_pretty(&openapi::document()).unwrap() + "\n";
    if std::env::var_os("BULKHEAD_UPDATE").is_some() {
        fs::write(COPY, &made).unwrap();
    }
    let copy = fs::read_to_string(Path::new(COPY)).unwrap_or_default();
    assert!(
        copy == made,
        "host/{COPY} is not what the code makes; run \
         `BULKHEAD_UPDATE=1 cargo test -p bulkhead --test contract` and commit it"
    );
}

#[test]
fn the_document_is_served_in_both_forms_and_both_places() {
    let server = server::start();
    let document = openapi::document();
    for place in ["/api/v1/openapi", "/.well-known/openapi"] {
        let json = server.send(&Request::new("GET", &format!("{place}.json")));
        assert_eq!(json.status, 200);
        assert_eq!(json.header("content-type"), Some("application/json"));
        assert_eq!(json.json(), document);
        let yaml = server.send(&Request::new("GET", &format!("{place}.yaml")));
        assert_eq!(yaml.status, 200);
        assert_eq!(yaml.header("content-type"), Some("application/yaml"));
        assert!(yaml.text().starts_with("openapi: "), "{}", yaml.text());
    }
}

#[test]
fn every_path_and_method_of_the_document_is_answered() {
    let server = server::start();
    for (path, methods) in served_paths(&openapi::document()) {
        let path = path.replace("{location}", "status");
        // Answers 404 where there is no such job.
        if path.ends_with("{jobId}") {
            continue;
        }
        for method in methods {
            let is_hook = path.starts_with("/api/v1/custom/");
            if method == "HEAD" || (is_hook && method != "GET") {
                continue;
            }
            let request = Request::new(&method, &path).basic_auth(server::USER, server::PASSWORD);
            let answer = server.send(&request);
            assert_ne!(answer.status, 404, "{method} {path}");
        }
    }
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    fn visit(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(target)) = members.get("$ref") {
                    let pointer = target.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{target}");
                }
                members.values().for_each(|inner| visit(inner, document));
            }
            Value::Array(items) => items.iter().for_each(|inner| visit(inner, document)),
            _ => {}
        }
    }
    let document = openapi::document();
    visit(&document, &document);
}
