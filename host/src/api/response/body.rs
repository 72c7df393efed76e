//! Bodies in JSON and CBOR.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json};

use crate::auth::{Attribute, Decision};

/// The members of a success, exactly these.
#[derive(Serialize)]
pub(super) struct Success<'a> {
    ok: bool,
    account_field: &'a str,
    totp_secret_field: &'a str,
    backend: u8,
    #[serde(serialize_with = "map")]
    attributes: Vec<&'a Attribute>,
}

/// `backend` is the number of the backend that answered.
pub(super) fn success(decision: &Decision, backend: u8) -> Success<'_> {
    Success {
        ok: true,
        account_field: &decision.progress.account_field,
        totp_secret_field: &decision.progress.totp_secret_field,
        backend,
        attributes: decision.public_attributes().collect(),
    }
}

fn map<S: Serializer>(attributes: &[&Attribute], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(attributes.len()))?;
    for attribute in attributes {
        map.serialize_entry(&attribute.name, &attribute.values)?;
    }
    map.end()
}

pub(super) fn error(why: &str) -> Value {
    json!({ "error": why })
}

/// Our own types serialise without fail, and a vector takes any bytes; the fallbacks are for the
/// compiler.
pub(super) fn json(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec())
}

pub(super) fn cbor(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    let mut bytes = Vec::new();
    match ciborium::into_writer(value, &mut bytes) {
        Ok(()) => bytes,
        Err(_) => vec![0xf6],
    }
}
