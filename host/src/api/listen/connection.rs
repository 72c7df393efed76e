//! One connection, from its first byte to its last: PROXY header, TLS, HTTP/1 or HTTP/2.
//!
//! Promises: every phase has a time limit, so that a client that says nothing, or says it slowly, or
//! takes no answer, is cut off. hyper's parsers are used directly and not through hyper-util's
//! automatic choice, which waits for the first bytes without a limit.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use axum::body::Body;
use hyper::{
    Request,
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{
    activity::Activity,
    front::Front,
    limits::ConnectionLimits,
    open::Opening,
    proxy::{self, ProxyError},
    stream::{Socket, Stream},
};

/// Request bodies that one HTTP/2 stream, and one connection, may have on the way.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
/// Streams that a client opened and reset before they were looked at; more end the connection
/// (CVE-2023-44487).
const PENDING_RESETS: usize = 20;
/// Streams that the server itself reset; more end the connection.
const OWN_RESETS: usize = 200;

/// Which protocol the client speaks.
#[derive(Clone, Copy, PartialEq)]
enum Version {
    Http1,
    Http2,
    /// To be seen from the first bytes.
    Open,
}

/// Serves one connection until it ends, or until its requests have been answered after `stopping`.
pub(in crate::api) async fn serve_one(
    socket: Socket,
    peer: SocketAddr,
    opening: Opening,
    limits: ConnectionLimits,
    front: Arc<Front>,
    stopping: CancellationToken,
) {
    // Until a request has begun there is nothing to finish.
    let opened = stopping
        .run_until_cancelled(open(socket, peer, opening, limits, &front))
        .await;
    let Some(Some((stream, peer, version))) = opened else {
        return;
    };
    let ended = match version {
        Version::Http2 => http2(stream, peer, limits, front, stopping).await,
        Version::Http1 | Version::Open => http1(stream, peer, limits, front, stopping).await,
    };
    if let Err(error) = ended {
        tracing::debug!(peer = %peer, error = %error, "A connection ended badly");
    }
}

/// Everything before HTTP. `None` if there is nobody to talk to; that has been logged.
async fn open(
    socket: Socket,
    peer: SocketAddr,
    opening: Opening,
    limits: ConnectionLimits,
    front: &Front,
) -> Option<(Stream, SocketAddr, Version)> {
    if let Socket::Tcp(stream) = &socket
        && let Err(error) = stream.set_nodelay(true)
    {
        // Small answers shall not wait for more; without it they are late, not lost.
        tracing::debug!(error = %error, "TCP_NODELAY could not be set");
    }
    let handshake = begin(socket, peer, opening, limits, front);
    let (mut stream, peer, version) = match timeout(limits.tls_handshake_timeout, handshake).await {
        Ok(begun) => begun?,
        Err(_) => {
            tracing::debug!(peer = %peer, "A handshake took too long");
            return None;
        }
    };
    if version != Version::Open {
        return Some((stream, peer, version));
    }
    match timeout(limits.head_timeout, stream.speaks_http2()).await {
        Ok(Ok(Some(true))) => Some((stream, peer, Version::Http2)),
        Ok(Ok(Some(false))) => Some((stream, peer, Version::Http1)),
        // Hung up, failed, or silent for too long.
        Ok(Ok(None) | Err(_)) | Err(_) => None,
    }
}

/// PROXY header and TLS.
async fn begin(
    mut socket: Socket,
    direct: SocketAddr,
    opening: Opening,
    limits: ConnectionLimits,
    front: &Front,
) -> Option<(Stream, SocketAddr, Version)> {
    let peer = if opening.proxy_protocol {
        if !front.trusts(direct) {
            tracing::warn!(
                peer = %direct,
                "A connection was closed: only `server.trusted_proxies` may use a listener with \
                 `proxy_protocol`"
            );
            return None;
        }
        match proxy::read(&mut socket, direct).await {
            Ok(peer) => peer,
            // A check whether the port is open.
            Err(ProxyError::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return None;
            }
            Err(error) => {
                tracing::warn!(peer = %direct, error = %error, "A connection was closed");
                return None;
            }
        }
    } else {
        direct
    };
    let Some(tls) = opening.tls else {
        let stream = Stream::new(Box::new(socket), limits.head_timeout);
        return Some((stream, peer, Version::Open));
    };
    match TlsAcceptor::from(tls.load_full()).accept(socket).await {
        Ok(stream) => {
            let version = match stream.get_ref().1.alpn_protocol() {
                Some(b"h2") => Version::Http2,
                Some(_) => Version::Http1,
                None => Version::Open,
            };
            let stream = Stream::new(Box::new(stream), limits.head_timeout);
            Some((stream, peer, version))
        }
        Err(error) => {
            tracing::debug!(peer = %peer, error = %error, "A TLS handshake failed");
            None
        }
    }
}

async fn http1(
    stream: Stream,
    peer: SocketAddr,
    limits: ConnectionLimits,
    front: Arc<Front>,
    stopping: CancellationToken,
) -> hyper::Result<()> {
    let service = service_fn(move |request: Request<Incoming>| {
        let front = Arc::clone(&front);
        async move { Ok::<_, Infallible>(front.answer(request.map(Body::new), peer, limits).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(limits.head_bytes)
        .max_header_size(limits.head_bytes)
        .max_headers(limits.header_count)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    }
}

async fn http2(
    stream: Stream,
    peer: SocketAddr,
    limits: ConnectionLimits,
    front: Arc<Front>,
    stopping: CancellationToken,
) -> hyper::Result<()> {
    let activity = Activity::new();
    let watched = Arc::clone(&activity);
    let service = service_fn(move |request: Request<Incoming>| {
        let front = Arc::clone(&front);
        let busy = activity.begin();
        async move {
            let _busy = busy;
            Ok::<_, Infallible>(front.answer(request.map(Body::new), peer, limits).await)
        }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_local_error_reset_streams(OWN_RESETS)
        // A dead peer is found by a ping that nobody answers.
        .keep_alive_interval(limits.head_timeout)
        .keep_alive_timeout(limits.head_timeout)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = watched.idle_for(limits.head_timeout) => {
            connection.as_mut().graceful_shutdown();
            // A client that does not even answer that is cut off.
            timeout(limits.head_timeout, connection).await.unwrap_or(Ok(()))
        }
    }
}
