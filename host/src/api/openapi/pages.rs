//! Everything that is not a question about a login.

use serde_json::{Map, Value, json};

use super::parts::reference;

pub(super) fn add(paths: &mut Map<String, Value>) {
    let text = |description: &str, kind: &str| {
        json!({
            "description": description,
            "content": { kind: { "schema": { "type": "string" } } },
        })
    };
    paths.insert(
        "/ping".to_owned(),
        json!({ "get": {
            "operationId": "ping",
            "tags": ["operation"],
            "summary": "Is the server alive?",
            "security": [],
            "responses": { "200": text("`pong`", "text/plain") },
        } }),
    );
    let health = json!({ "application/json": { "schema": reference("schemas", "Health") } });
    paths.insert(
        "/healthz".to_owned(),
        json!({ "get": {
            "operationId": "health",
            "tags": ["operation"],
            "summary": "Can the server work?",
            "security": [],
            "responses": {
                "200": { "description": "It can.", "content": health },
                "503": { "description": "It cannot.", "content": health },
            },
        } }),
    );
    paths.insert(
        "/metrics".to_owned(),
        json!({ "get": {
            "operationId": "metrics",
            "tags": ["operation"],
            "summary": "Metrics for Prometheus",
            "security": [{}, { "metrics": [] }],
            "responses": {
                "200": text("Text exposition format.", "text/plain"),
                "401": reference("responses", "Unauthorized"),
                "429": reference("responses", "TooMany"),
            },
        } }),
    );
    paths.insert("/api/v1/custom/{location}".to_owned(), hooks());
    paths.insert("/api/v1/admin/reload".to_owned(), reload());
    paths.insert("/api/v1/async/jobs/{jobId}".to_owned(), job());
    paths.insert("/api/v1/cache/flush".to_owned(), flush());
    paths.insert("/api/v1/cache/flush/async".to_owned(), flush_async());
    for (path, kind, name) in [
        ("/api/v1/openapi.json", "application/json", "openapi-json"),
        ("/api/v1/openapi.yaml", "application/yaml", "openapi-yaml"),
        (
            "/.well-known/openapi.json",
            "application/json",
            "well-known-openapi-json",
        ),
        (
            "/.well-known/openapi.yaml",
            "application/yaml",
            "well-known-openapi-yaml",
        ),
    ] {
        let schema = if kind == "application/json" {
            json!({ "type": "object" })
        } else {
            json!({})
        };
        paths.insert(
            path.to_owned(),
            json!({ "get": {
                "operationId": name,
                "tags": ["operation"],
                "summary": "This document",
                "security": [],
                "responses": { "200": {
                    "description": "The document.",
                    "content": { kind: { "schema": schema } },
                } },
            } }),
        );
    }
}

/// What a hook answers is its own affair.
fn hooks() -> Value {
    let operation = |method: &str| {
        json!({
            "operationId": format!("hook-{method}"),
            "tags": ["hooks"],
            "summary": "Ask a hook",
            "responses": {
                "default": { "description": "What the hook answers." },
                "401": reference("responses", "Unauthorized"),
                "404": { "description": "No hook answers here." },
                "413": reference("responses", "TooLarge"),
                "429": reference("responses", "TooMany"),
                "500": {
                    "description": "The hook failed.",
                    "content": {
                        "application/json": { "schema": reference("schemas", "Message") },
                    },
                },
            },
        })
    };
    let mut item = Map::new();
    item.insert(
        "parameters".to_owned(),
        json!([{
            "name": "location",
            "in": "path",
            "required": true,
            "schema": { "type": "string", "minLength": 1 },
            "description": "`location` of the hook in the configuration; may hold slashes.",
        }]),
    );
    for method in ["get", "head", "post", "put", "patch", "delete", "options"] {
        item.insert(method.to_owned(), operation(method));
    }
    Value::Object(item)
}

/// An answer in the envelope of administrators' calls.
pub(super) fn envelope(description: &str) -> Value {
    json!({
        "description": description,
        "content": { "application/json": { "schema": {
            "type": "object",
            "required": ["session", "object", "operation", "result"],
            "properties": { "result": { "type": "object" } },
        } } },
    })
}

fn job() -> Value {
    json!({ "get": {
        "operationId": "job",
        "tags": ["operation"],
        "summary": "How far is an asynchronous job?",
        "parameters": [{
            "name": "jobId",
            "in": "path",
            "required": true,
            "schema": { "type": "string", "pattern": "^[0-9]{1,20}-[0-9a-f]{16}$" },
            "description": "As the call answered that started the job.",
        }],
        "responses": {
            "200": envelope("Its record: `jobId`, `status` (`QUEUED`, `INPROGRESS`, `DONE`, `ERROR`), \
                `type` (`CACHE_FLUSH`, `BF_FLUSH`), `createdAt`, `startedAt`, `finishedAt`, \
                `resultCount`, `error`; all texts, empty when not known yet."),
            "401": reference("responses", "Unauthorized"),
            "404": reference("responses", "NotFound"),
            "429": reference("responses", "TooMany"),
            "503": envelope("The store cannot say."),
        },
    } })
}

/// Whom to forget.
fn user() -> Value {
    json!({
        "required": true,
        "content": { "application/json": { "schema": {
            "type": "object",
            "required": ["user"],
            "properties": { "user": { "type": "string", "minLength": 1 } },
        } } },
    })
}

fn flush() -> Value {
    json!({ "delete": {
        "operationId": "cache-flush",
        "tags": ["operation"],
        "summary": "Forget a user",
        "requestBody": user(),
        "responses": {
            "200": envelope("`user`, `removed_keys`, and `status`: `N keys flushed` or `not flushed`."),
            "400": reference("responses", "Malformed"),
            "401": reference("responses", "Unauthorized"),
            "404": reference("responses", "NotFound"),
            "413": reference("responses", "TooLarge"),
            "429": reference("responses", "TooMany"),
            "503": envelope("Some of it may still be remembered; `error` says why."),
        },
    } })
}

fn flush_async() -> Value {
    json!({ "delete": {
        "operationId": "cache-flush-async",
        "tags": ["operation"],
        "summary": "Forget a user, without waiting for it",
        "requestBody": user(),
        "responses": {
            "202": envelope("`jobId` and `status`: `QUEUED`."),
            "400": reference("responses", "Malformed"),
            "401": reference("responses", "Unauthorized"),
            "404": reference("responses", "NotFound"),
            "413": reference("responses", "TooLarge"),
            "429": reference("responses", "TooMany"),
            "503": envelope("The job cannot be started; `error` says why."),
        },
    } })
}

fn reload() -> Value {
    json!({ "post": {
        "operationId": "reload",
        "tags": ["operation"],
        "summary": "Load the next generation of the configuration and put it in force",
        "responses": {
            "200": envelope("The next generation serves."),
            "401": reference("responses", "Unauthorized"),
            "404": reference("responses", "NotFound"),
            "422": envelope("The next generation cannot be used; nothing has changed."),
            "429": reference("responses", "TooMany"),
        },
    } })
}
