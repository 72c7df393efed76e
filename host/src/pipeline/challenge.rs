//! The password that a backend supplies as an attribute: taken from it to check a challenge, and kept
//! from everybody else.

use std::sync::Arc;

use zeroize::Zeroize;

use crate::auth::{Attribute, RecoveredPassword, Value, scheme};

/// The password in plain text, or why there is none.
pub(super) fn stored_password(
    attributes: &[Attribute],
    name: Option<&str>,
) -> Result<RecoveredPassword, String> {
    let name = name.ok_or_else(|| {
        "set `server.password_attribute` to the attribute that holds the password in plain text"
            .to_owned()
    })?;
    let value = attributes
        .iter()
        .find(|attribute| attribute.name == name)
        .and_then(|attribute| attribute.values.first())
        .ok_or_else(|| format!("the backend supplied no attribute `{name}`"))?;
    let number;
    let stored = match value {
        Value::Text(text) => text.as_bytes(),
        Value::Bytes(bytes) => bytes,
        // A password of digits only, from a language or database that takes it for a number.
        Value::Integer(integer) => {
            number = integer.to_string();
            number.as_bytes()
        }
        Value::Decimal(_) | Value::Boolean(_) => {
            return Err(format!("the attribute `{name}` is not text"));
        }
    };
    let password = scheme::plain_text(stored).map_err(|_| {
        format!("the attribute `{name}` holds no password in plain text (`{{PLAIN}}…`)")
    })?;
    // Everybody can answer for an empty password.
    if password.is_empty() {
        return Err(format!("the attribute `{name}` holds an empty password"));
    }
    Ok(RecoveredPassword(Arc::new(password)))
}

/// Takes the attribute out, and wipes it.
pub(super) fn hide(attributes: &mut Vec<Attribute>, name: Option<&str>) {
    let Some(name) = name else {
        return;
    };
    attributes.retain_mut(|attribute| {
        let is_hidden = attribute.name == name;
        if is_hidden {
            for value in &mut attribute.values {
                match value {
                    Value::Text(text) => text.zeroize(),
                    Value::Bytes(bytes) => bytes.zeroize(),
                    Value::Integer(_) | Value::Decimal(_) | Value::Boolean(_) => {}
                }
            }
        }
        !is_hidden
    });
}
