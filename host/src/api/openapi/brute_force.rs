//! The pages about bans.

use serde_json::{Map, Value, json};

use super::{pages::envelope, parts::reference};

pub(super) fn add(paths: &mut Map<String, Value>) {
    paths.insert(
        "/api/v1/bruteforce/list".to_owned(),
        json!({ "get": list(), "post": filtered() }),
    );
    for (path, is_job) in [
        ("/api/v1/bruteforce/flush", false),
        ("/api/v1/bruteforce/flush/async", true),
    ] {
        paths.insert(path.to_owned(), json!({ "delete": flush(is_job) }));
    }
}

/// A list is an array: the bans, then the accounts.
fn lists(description: &str) -> Value {
    let mut answer = envelope(description);
    if let Some(result) = answer.pointer_mut("/content/application~1json/schema/properties/result")
    {
        *result = json!({ "type": "array", "minItems": 2, "maxItems": 2 });
    }
    answer
}

fn list() -> Value {
    let number = |name: &str, description: &str| {
        json!({
            "name": name,
            "in": "query",
            "schema": { "type": "integer", "minimum": 0 },
            "description": description,
        })
    };
    json!({
        "operationId": "bans",
        "tags": ["operation"],
        "summary": "Which networks are banned?",
        "parameters": [
            number("limit", "At most so many entries; 10000, which is the most, if it is left out."),
            number("offset", "So many to leave out first."),
        ],
        "responses": list_responses(),
    })
}

fn filtered() -> Value {
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "operationId": "bans-of",
        "tags": ["operation"],
        "summary": "Which of these addresses are banned, and which of these accounts led to a ban?",
        "requestBody": { "content": { "application/json": { "schema": {
            "type": "object",
            "properties": { "accounts": texts, "ip_addresses": texts },
        } } } },
        "responses": list_responses(),
    })
}

fn list_responses() -> Value {
    json!({
        "200": lists("With `brute_force.list_format: v3` first `entries` with `network`, `bucket`, \
            `ban_time` and `ttl` (nanoseconds) and `banned_at`, then `accounts`: the addresses of each \
            name whose attempt led to a ban; both with `page` and `error`."),
        "400": reference("responses", "Malformed"),
        "401": reference("responses", "Unauthorized"),
        "404": reference("responses", "NotFound"),
        "408": reference("responses", "BodyTimeout"),
        "413": reference("responses", "TooLarge"),
        "415": reference("responses", "NotAcceptable"),
        "429": reference("responses", "TooMany"),
        "503": lists("The store cannot say; `error` says why."),
    })
}

fn flush(is_job: bool) -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let (name, done) = match is_job {
        false => (
            "flush-bans",
            "What was removed: `removed_keys` and `status`.",
        ),
        true => ("flush-bans-later", "The job's id: `jobId`."),
    };
    let mut responses = json!({
        "400": reference("responses", "Malformed"),
        "401": reference("responses", "Unauthorized"),
        "404": reference("responses", "NotFound"),
        "408": reference("responses", "BodyTimeout"),
        "413": reference("responses", "TooLarge"),
        "415": reference("responses", "NotAcceptable"),
        "429": reference("responses", "TooMany"),
        "503": envelope("The store failed; asking again does no harm."),
    });
    if let Some(responses) = responses.as_object_mut() {
        let status = if is_job { "202" } else { "200" };
        responses.insert(status.to_owned(), envelope(done));
    }
    json!({
        "operationId": name,
        "tags": ["operation"],
        "summary": "Free an address",
        "requestBody": { "required": true, "content": { "application/json": { "schema": {
            "type": "object",
            "required": ["ip_address", "rule_name"],
            "properties": {
                "ip_address": text("The networks that the rules make of it are freed as a whole."),
                "rule_name": text("A rule, or `*` for all."),
                "protocol": text("Only this one, where the rule tells protocols apart."),
                "oidc_cid": text("Only this client of an identity provider, where the rule tells \
                    clients apart."),
            },
        } } } },
        "responses": responses,
    })
}
