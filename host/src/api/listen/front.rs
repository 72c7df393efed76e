//! What holds for requests of every route, before a route sees them: well-formed in ways that hyper
//! leaves open, within the rate limit, not during shutdown; and compression both ways.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{
        HeaderMap, Request, Response, Version,
        header::{ACCEPT_ENCODING, AUTHORIZATION, HOST},
    },
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{compression, limits::ConnectionLimits};
use crate::{
    api::{Generation, State, refusal::Refusal, response, serve::PeerAddress, source::Source},
    observe::metrics::ServerMetrics,
};

/// Paths that monitoring asks often, and that cost nothing.
const UNLIMITED: [&str; 3] = ["/ping", "/healthz", "/metrics"];

/// Stands before the routes.
pub(in crate::api) struct Front {
    state: Arc<State>,
    router: Router,
    stopping: CancellationToken,
    /// How long the server takes to stop, at most.
    patience: Duration,
}

impl Front {
    /// Requests that come after `stopping` are refused; the server is gone after `patience`.
    pub(in crate::api) fn new(
        state: Arc<State>,
        router: Router,
        stopping: CancellationToken,
        patience: Duration,
    ) -> Self {
        Self {
            state,
            router,
            stopping,
            patience,
        }
    }

    /// The limits of a connection that begins now.
    pub(in crate::api) fn limits(&self) -> ConnectionLimits {
        ConnectionLimits::from(&self.state.generation.load().limits)
    }

    /// What the server counts.
    pub(in crate::api) fn metrics(&self) -> &ServerMetrics {
        self.state.observer.metrics()
    }

    /// Is this the address of a trusted proxy?
    pub(super) fn trusts(&self, address: SocketAddr) -> bool {
        let address = address.ip().to_canonical();
        let generation = self.state.generation.load();
        let mut trusted = generation.server.trusted_proxies.iter();
        trusted.any(|network| network.contains(&address))
    }

    /// The answer to one request.
    pub(super) async fn answer(
        &self,
        mut request: Request<Body>,
        peer: SocketAddr,
        limits: ConnectionLimits,
    ) -> Response<Body> {
        let generation = self.state.generation.load_full();
        if let Err(refusal) = self.admit(&generation, &request, peer, limits) {
            return self.refuse(&refusal, peer);
        }
        request.extensions_mut().insert(PeerAddress(peer));
        let compression = generation.server.compression;
        let coding = match compression::coding(request.headers(), compression.requests) {
            Ok(coding) => coding,
            Err(refusal) => return self.refuse(&refusal, peer),
        };
        let accepted: Option<HeaderMap> = compression.responses.then(|| {
            let values = request.headers().get_all(ACCEPT_ENCODING);
            values
                .iter()
                .map(|value| (ACCEPT_ENCODING, value.clone()))
                .collect()
        });
        let router = self.router.clone();
        let response = match coding {
            None => router
                .oneshot(request)
                .await
                .unwrap_or_else(|never| match never {}),
            Some(coding) => {
                compression::decoded(request, coding, generation.limits.body_bytes, router).await
            }
        };
        match accepted {
            Some(accepted) => {
                compression::encoded(response, accepted, compression.minimum_bytes).await
            }
            None => response,
        }
    }

    /// The routes, whose answers are counted elsewhere, never see these.
    fn refuse(&self, refusal: &Refusal, peer: SocketAddr) -> Response<Body> {
        tracing::info!(peer = %peer, reason = refusal.as_str(), "A request was refused");
        self.metrics().refused(refusal.as_str());
        response::refuse(refusal)
    }

    fn admit(
        &self,
        generation: &Generation,
        request: &Request<Body>,
        peer: SocketAddr,
        limits: ConnectionLimits,
    ) -> Result<(), Refusal> {
        if self.stopping.is_cancelled() {
            return Err(Refusal::ShuttingDown {
                retry_after: self.patience,
            });
        }
        let headers = request.headers();
        // hyper counts in HTTP/1 only.
        if headers.len() > limits.header_count {
            return Err(Refusal::TooManyHeaders);
        }
        unambiguous(request.version(), headers)?;
        let server = &generation.server;
        if let Some(rule) = server.rate_limit
            && !UNLIMITED.contains(&request.uri().path())
        {
            let (source, address) = Source::of(peer, &server.trusted_proxies, headers);
            let addresses = generation.limits.rate_limit_addresses;
            self.state
                .rate_limits
                .take(source, rule, addresses)
                .map_err(|retry_after| Refusal::RateLimited {
                    address,
                    retry_after,
                })?;
        }
        Ok(())
    }
}

/// Fields of which a proxy in between might have believed another one than we do.
fn unambiguous(version: Version, headers: &HeaderMap) -> Result<(), Refusal> {
    let count = |name| headers.get_all(name).iter().count();
    // RFC 9112 3.2
    match count(HOST) {
        0 if version == Version::HTTP_11 => return Err(Refusal::BadHead("missing Host header")),
        0 | 1 => {}
        _ => return Err(Refusal::BadHead("more than one Host header")),
    }
    if count(AUTHORIZATION) > 1 {
        return Err(Refusal::BadHead("more than one Authorization header"));
    }
    Ok(())
}
