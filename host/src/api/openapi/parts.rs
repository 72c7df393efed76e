//! Components that several operations share.

use serde_json::{Map, Value, json};

use crate::api::read::TEXTS;

/// A reference to a component.
pub(super) fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

pub(super) fn schemas() -> Value {
    json!({
        "Login": login(),
        "LoginForm": login_form(),
        "Accepted": {
            "type": "object",
            "description": "The login may pass.",
            "required": ["ok", "account_field", "totp_secret_field", "backend", "attributes"],
            "additionalProperties": false,
            "properties": {
                "ok": { "const": true },
                "account_field": {
                    "type": "string",
                    "description": "Name of the attribute that carries the account.",
                },
                "totp_secret_field": {
                    "type": "string",
                    "description": "Name of the attribute that would carry a TOTP secret; the attribute \
                        itself is never sent.",
                },
                "backend": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": 7,
                    "description": "0 unknown, 1 cache, 2 LDAP, 3 Lua, 4 test, 5 memory, 6 remote, \
                        7 plugin.",
                },
                "attributes": {
                    "type": "object",
                    "description": "Each value is a list.",
                    "additionalProperties": { "type": "array", "items": {} },
                },
            },
        },
        "Accounts": {
            "type": "array",
            "items": { "type": "string" },
            "description": "All accounts (`mode=list-accounts`).",
        },
        "Null": { "type": "null", "description": "A reject has no body but `null`." },
        "Error": {
            "type": "object",
            "required": ["error"],
            "properties": { "error": { "type": "string" } },
        },
        "MissingFields": {
            "type": "object",
            "required": ["errors"],
            "properties": {
                "errors": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {
                            "field": { "enum": ["Username", "Password", "IPAddress", "RuleName"] },
                            "message": { "type": "string" },
                        },
                    },
                },
            },
        },
        "TooMany": {
            "type": "object",
            "required": ["msg", "scope"],
            "properties": {
                "msg": { "type": "string" },
                "scope": { "enum": ["rate", "concurrency", "brute-force", "shutdown"] },
                "ip": { "type": "string", "description": "With scope `rate`." },
                "current": { "type": "integer", "description": "With scope `concurrency`." },
                "max": { "type": "integer", "description": "With scope `concurrency`." },
            },
        },
        "Message": {
            "type": "object",
            "required": ["msg"],
            "properties": { "msg": { "type": "string" } },
        },
        "Health": {
            "type": "object",
            "required": ["status", "checks"],
            "properties": {
                "status": { "type": "string" },
                "checks": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "required": ["status"],
                        "properties": { "status": { "type": "string" } },
                    },
                },
            },
        },
        "Problem": {
            "type": "object",
            "required": ["severity", "file", "message"],
            "properties": {
                "severity": { "enum": ["error", "warning"] },
                "file": { "type": "string" },
                "line": { "type": ["integer", "null"], "minimum": 1 },
                "column": { "type": ["integer", "null"], "minimum": 1 },
                "message": { "type": "string" },
                "reason": { "type": ["string", "null"] },
                "help": { "type": ["string", "null"] },
            },
        },
    })
}

/// Members of a JSON or CBOR question, by the list that the parsers know.
fn login() -> Value {
    let mut properties = Map::new();
    for name in TEXTS {
        if name != "realm" {
            let described = json!({ "type": ["string", "null"], "description": meaning(name) });
            properties.insert(name.to_owned(), described);
        }
    }
    properties.insert(
        "username".to_owned(),
        json!({
            "type": "string",
            "description": "Who wants to log in. Without control characters, space, and any of \
                ( ) { } % \" \\ and the backtick.",
        }),
    );
    properties.insert(
        "password".to_owned(),
        json!({ "type": ["string", "null"], "description": "Needed unless `mode` says otherwise." }),
    );
    properties.insert(
        "auth_login_attempt".to_owned(),
        json!({
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": u32::MAX,
            "description": "The ordinal of this attempt, from 1.",
        }),
    );
    properties.insert(
        "dovecot".to_owned(),
        json!({
            "type": ["object", "null"],
            "description": "Facts that only Dovecot gives.",
            "additionalProperties": true,
        }),
    );
    json!({
        "type": "object",
        "description": "A question about a login. Unknown members are ignored.",
        "required": ["username"],
        "properties": properties,
    })
}

fn login_form() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "required": ["username"],
        "properties": {
            "username": text("Who wants to log in."),
            "realm": text("Appended to the user name as `@realm`."),
            "password": text("Needed unless `mode` says otherwise."),
            "protocol": text("`imap`, `smtp` …"),
            "method": text("SASL mechanism."),
            "user_agent": text("Of the client."),
            "port": text("Local port."),
            "tls": text("Non-empty: the client's connection is encrypted."),
            "security": text("TLS version."),
        },
    })
}

