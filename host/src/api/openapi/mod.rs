//! The API as an OpenAPI 3.1 document, for clients, tests and gateways.
//!
//! Built from the table of login routes and the lists of header names and members that the parsers
//! use, so that it cannot speak of something else than what is served. `openapi.json` in the
//! repository is a copy; a test compares the two.

mod brute_force;
mod logins;
mod pages;
mod parts;

use std::sync::{Arc, LazyLock};

use axum::{body::Body, extract, http::Response};
use serde_json::{Map, Value, json};

use super::{State, refusal::Refusal, response};
use crate::config::EndpointName;

/// The whole document. Describes the default configuration: header names and the like may be
/// configured otherwise.
pub fn document() -> Value {
    let mut paths = Map::new();
    logins::add(&mut paths);
    pages::add(&mut paths);
    brute_force::add(&mut paths);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bulkhead",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "May this user log in, and with which attributes?",
            "description": "The HTTP API of an authentication policy server. Mail servers and proxies \
                ask it about each login. Where clients of Nauthilus know a route, it answers as they \
                know it.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "http://127.0.0.1:9080" }],
        "tags": [
            { "name": "logins", "description": "Questions about logins." },
            { "name": "hooks", "description": "What the configuration's hooks answer." },
            { "name": "operation", "description": "Health, metrics, administration." },
        ],
        "security": [{ "caller": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "caller": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The credentials in `server.basic_auth`. Not asked for when none are \
                        configured.",
                },
                "metrics": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The credentials in `server.metrics_auth`.",
                },
            },
            "schemas": parts::schemas(),
            "headers": parts::headers(),
            "parameters": parts::parameters(),
            "responses": parts::responses(),
        },
    })
}

/// The document as YAML.
///
/// # Errors
///
/// When the writer refuses a value, which no test has seen.
pub fn yaml() -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(&document())
}

/// Serves the document as JSON.
pub(super) async fn serve_json(
    extract::State(state): extract::State<Arc<State>>,
) -> Response<Body> {
    static JSON: LazyLock<String> = LazyLock::new(|| document().to_string());
    serve(&state, "application/json", &JSON)
}

/// Serves the document as YAML.
pub(super) async fn serve_yaml(
    extract::State(state): extract::State<Arc<State>>,
) -> Response<Body> {
    // JSON is YAML: should the writer ever fail, that form is as good.
    static YAML: LazyLock<String> =
        LazyLock::new(|| yaml().unwrap_or_else(|_| document().to_string()));
    serve(&state, "application/yaml", &YAML)
}

fn serve(state: &State, content_type: &'static str, text: &'static str) -> Response<Body> {
    let generation = state.generation.load();
    let disabled = &generation.server.disabled_endpoints;
    if disabled.contains(&EndpointName::OpenApi) {
        return response::refuse(&Refusal::NotFound);
    }
    response::document(content_type, text)
}
