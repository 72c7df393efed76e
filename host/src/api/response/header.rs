//! Attributes as header fields.

use axum::http::{HeaderMap, HeaderName};

use super::header_text;
use crate::auth::{Decision, Value};

/// Before every attribute's name.
const PREFIX: &str = "X-Nauthilus-";

/// Adds `X-Nauthilus-<Name>` for each attribute: values joined with `,`, those of `dn` with `;`. What
/// cannot be the name of a header is left out, as in the peer; of two names that differ in case only,
/// the later wins.
pub(super) fn add_attributes(headers: &mut HeaderMap, decision: &Decision) {
    for attribute in decision.public_attributes() {
        let Ok(name) = HeaderName::try_from(format!("{PREFIX}{}", attribute.name)) else {
            continue;
        };
        let separator = if attribute.name == "dn" { ";" } else { "," };
        let values: Vec<String> = attribute.values.iter().map(shown).collect();
        headers.insert(name, header_text(&values.join(separator)));
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}
