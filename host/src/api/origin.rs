//! How a request came in: what every route finds out the same way, whatever a login says of itself.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Uri, header, request::Parts};
use svix_ksuid::{Ksuid, KsuidLike};

use super::{
    client,
    route::{Route, Source},
    serve::PeerAddress,
};
use crate::{
    auth::{Caching, Header, IncomingHttp, Mode, Password},
    config::Server,
};

/// The caller's id of a request.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longer ids are ignored.
const REQUEST_ID_CHARACTERS: usize = 128;

/// What the members do not say.
pub(super) struct Origin {
    pub(super) session: String,
    /// `X-Dovecot-Session` and its like.
    pub(super) external_session: String,
    /// `X-Request-Id`
    pub(super) request_id: String,
    pub(super) mode: Mode,
    pub(super) route: &'static Route,
    pub(super) client_address: IpAddr,
    pub(super) client_port: Option<u16>,
    pub(super) user_agent: String,
    /// `in-memory=0` and `cache=0` of the query.
    pub(super) caching: Caching,
    pub(super) http: IncomingHttp,
}

impl Origin {
    pub(super) fn new(
        route: &'static Route,
        server: &Server,
        parts: &Parts,
        query: Vec<(String, String)>,
        mode: Mode,
        body: Option<Arc<Password>>,
    ) -> Self {
        let headers = &parts.headers;
        let client_ip = server.headers.get("client_ip");
        let named = match route.source {
            Source::Headers => client::Named::First(client_ip),
            Source::Body | Source::Form => client::Named::Last(client_ip),
            // A proxy for browsers passes on whatever they send.
            Source::Authorization => client::Named::Last(None),
        };
        let (client_address, client_port) = client::locate_named(
            peer(&parts.extensions),
            &server.trusted_proxies,
            headers,
            named,
        );
        let text = |name: &str| {
            headers
                .get(name)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                .unwrap_or_default()
        };
        let is_off = |name: &str| query.iter().any(|(key, value)| key == name && value == "0");
        let caching = Caching {
            memory: !is_off("in-memory"),
            store: !is_off("cache"),
            keep: true,
        };
        let dovecot_session = text("x-dovecot-session");
        let password_header = match route.source {
            Source::Headers => server.headers.get("password"),
            Source::Body | Source::Form | Source::Authorization => None,
        };
        Self {
            session: new_session(),
            external_session: if dovecot_session.is_empty() {
                text("x-external-session-id")
            } else {
                dovecot_session
            },
            request_id: request_id(headers)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            mode,
            route,
            client_address,
            client_port,
            user_agent: text("user-agent"),
            caching,
            http: IncomingHttp {
                method: parts.method.to_string(),
                path: parts.uri.path().to_owned(),
                query,
                headers: plugin_headers(headers, password_header),
                body,
            },
        }
    }
}

/// Where the request came from; the unspecified address when it came over no connection.
pub(super) fn peer(extensions: &Extensions) -> SocketAddr {
    extensions
        .get::<PeerAddress>()
        .map_or(SocketAddr::from(([0, 0, 0, 0], 0)), |peer| peer.0)
}

/// The decoded pairs, in order.
pub(super) fn query(uri: &Uri) -> Vec<(String, String)> {
    url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

/// The headers that plugins may look at: all but the caller's own credentials and the one that holds
/// the password, which plugins get as the password or not at all.
pub(super) fn plugin_headers(headers: &HeaderMap, password: Option<&HeaderName>) -> Vec<Header> {
    headers
        .iter()
        .filter(|(name, _)| *name != header::AUTHORIZATION && Some(*name) != password)
        .map(|(name, value)| Header {
            name: name.as_str().to_owned(),
            value: value.as_bytes().to_vec(),
        })
        .collect()
}

/// The caller's id of the request, if it is one that can be shown: 1 to 128 visible ASCII characters.
pub(super) fn request_id(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(REQUEST_ID).filter(|value| {
        let bytes = value.as_bytes();
        (1..=REQUEST_ID_CHARACTERS).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
    })
}

/// A new id: 27 characters, sortable by time.
pub(super) fn new_session() -> String {
    Ksuid::now(None).to_string()
}
