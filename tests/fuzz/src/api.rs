//! As `bulkhead::api`, as far as it parses, and the doors to it.

use std::{net::SocketAddr, sync::LazyLock};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};
use futures_util::FutureExt;

use crate::{
    auth::Mode,
    config::{Server, ServerLimits},
};

#[path = "../../../host/src/api/basic_scheme.rs"]
mod basic_scheme;
#[path = "../../../host/src/api/client.rs"]
mod client;
#[path = "../../../host/src/api/origin.rs"]
mod origin;
#[path = "../../../host/src/api/listen/proxy.rs"]
mod proxy_protocol;
#[path = "../../../host/src/api/read/mod.rs"]
mod read;
#[path = "../../../host/src/api/refusal.rs"]
mod refusal;
#[path = "../../../host/src/api/route.rs"]
mod route;

/// What the parsers name and a target has no use for.
mod access {
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub(super) enum Access {
        Credentials,
        Networks,
    }
}

mod serve {
    #[derive(Clone, Copy)]
    pub struct PeerAddress(pub std::net::SocketAddr);
}

/// As much of a generation as the parsers look at.
pub struct Generation {
    pub server: Server,
    pub limits: ServerLimits,
}

static GENERATION: LazyLock<Generation> = LazyLock::new(|| Generation {
    server: Server::default(),
    limits: ServerLimits::default(),
});

/// Reads a login on every route that is written so, and makes a request of it.
fn log_in(form: read::Form, headers: &HeaderMap, body: &[u8]) {
    for mode in [Mode::Verify, Mode::LookUp, Mode::ListAccounts] {
        let Ok(fields) = read::fields(form, mode, headers, body, &GENERATION) else {
            continue;
        };
        let Some((_, route)) = route::ROUTES.first() else {
            continue;
        };
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.headers = headers.clone();
        let origin = origin::Origin::new(route, &GENERATION.server, &parts, Vec::new(), mode, None);
        let _ = fields.into_request(origin, form.needs(route));
    }
}

pub fn json(data: &[u8]) {
    log_in(read::Form::Json, &HeaderMap::new(), data);
}

pub fn cbor(data: &[u8]) {
    log_in(read::Form::Cbor, &HeaderMap::new(), data);
}

pub fn form(data: &[u8]) {
    log_in(read::Form::Urlencoded, &HeaderMap::new(), data);
}

/// Lines of `name: value`.
pub fn headers(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n').take(100) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    log_in(read::Form::Headers, &headers, &[]);
    log_in(read::Form::Authorization, &headers, &[]);
}

/// The first bytes of a connection.
pub fn proxy(data: &[u8]) {
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut stream = data;
    // Bytes in memory are always ready.
    let _ = proxy_protocol::read(&mut stream, peer).now_or_never();
}
