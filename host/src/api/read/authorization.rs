//! A login question in the field `Authorization`: HTTP Basic (RFC 7617), the end user's own.
//!
//! Reads nothing else of a request's head. It comes from a browser through a proxy that passes on
//! what the browser sends, so that any other fact in it is the end user's word.

use axum::http::HeaderMap;

use super::fields::Fields;
use crate::{
    api::{credentials, refusal::Refusal},
    auth::Password,
};

/// Name and password. Whoever has not given a name yet is asked for it.
pub(super) fn read(headers: &HeaderMap) -> Result<Fields, Refusal> {
    let (name, mut password) = credentials::presented(headers).ok_or(Refusal::LoginRequired)?;
    if name.is_empty() {
        return Err(Refusal::LoginRequired);
    }
    let name = std::str::from_utf8(&name).map_err(|_| Refusal::InvalidUsername)?;
    let mut fields = Fields::default();
    fields.set("username", name.to_owned());
    fields.password = Some(Password::new(std::mem::take(&mut *password)));
    Ok(fields)
}
