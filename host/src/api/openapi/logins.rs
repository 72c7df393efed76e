//! The routes that answer questions about logins.

use serde_json::{Map, Value, json};

use super::parts::reference;
use crate::config::DEFAULT_HEADERS;

/// How a route speaks.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Speech {
    Json,
    Cbor,
    Header,
    Nginx,
    Basic,
    Saslauthd,
}

/// Every login route: path, speech, and the route that it is an older name of.
pub(super) const ROUTES: [(&str, Speech, Option<&str>); 13] = [
    ("/api/v1/auth/json", Speech::Json, None),
    ("/api/v1/auth/cbor", Speech::Cbor, None),
    ("/api/v1/auth/header", Speech::Header, None),
    ("/api/v1/auth/nginx", Speech::Nginx, None),
    ("/api/v1/auth/basic", Speech::Basic, None),
    ("/api/v1/auth/saslauthd", Speech::Saslauthd, None),
    (
        "/api/v1/mail/nginx",
        Speech::Nginx,
        Some("/api/v1/auth/nginx"),
    ),
    (
        "/api/v1/mail/saslauthd",
        Speech::Saslauthd,
        Some("/api/v1/auth/saslauthd"),
    ),
    (
        "/api/v1/mail/dovecot",
        Speech::Header,
        Some("/api/v1/auth/header"),
    ),
    ("/api/v1/mail/json", Speech::Json, Some("/api/v1/auth/json")),
    (
        "/api/v1/http/basicauth",
        Speech::Basic,
        Some("/api/v1/auth/basic"),
    ),
    (
        "/api/v1/generic/user",
        Speech::Header,
        Some("/api/v1/auth/header"),
    ),
    (
        "/api/v1/generic/json",
        Speech::Json,
        Some("/api/v1/auth/json"),
    ),
];

pub(super) fn add(paths: &mut Map<String, Value>) {
    for (path, speech, older_name_of) in ROUTES {
        let mut item = Map::new();
        for method in methods(speech) {
            item.insert(
                (*method).to_owned(),
                operation(path, method, speech, older_name_of),
            );
        }
        paths.insert(path.to_owned(), Value::Object(item));
    }
}

fn methods(speech: Speech) -> &'static [&'static str] {
    match speech {
        Speech::Basic => &["get"],
        Speech::Saslauthd => &["post"],
        _ => &["get", "post"],
    }
}

fn operation(path: &str, method: &str, speech: Speech, older_name_of: Option<&str>) -> Value {
    let name: String = path
        .split('/')
        .skip(3)
        .chain([method])
        .collect::<Vec<_>>()
        .join("-");
    let mut operation = json!({
        "operationId": name,
        "tags": ["logins"],
        "summary": summary(speech),
        "parameters": query_and_headers(speech),
        "responses": responses(speech),
    });
    let Some(members) = operation.as_object_mut() else {
        return operation;
    };
    if let Some(standing) = older_name_of {
        members.insert("deprecated".to_owned(), json!(true));
        members.insert(
            "description".to_owned(),
            json!(format!("An older name of `{standing}`.")),
        );
    }
    if method == "post" && matches!(speech, Speech::Json | Speech::Cbor | Speech::Saslauthd) {
        members.insert("requestBody".to_owned(), request_body(speech));
    }
    if speech == Speech::Basic {
        // The header holds the end user's credentials, not the caller's.
        members.insert("security".to_owned(), json!([{ "end-user": [] }]));
    }
    operation
}

fn summary(speech: Speech) -> &'static str {
    match speech {
        Speech::Json => "Ask about a login in JSON, CBOR or a form; the answer is JSON",
        Speech::Cbor => "Ask about a login in CBOR, JSON or a form; the answer is CBOR",
        Speech::Header => "Ask about a login in headers; the answer is in headers",
        Speech::Nginx => {
            "The protocol of nginx's `auth_http`: always 200, the answer is in headers"
        }
        Speech::Basic => {
            "The end user's credentials as HTTP Basic, for `auth_request` and the like"
        }
        Speech::Saslauthd => "Ask about a login in a form, as saslauthd's `httpform` does",
    }
}

fn query_and_headers(speech: Speech) -> Vec<Value> {
    let mut parameters: Vec<Value> = ["mode", "in-memory", "cache", "X-Request-Id"]
        .into_iter()
        .map(|name| reference("parameters", name))
        .collect();
    if matches!(speech, Speech::Json | Speech::Cbor) {
        parameters.push(reference("parameters", "Idempotency-Key"));
    }
    parameters.push(reference("parameters", "X-Bulkhead-Trace"));
    parameters.push(reference("parameters", "traceparent"));
    if matches!(speech, Speech::Header | Speech::Nginx) {
        for (key, header) in DEFAULT_HEADERS {
            if !header.is_empty() {
                parameters.push(json!({
                    "name": header,
                    "in": "header",
                    "schema": { "type": "string" },
                    "description": format!("`server.headers.{key}`"),
                }));
            }
        }
    }
    parameters
}

fn request_body(speech: Speech) -> Value {
    let login = json!({ "schema": reference("schemas", "Login") });
    let form = json!({ "schema": reference("schemas", "LoginForm") });
    let content = match speech {
        Speech::Saslauthd => json!({ "application/x-www-form-urlencoded": form }),
        _ => json!({
            "application/json": login,
            "application/cbor": login,
            "application/x-www-form-urlencoded": form,
        }),
    };
    json!({ "required": false, "content": content })
}

