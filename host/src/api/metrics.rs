//! `/metrics`: the numbers page, and the layer that counts requests.
//!
//! Who may see the page: with `server.metrics_auth` only who shows those credentials. Without them, on
//! loopback addresses and Unix sockets everybody; as soon as the server listens elsewhere, only who shows
//! the API's credentials, if there are any. The label `path` is the pattern of a route, never what a client
//! asked for.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use axum::{
    body::Body,
    extract::{self, MatchedPath},
    http::{HeaderMap, HeaderValue, Response, header},
    middleware::Next,
};

use super::{
    Generation, State, credentials,
    origin::peer,
    refusal::{Refusal, Refused},
    response,
};
use crate::{
    config::{BasicAuth, EndpointName, ListenAt, Server},
    observe::metrics::{OPEN_METRICS, PLAIN, Snapshot, plain, wants_open_metrics},
    upstream::Life,
};

/// The label of requests that no route matches.
const UNMATCHED: &str = "unmatched";

/// Counts and times every request, and counts refusals.
pub(super) async fn count(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
    next: Next,
) -> Response<Body> {
    let metrics = state.observer.metrics();
    let path = request.extensions().get::<MatchedPath>();
    let _counted = metrics.request(path.map_or(UNMATCHED, MatchedPath::as_str));
    let response = next.run(request).await;
    if let Some(refused) = response.extensions().get::<Refused>() {
        metrics.refused(refused.0);
    }
    response
}

/// The page.
pub(super) async fn page(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
) -> Response<Body> {
    let generation = state.generation.load_full();
    let server = &generation.server;
    if server.disabled_endpoints.contains(&EndpointName::Metrics) {
        return response::refuse(&Refusal::NotFound);
    }
    let peer = peer(request.extensions());
    let wanted = guard(server);
    let checked =
        credentials::check_against(wanted, &state, &generation, peer, request.headers()).await;
    if let Err(refusal) = checked {
        refusal.report(peer);
        let mut response = response::refuse(&refusal);
        if server.metrics_auth.is_some()
            && let Some(challenge) = response.headers_mut().get_mut(header::WWW_AUTHENTICATE)
        {
            *challenge = HeaderValue::from_static(r#"Basic realm="metrics", charset="UTF-8""#);
        }
        return response;
    }
    let page = state.observer.metrics_page(&snapshot(&state, &generation));
    let (content_type, page) = if asks_for_open_metrics(request.headers()) {
        (OPEN_METRICS, page)
    } else {
        (PLAIN, plain(&page))
    };
    let mut response = Response::new(Body::from(page));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The credentials that the page asks for.
fn guard(server: &Server) -> Option<&BasicAuth> {
    let is_local = server.listeners.iter().all(|listener| match listener.at {
        ListenAt::Address(address) => address.ip().is_loopback(),
        ListenAt::Unix { .. } => true,
        // Nobody knows what systemd opened.
        ListenAt::Systemd(_) => false,
    });
    let of_api = server.basic_auth.as_ref().filter(|_| !is_local);
    server.metrics_auth.as_ref().or(of_api)
}

fn asks_for_open_metrics(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|accept| accept.to_str().is_ok_and(wants_open_metrics))
}

fn snapshot(state: &State, generation: &Generation) -> Snapshot {
    let health = state.health.load();
    let mut running = BTreeMap::new();
    let plugins = generation
        .pipeline
        .plugins()
        .chain(generation.hooks.plugins());
    for plugin in plugins {
        if let Entry::Vacant(place) = running.entry(plugin.name().to_owned()) {
            place.insert(plugin.running());
        }
    }
    let upstreams = state.upstreams.load().statuses().into_iter().map(|status| {
        let is_used = status.life != Life::Dead;
        (status.name, status.protocol.as_str(), is_used)
    });
    Snapshot {
        upstreams: upstreams.collect(),
        running: running.into_iter().collect(),
        directories: state.directories(),
        databases: state.databases(),
        destinations: state.destinations(),
        post_actions_pending: state.post_actions.pending(),
        generation: health.generation,
        loaded_at: Some(health.loaded_at),
        store: state.store.usage(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{auth::Password, config::Listener};

    fn credentials(username: &str) -> BasicAuth {
        BasicAuth {
            username: username.to_owned(),
            password: Arc::new(Password::new(b"secret".to_vec())),
        }
    }

    #[test]
    fn the_page_asks_for_credentials_where_strangers_could_see_it() {
        let (loopback, public) = ("127.0.0.1:9080", "192.0.2.1:9080");
        let rows = [
            // listeners, API credentials, metrics credentials, whose are asked for
            (&[loopback][..], false, false, None),
            (&[loopback], true, false, None),
            (&[loopback], true, true, Some("scraper")),
            (&["[::1]:9080"], true, false, None),
            (&[public], true, false, Some("dovecot")),
            (&[public], true, true, Some("scraper")),
            (&[public], false, false, None),
            (&[loopback, public], true, false, Some("dovecot")),
        ];
        for (addresses, has_api, has_metrics, expected) in rows {
            let server = Server {
                listeners: addresses
                    .iter()
                    .map(|address| Listener::plain(address.parse().unwrap()))
                    .collect(),
                basic_auth: has_api.then(|| credentials("dovecot")),
                metrics_auth: has_metrics.then(|| credentials("scraper")),
                ..Server::default()
            };
            let asked = guard(&server).map(|wanted| wanted.username.as_str());
            assert_eq!(asked, expected, "{addresses:?} {has_api} {has_metrics}");
        }
    }
}
