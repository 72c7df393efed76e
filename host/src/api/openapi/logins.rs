//! The routes that answer questions about logins.

use serde_json::{Map, Value, json};

use super::parts::reference;
use crate::{
    api::route::{ROUTES, Route, Shape},
    config::DEFAULT_HEADERS,
};

pub(super) fn add(paths: &mut Map<String, Value>) {
    for (path, route) in &ROUTES {
        let methods = route.methods.iter().map(|method| method.to_lowercase());
        let item: Map<String, Value> = methods
            .map(|method| {
                let operation = operation(path, &method, route);
                (method, operation)
            })
            .collect();
        paths.insert((*path).to_owned(), Value::Object(item));
    }
}

/// The present name of a route.
fn standing_path(route: &Route) -> Option<&'static str> {
    ROUTES
        .iter()
        .find(|(path, other)| path.starts_with("/api/v1/auth/") && other.endpoint == route.endpoint)
        .map(|(path, _)| *path)
}

fn operation(path: &str, method: &str, route: &Route) -> Value {
    let shape = route.shape;
    let name: String = path
        .split('/')
        .skip(3)
        .chain([method])
        .collect::<Vec<_>>()
        .join("-");
    let mut operation = json!({
        "operationId": name,
        "tags": ["logins"],
        "summary": summary(shape),
        "parameters": query_and_headers(shape),
        "responses": responses(shape),
    });
    let Some(members) = operation.as_object_mut() else {
        return operation;
    };
    if let Some(standing) = standing_path(route).filter(|standing| *standing != path) {
        members.insert("deprecated".to_owned(), json!(true));
        members.insert(
            "description".to_owned(),
            json!(format!("An older name of `{standing}`.")),
        );
    }
    if method == "post" && matches!(shape, Shape::Json | Shape::Cbor | Shape::Text) {
        members.insert("requestBody".to_owned(), request_body(shape));
    }
    if shape == Shape::Basic {
        // The header holds the end user's credentials, not the caller's.
        members.insert("security".to_owned(), json!([{ "end-user": [] }]));
    }
    operation
}

fn summary(shape: Shape) -> &'static str {
    match shape {
        Shape::Json => "Ask about a login in JSON, CBOR or a form; the answer is JSON",
        Shape::Cbor => "Ask about a login in CBOR, JSON or a form; the answer is CBOR",
        Shape::Header => "Ask about a login in headers; the answer is in headers",
        Shape::Nginx => "The protocol of nginx's `auth_http`: always 200, the answer is in headers",
        Shape::Basic => "The end user's credentials as HTTP Basic, for `auth_request` and the like",
        Shape::Text => "Ask about a login in a form, as saslauthd's `httpform` does",
    }
}

fn query_and_headers(shape: Shape) -> Vec<Value> {
    let mut parameters: Vec<Value> = ["mode", "in-memory", "cache", "X-Request-Id"]
        .into_iter()
        .map(|name| reference("parameters", name))
        .collect();
    if matches!(shape, Shape::Json | Shape::Cbor) {
        parameters.push(reference("parameters", "Idempotency-Key"));
    }
    parameters.push(reference("parameters", "X-Bulkhead-Trace"));
    parameters.push(reference("parameters", "traceparent"));
    if matches!(shape, Shape::Header | Shape::Nginx) {
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

fn request_body(shape: Shape) -> Value {
    let login = json!({ "schema": reference("schemas", "Login") });
    let form = json!({ "schema": reference("schemas", "LoginForm") });
    let content = match shape {
        Shape::Text => json!({ "application/x-www-form-urlencoded": form }),
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
    with_session(names, session)
}

fn with_session(names: &[(&str, &str)], session: (&str, &str)) -> Value {
    let headers: Map<String, Value> = names
        .iter()
        .chain([&session])
        .map(|(header, component)| ((*header).to_owned(), reference("headers", component)))
        .collect();
    Value::Object(headers)
}

fn responses(shape: Shape) -> Value {
    let mut responses = json!({
        "200": accepted(shape),
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
    if shape != Shape::Nginx {
        members.insert("500".to_owned(), failed(shape));
    }
    match shape {
        Shape::Nginx => {}
        Shape::Basic => {
            members.insert("401".to_owned(), rejected(shape));
        }
        _ => {
            members.insert("403".to_owned(), rejected(shape));
        }
    }
    if matches!(shape, Shape::Header | Shape::Nginx) {
        let why = "The user name or the password is missing or cannot be one.";
        members.insert("400".to_owned(), json!({ "description": why }));
    }
    responses
}

fn accepted(shape: Shape) -> Value {
    let accounts = json!({ "schema": reference("schemas", "Accounts") });
    let lines = json!({ "schema": { "type": "string" } });
    let either = json!({
        "schema": { "anyOf": [reference("schemas", "Accepted"), reference("schemas", "Accounts")] },
    });
    let (description, names, content): (&str, &[(&str, &str)], Value) = match shape {
        Shape::Json => (
            "The login may pass, or with `mode=list-accounts` all accounts.",
            &[("Auth-Status", "Auth-Status"), ("Auth-User", "Auth-User")],
            json!({ "application/json": either, "application/cbor": accounts, "text/plain": lines }),
        ),
        Shape::Cbor => (
            "The login may pass, or with `mode=list-accounts` all accounts.",
            &[("Auth-Status", "Auth-Status"), ("Auth-User", "Auth-User")],
            json!({ "application/cbor": either, "application/json": accounts, "text/plain": lines }),
        ),
        Shape::Header => (
            "The login may pass. Each attribute is a header `X-Nauthilus-…`. With \
             `mode=list-accounts` all accounts.",
            &[("Auth-Status", "Auth-Status"), ("Auth-User", "Auth-User")],
            json!({ "application/json": accounts, "application/cbor": accounts, "text/plain": lines }),
        ),
        Shape::Nginx => (
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
        Shape::Basic | Shape::Text => (
            "The login may pass.",
            &[("Auth-Status", "Auth-Status")],
            json!({ "text/plain": lines, "application/json": accounts, "application/cbor": accounts }),
        ),
    };
    let headers = if shape == Shape::Nginx {
        with_session(names, ("X-Nauthilus-Session", "SessionIfDecided"))
    } else {
        headers(names)
    };
    json!({ "description": description, "headers": headers, "content": content })
}

fn rejected(shape: Shape) -> Value {
    let content = match shape {
        Shape::Cbor => json!({ "application/cbor": { "schema": reference("schemas", "Null") } }),
        Shape::Basic | Shape::Text => {
            json!({ "text/plain": { "schema": { "type": "string" } } })
        }
        _ => json!({ "application/json": { "schema": reference("schemas", "Null") } }),
    };
    let mut names = vec![("Auth-Status", "Auth-Status"), ("Auth-Wait", "Auth-Wait")];
    if shape == Shape::Basic {
        names.push(("WWW-Authenticate", "WWW-Authenticate"));
    }
    json!({
        "description": "The login may not pass.",
        "headers": headers(&names),
        "content": content,
    })
}

fn failed(shape: Shape) -> Value {
    let error = json!({ "schema": reference("schemas", "Error") });
    let content = match shape {
        Shape::Json => json!({ "application/json": error }),
        Shape::Cbor => json!({ "application/cbor": error }),
        _ => json!({ "text/plain": { "schema": { "type": "string" } } }),
    };
    json!({
        "description": "Nobody can say now. Never counts as a wrong password.",
        "headers": headers(&[("Auth-Status", "Auth-Status")]),
        "content": content,
    })
}