/// What every answer to a login carries, and what belongs to one outcome.
fn headers(names: &[(&str, &str)]) -> Value {
    let session = ("X-Nauthilus-Session", "Session");
    let headers: Map<String, Value> = names
        .iter()
        .chain([&session])
        .map(|(header, component)| ((*header).to_owned(), reference("headers", component)))
        .collect();
    Value::Object(headers)
}

fn responses(speech: Speech) -> Value {
    let mut responses = json!({
        "200": accepted(speech),
        "400": reference("responses", "Malformed"),
        "401": reference("responses", "Unauthorized"),
        "404": reference("responses", "NotFound"),
        "408": reference("responses", "BodyTimeout"),
        "413": reference("responses", "TooLarge"),
        "415": reference("responses", "NotAcceptable"),
        "429": reference("responses", "TooMany"),
        "431": reference("responses", "HeadTooLarge"),
        "503": reference("responses", "Stopping"),
    });
    let Some(members) = responses.as_object_mut() else {
        return responses;
    };
    if speech != Speech::Nginx {
        members.insert("500".to_owned(), failed(speech));
    }
    match speech {
        Speech::Nginx => {}
        Speech::Basic => {
            members.insert("401".to_owned(), rejected(speech));
        }
        _ => {
            members.insert("403".to_owned(), rejected(speech));
        }
    }
    if matches!(speech, Speech::Header | Speech::Nginx) {
        let why = "The user name or the password is missing or cannot be one.";
        members.insert("400".to_owned(), json!({ "description": why }));
    }
    responses
}

fn accepted(speech: Speech) -> Value {
    let accounts = json!({ "schema": reference("schemas", "Accounts") });
    let lines = json!({ "schema": { "type": "string" } });
    let either = json!({
        "schema": { "anyOf": [reference("schemas", "Accepted"), reference("schemas", "Accounts")] },
    });
    let (description, names, content): (&str, &[(&str, &str)], Value) = match speech {
        Speech::Json => (
            "The login may pass, or with `mode=list-accounts` all accounts.",
            &[("Auth-Status", "Auth-Status"), ("Auth-User", "Auth-User")],
            json!({ "application/json": either, "application/cbor": accounts, "text/plain": lines }),
        ),
        Speech::Cbor => (
            "The login may pass, or with `mode=list-accounts` all accounts.",
            &[("Auth-Status", "Auth-Status"), ("Auth-User", "Auth-User")],
            json!({ "application/cbor": either, "application/json": accounts, "text/plain": lines }),
        ),
        Speech::Header => (
            "The login may pass. Each attribute is a header `X-Nauthilus-…`. With \
             `mode=list-accounts` all accounts.",
            &[("Auth-Status", "Auth-Status"), ("Auth-User", "Auth-User")],
            json!({ "application/json": accounts, "application/cbor": accounts, "text/plain": lines }),
        ),
        Speech::Nginx => (
            "Whether the login may pass stands in `Auth-Status`: `OK`, or why not.",
            &[
                ("Auth-Status", "Auth-Status"),
                ("Auth-User", "Auth-User"),
                ("Auth-Server", "Auth-Server"),
                ("Auth-Port", "Auth-Port"),
                ("Auth-Error-Code", "Auth-Error-Code"),
            ],
            json!({
                "application/json": { "schema": { "anyOf": [
                    reference("schemas", "Null"), reference("schemas", "Accounts")] } },
                "application/cbor": accounts,
                "text/plain": lines,
            }),
        ),
        Speech::Basic | Speech::Saslauthd => (
            "The login may pass.",
            &[("Auth-Status", "Auth-Status")],
            json!({ "text/plain": lines, "application/json": accounts, "application/cbor": accounts }),
        ),
    };
    json!({ "description": description, "headers": headers(names), "content": content })
}

fn rejected(speech: Speech) -> Value {
    let content = match speech {
        Speech::Cbor => json!({ "application/cbor": { "schema": reference("schemas", "Null") } }),
        Speech::Basic | Speech::Saslauthd => {
            json!({ "text/plain": { "schema": { "type": "string" } } })
        }
        _ => json!({ "application/json": { "schema": reference("schemas", "Null") } }),
    };
    let mut names = vec![("Auth-Status", "Auth-Status"), ("Auth-Wait", "Auth-Wait")];
    if speech == Speech::Basic {
        names.push(("WWW-Authenticate", "WWW-Authenticate"));
    }
    json!({
        "description": "The login may not pass.",
        "headers": headers(&names),
        "content": content,
    })
}

fn failed(speech: Speech) -> Value {
    let error = json!({ "schema": reference("schemas", "Error") });
    let content = match speech {
        Speech::Json => json!({ "application/json": error }),
        Speech::Cbor => json!({ "application/cbor": error }),
        _ => json!({ "text/plain": { "schema": { "type": "string" } } }),
    };
    json!({
        "description": "Nobody can say now. Never counts as a wrong password.",
        "headers": headers(&[("Auth-Status", "Auth-Status")]),
        "content": content,
    })
}
