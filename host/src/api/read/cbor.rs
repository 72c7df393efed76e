//! A login question as a CBOR map: the members of JSON. Members that nobody knows are ignored, but
//! held to the rules of [`super::cbor_items`] like the others.

use super::{
    cbor_items::{Error, Item, Items, Limits},
    dovecot,
    fields::Fields,
};
use crate::{api::refusal::Refusal, auth::Password, config::ServerLimits};

/// Largest body, unless `limits.body_bytes` is smaller.
pub(super) const BODY_BYTES: u64 = 1 << 20;

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// Reads the map.
pub(super) fn parse(body: &[u8], limits: &ServerLimits) -> Result<Fields, Refusal> {
    if body.is_empty() {
        return Err(Refusal::Malformed("EOF".to_owned()));
    }
    let limits = Limits {
        depth: limits.cbor_depth,
        items: limits.cbor_items,
    };
    let mut items = Items::new(body, limits);
    let mut fields = Fields::default();
    match items.next()? {
        Item::Map(count) => items.pairs(count, |items, name, value| {
            member(&mut fields, items, name, value)
        })?,
        item if item.is_absent() => {}
        other => {
            let kind = other.kind();
            return Err(Refusal::Malformed(format!(
                "cbor: cannot unmarshal {kind} into an object"
            )));
        }
    }
    items.end()?;
    Ok(fields)
}

fn member<'a>(
    fields: &mut Fields,
    items: &mut Items<'a>,
    name: &'a str,
    value: Item<'a>,
) -> Result<(), Refusal> {
    if value.is_absent() {
        return Ok(());
    }
    if name.eq_ignore_ascii_case("password") {
        let password = match value {
            Item::Text(text) => text.as_bytes(),
            // Passwords need not be text.
            Item::Bytes(bytes) => bytes,
            other => return Err(wrong_type(other, "password", "string")),
        };
        fields.password = Some(Password::new(password.to_vec()));
    } else if name.eq_ignore_ascii_case("auth_login_attempt") {
        fields.login_attempt = match value {
            Item::Unsigned(number) => u32::try_from(number)
                .map_err(|_| wrong_type(value, "auth_login_attempt", "uint"))?,
            other => return Err(wrong_type(other, "auth_login_attempt", "uint")),
        };
    } else if name.eq_ignore_ascii_case("dovecot") {
        let Item::Map(count) = value else {
            return Err(wrong_type(value, "dovecot", "object"));
        };
        let facts = &mut fields.dovecot;
        items.pairs(count, |items, name, value| {
            match dovecot::known(name) {
                Some(known) if !value.is_absent() => {
                    facts.insert(known, text(value, known)?);
                }
                _ => items.skip(value)?,
            }
            Ok::<_, Refusal>(())
        })?;
    } else if let Some(known) = Fields::known(name).filter(|known| *known != "realm") {
        fields.set(known, text(value, known)?);
    } else {
        items.skip(value)?;
    }
    Ok(())
}

fn text(value: Item<'_>, name: &str) -> Result<String, Refusal> {
    match value {
        Item::Text(text) => Ok(text.to_owned()),
        other => Err(wrong_type(other, name, "string")),
    }
}

fn wrong_type(value: Item<'_>, name: &str, wanted: &str) -> Refusal {
    let kind = value.kind();
    Refusal::Malformed(format!(
        "cbor: cannot unmarshal {kind} into field {name} of type {wanted}"
    ))
}
