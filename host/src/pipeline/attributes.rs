//! How attributes of a backend and of filters become the list that the client gets, and how the
//! account is found among them.

use crate::auth::{Attribute, Value};

/// What one filter changes.
pub(super) struct Change {
    pub(super) add: Vec<Attribute>,
    pub(super) remove: Vec<String>,
}

/// The backend's attributes after the filters, given in configuration order: removals of all come
/// first; an addition never overwrites what the backend gave and nobody removed; among filters the
/// later wins.
pub(super) fn merge(backend: Vec<Attribute>, changes: Vec<Change>) -> Vec<Attribute> {
    let mut merged: Vec<Attribute> = backend
        .into_iter()
        .filter(|attribute| {
            !changes
                .iter()
                .any(|change| change.remove.contains(&attribute.name))
        })
        .collect();
    let from_backend = merged.len();
    for attribute in changes.into_iter().flat_map(|change| change.add) {
        match merged.iter().position(|known| known.name == attribute.name) {
            Some(position) if position < from_backend => {}
            Some(position) => {
                if let Some(known) = merged.get_mut(position) {
                    *known = attribute;
                }
            }
            None => merged.push(attribute),
        }
    }
    merged
}

/// The first value of the attribute of that name as text; empty when there is none.
pub(super) fn first_text(attributes: &[Attribute], name: &str) -> String {
    let value = attributes
        .iter()
        .find(|attribute| !name.is_empty() && attribute.name == name)
        .and_then(|attribute| attribute.values.first());
    match value {
        None => String::new(),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Decimal(number)) => number.to_string(),
        Some(Value::Boolean(truth)) => truth.to_string(),
        // A name that is not text names nobody.
        Some(Value::Bytes(bytes)) => String::from_utf8(bytes.clone()).unwrap_or_default(),
    }
}
