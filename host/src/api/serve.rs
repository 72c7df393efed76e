//! The listener: connections in, requests to the router, a clean end.
//!
//! HTTP/1 only, header names in title case as Go writes them, keep-alive. A client that sends its
//! head slowly is cut off.

use std::{convert::Infallible, future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

use super::{State, router};
use crate::config::ServerLimits;

/// What one connection may take, and how many there may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConnectionLimits {
    /// Time for a request's head to arrive, idle time of a kept connection included. Default 30 s.
    pub head_timeout: Duration,
    /// Size at which a request's head is refused, in bytes, at least 8192. It is looked at after each
    /// read, so a head of up to twice that may pass. Default 64 KiB.
    pub head_bytes: usize,
    /// Connections that are open at the same time; more wait to be accepted. Default 10,000.
    pub connections: usize,
}

impl From<&ServerLimits> for ConnectionLimits {
    fn from(limits: &ServerLimits) -> Self {
        Self {
            head_timeout: limits.head_timeout,
            head_bytes: usize::try_from(limits.head_bytes).unwrap_or(usize::MAX),
            connections: usize::try_from(limits.connections).unwrap_or(usize::MAX),
        }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self::from(&ServerLimits::default())
    }
}

/// Pause after a failed accept, such as for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// What requests get beyond their own deadline when the server stops.
const STOP_SLACK: Duration = Duration::from_secs(1);

/// The other end of the connection that brought a request; an extension of each request.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddress(pub SocketAddr);

/// [`serve_with`] the limits that are configured.
pub async fn serve(
    listener: TcpListener,
    state: Arc<State>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let limits = ConnectionLimits::from(&state.generation.load().limits);
    serve_with(listener, state, limits, shutdown).await
}

/// Serves until `shutdown` is ready. Then takes no new connections, lets requests in work end (they
/// have deadlines), closes what is left, and returns. Call [`State::close`] afterwards.
pub async fn serve_with(
    listener: TcpListener,
    state: Arc<State>,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let patience = state.generation.load().server.request_timeout + STOP_SLACK;
    let metrics = state.observer.metrics().clone();
    let router = router(state);
    let connections = TaskTracker::new();
    let stopping = CancellationToken::new();
    let aborting = CancellationToken::new();
    let places = Arc::new(Semaphore::new(
        limits.connections.min(Semaphore::MAX_PERMITS),
    ));
    let accept = async || {
        let place = Arc::clone(&places).acquire_owned().await;
        listener.accept().await.map(|accepted| (accepted, place))
    };
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept() => accepted,
        };
        match accepted {
            Ok(((stream, peer), place)) => {
                let router = router.clone();
                let stopping = stopping.clone();
                let aborting = aborting.clone();
                let counted = metrics.connection();
                connections.spawn(async move {
                    let _place = place;
                    let _counted = counted;
                    aborting
                        .run_until_cancelled(connection(stream, peer, router, limits, stopping))
                        .await;
                });
            }
            Err(error) => {
                tracing::warn!(error = %error, "A connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    stopping.cancel();
    connections.close();
    if tokio::time::timeout(patience, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!(
            connections = connections.len(),
            "Connections were cut at shutdown"
        );
        aborting.cancel();
        connections.wait().await;
    }
    Ok(())
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: ConnectionLimits,
    stopping: CancellationToken,
) {
    // Small answers shall not wait for more; without it they are late, not lost.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "TCP_NODELAY could not be set");
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(PeerAddress(peer));
        async move { Ok::<_, Infallible>(router.call(request).await.unwrap_or_else(|e| match e {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(limits.head_bytes.max(8192))
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(peer = %peer, error = %error, "A connection ended badly");
    }
}