/// What a text member means.
fn meaning(name: &str) -> &'static str {
    match name {
        "client_ip" => "Address of the client.",
        "client_port" => "Port of the client.",
        "client_hostname" => "Name of the client.",
        "client_id" => "IMAP ID of the client.",
        "external_session_id" => "The caller's id of the login.",
        "user_agent" => "Of the client.",
        "local_ip" => "Address that the client connected to.",
        "local_port" => "Port that the client connected to.",
        "protocol" => "`imap`, `smtp` …",
        "service" => "An older name of `protocol`.",
        "method" => "SASL mechanism.",
        "ssl" => "Non-empty: the client's connection is encrypted.",
        "oidc_cid" => "Client id of an identity provider.",
        _ => "A fact of the client's TLS connection.",
    }
}

pub(super) fn headers() -> Value {
    let text =
        |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    let required = |description: &str, schema: Value| json!({ "description": description, "required": true, "schema": schema });
    json!({
        "Auth-Status": required("`OK`, or why not.", json!({ "type": "string" })),
        "Auth-User": text("The account."),
        "Auth-Wait": required(
            "Seconds that the front end shall wait before it tells the client.",
            json!({ "type": "integer", "minimum": 0, "maximum": 255 }),
        ),
        "Auth-Server": text("Address of the server for this login; with an acceptance only."),
        "Auth-Port": text("Port of that server."),
        "Auth-Error-Code": text("SMTP reply code and enhanced status code."),
        "Session": required(
            "Bulkhead's id of the request (KSUID).",
            json!({ "type": "string", "pattern": "^[0-9A-Za-z]{27}$" }),
        ),
        "SessionIfDecided": text("Bulkhead's id of the request (KSUID), if it got a decision."),
        "Memory-Cache": text("`Hit` or `Miss`."),
        "Retry-After": required(
            "Seconds.",
            json!({ "type": "integer", "minimum": 1 }),
        ),
        "WWW-Authenticate": required("What to present.", json!({ "type": "string" })),
    })
}

pub(super) fn parameters() -> Value {
    let query = |name: &str, schema: Value, description: &str| json!({ "name": name, "in": "query", "schema": schema, "description": description });
    let header = |name: &str, schema: Value, description: &str| json!({ "name": name, "in": "header", "schema": schema, "description": description });
    let text = || json!({ "type": "string" });
    json!({
        "mode": query(
            "mode",
            json!({ "enum": ["auth", "no-auth", "list-accounts"] }),
            "`no-auth`: look the user up, without a password. `list-accounts`: return all accounts.",
        ),
        "in-memory": query("in-memory", json!({ "enum": ["0", "1"] }), "`0`: no in-process cache."),
        "cache": query("cache", json!({ "enum": ["0", "1"] }), "`0`: no cache in the store."),
        "Idempotency-Key": header("Idempotency-Key", text(), "Echoed."),
        "X-Request-Id": header(
            "X-Request-Id",
            json!({ "type": "string", "maxLength": 128 }),
            "The caller's id of this request; echoed and logged.",
        ),
        "X-Bulkhead-Trace": header(
            "X-Bulkhead-Trace",
            json!({ "const": "1" }),
            "Write this login to the decision log, whatever is sampled.",
        ),
        "traceparent": header("traceparent", text(), "W3C trace context."),
    })
}

pub(super) fn responses() -> Value {
    let body = |schema: Value| {
        let media = json!({ "schema": schema });
        // The CBOR route answers everything in CBOR.
        json!({ "application/json": media, "application/cbor": media })
    };
    let error = |description: &str| json!({ "description": description, "content": body(reference("schemas", "Error")) });
    json!({
        "Malformed": {
            "description": "The question cannot be understood, or lacks a member.",
            "content": body(json!({
                "anyOf": [reference("schemas", "Error"), reference("schemas", "MissingFields")],
            })),
        },
        "Unauthorized": {
            "description": "The caller's credentials are missing or wrong.",
            "headers": { "WWW-Authenticate": reference("headers", "WWW-Authenticate") },
        },
        "NotAcceptable": error("None of the types that the client accepts can be made, or the body has \
            a coding that is not read."),
        "TooLarge": error("The body is larger than `limits.body_bytes`."),
        "BodyTimeout": error("The body did not arrive in time."),
        "TooMany": {
            "description": "Too many requests: over all, or of this address.",
            "headers": { "Retry-After": reference("headers", "Retry-After") },
            "content": body(reference("schemas", "TooMany")),
        },
        "Stopping": {
            "description": "The server is about to end.",
            "headers": { "Retry-After": reference("headers", "Retry-After") },
            "content": body(reference("schemas", "TooMany")),
        },
        "HeadTooLarge": { "description": "The head is larger than `limits.head_bytes`, or has more than \
            `limits.header_count` fields." },
        "NotFound": {
            "description": "There is nothing here.",
            "content": { "text/plain": { "schema": { "const": "404 - Page Not Found" } } },
        },
    })
}
