//! Reads a login question out of a request, in whatever form it is written. Each parser fills
//! [`Fields`]; none panics on any bytes, and none puts what it read into an error.

mod authorization;
mod cbor;
mod cbor_items;
mod dovecot;
mod fields;
mod form;
mod headers;
mod json;
mod json_errors;
mod percent;
#[cfg(test)]
mod tests;

use axum::http::{HeaderMap, Method, header, request::Parts};

use self::fields::Fields;
pub(super) use self::fields::TEXTS;
use super::{
    Generation,
    refusal::Refusal,
    route::{Needs, Route, Shape, Source},
};
use crate::{auth::Mode, config::ServerLimits};

/// How a login is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    Json,
    Cbor,
    Urlencoded,
    Headers,
    Authorization,
    /// Nowhere.
    Nothing,
}

impl Form {
    /// How much of a body is read.
    pub(super) fn body_bytes(self, limits: &ServerLimits) -> u64 {
        match self {
            Self::Cbor => limits.body_bytes.min(cbor::BODY_BYTES),
            _ => limits.body_bytes,
        }
    }

    /// Who cannot supply members at all is not told that they are missing.
    pub(super) fn needs(self, route: &Route) -> Needs {
        match self {
            Self::Nothing => Needs::Nothing,
            _ => route.needs,
        }
    }
}

/// Where to look. A POST says how its body is written; to list accounts, it need not say anything.
pub(super) fn form(route: &Route, parts: &Parts, mode: Mode) -> Result<Form, Refusal> {
    match route.source {
        Source::Headers => return Ok(Form::Headers),
        Source::Authorization => return Ok(Form::Authorization),
        Source::Body if parts.method != Method::POST => return Ok(Form::Nothing),
        Source::Body | Source::Form => {}
    }
    let content_type = match parts.headers.get(header::CONTENT_TYPE) {
        None if mode == Mode::ListAccounts => {
            return Ok(match (route.source, route.shape) {
                (Source::Form, _) => Form::Urlencoded,
                (_, Shape::Cbor) => Form::Cbor,
                _ => Form::Json,
            });
        }
        None => return Err(Refusal::UnsupportedMediaType),
        Some(value) => value.to_str().unwrap_or_default(),
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    if is("application/x-www-form-urlencoded") {
        Ok(Form::Urlencoded)
    } else if route.source == Source::Body && is("application/json") {
        Ok(Form::Json)
    } else if route.source == Source::Body && is("application/cbor") {
        Ok(Form::Cbor)
    } else {
        Err(Refusal::UnsupportedMediaType)
    }
}

/// What the request says of the login.
pub(super) fn fields(
    form: Form,
    mode: Mode,
    headers: &HeaderMap,
    body: &[u8],
    generation: &Generation,
) -> Result<Fields, Refusal> {
    let nothing_said = mode == Mode::ListAccounts && body.trim_ascii().is_empty();
    match form {
        Form::Headers => headers::read(headers, &generation.server.headers),
        Form::Authorization => authorization::read(headers),
        Form::Nothing => Ok(Fields::default()),
        Form::Json | Form::Cbor | Form::Urlencoded if nothing_said => Ok(Fields::default()),
        Form::Json => json::parse(body),
        Form::Cbor => cbor::parse(body, &generation.limits),
        Form::Urlencoded => form::parse(body),
    }
}
