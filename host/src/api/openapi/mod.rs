//! The API as an OpenAPI 3.1 document, for clients, tests and gateways.
//!
//! Built from the table of login routes and the lists of header names and members that the parsers
//! use, so that it cannot speak of something else than what is served. `openapi.json` in the
//! repository is a copy; a test compares the two.

mod logins;
mod pages;
mod parts;

use serde_json::{Map, Value, json};

/// The whole document. Describes the default configuration: header names and the like may be
/// configured otherwise.
pub fn document() -> Value {
    let mut paths = Map::new();
    logins::add(&mut paths);
    pages::add(&mut paths);
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
