//! The server: connections in, a clean end.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    State,
    listen::{Bound, ConnectionLimits, Front, serve_one},
    router,
};

/// Pause after a failed accept, such as for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// What requests get beyond their own deadline when the server stops.
const STOP_SLACK: Duration = Duration::from_secs(1);

/// The other end of the connection that brought a request; an extension of each request.
///
/// Behind a trusted proxy that speaks the PROXY protocol it is the address that the proxy gave: whatever
/// asks who the peer is (access rules, rate limit, lock-out, `X-Forwarded-For`) means that one. The other
/// end of a unix socket counts as 127.0.0.1, with port 0.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddress(pub SocketAddr);

/// Serves what [`super::listen::open`] opened until `shutdown` is ready. Then takes no new
/// connections, lets requests in work end (they have deadlines), closes what is left, and returns. Call
/// [`State::close`] afterwards.
pub async fn serve(
    bound: Vec<Bound>,
    state: Arc<State>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    run(bound, state, None, shutdown).await;
    Ok(())
}

/// [`serve`] for plain HTTP on a listener that is open already, with limits that no reload changes.
pub async fn serve_with(
    listener: TcpListener,
    state: Arc<State>,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    run(vec![Bound::from(listener)], state, Some(limits), shutdown).await;
    Ok(())
}

/// What the accepting tasks share.
struct Server {
    front: Arc<Front>,
    /// `None` for those of the generation in force.
    limits: Option<ConnectionLimits>,
    connections: TaskTracker,
    places: Arc<Semaphore>,
    stopping: CancellationToken,
    aborting: CancellationToken,
}

async fn run(
    bound: Vec<Bound>,
    state: Arc<State>,
    limits: Option<ConnectionLimits>,
    shutdown: impl Future<Output = ()>,
) {
    let patience = state.generation.load().server.request_timeout + STOP_SLACK;
    state.certificates.adopt(bound.iter());
    let stopping = CancellationToken::new();
    let front = Front::new(
        Arc::clone(&state),
        router(state),
        stopping.clone(),
        patience,
    );
    let places = limits.unwrap_or_else(|| front.limits()).connections;
    let server = Arc::new(Server {
        front: Arc::new(front),
        limits,
        connections: TaskTracker::new(),
        places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
        stopping,
        aborting: CancellationToken::new(),
    });
    let accepting = TaskTracker::new();
    for bound in bound {
        tracing::info!(address = %bound, protocol = bound.protocol(), "Bulkhead listens");
        let server = Arc::clone(&server);
        accepting.spawn(async move {
            let stopping = server.stopping.clone();
            stopping.run_until_cancelled(server.accept(&bound)).await;
        });
    }
    shutdown.await;
    server.stopping.cancel();
    accepting.close();
    accepting.wait().await;
    server.connections.close();
    let all_ended = server.connections.wait();
    if tokio::time::timeout(patience, all_ended).await.is_err() {
        tracing::warn!(
            connections = server.connections.len(),
            "Connections were cut at shutdown"
        );
        server.aborting.cancel();
        server.connections.wait().await;
    }
}

impl Server {
    /// Accepts connections for as long as it is polled.
    async fn accept(&self, bound: &Bound) {
        loop {
            let (socket, peer) = match bound.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(error = %error, "A connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            // One connection per listener waits here, the others in the system's queue.
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
                return;
            };
            let limits = self.limits.unwrap_or_else(|| self.front.limits());
            let connection = serve_one(
                socket,
                peer,
                bound.opening(),
                limits,
                Arc::clone(&self.front),
                self.stopping.clone(),
            );
            let aborting = self.aborting.clone();
            let counted = self.front.metrics().connection();
            self.connections.spawn(async move {
                let _place = place;
                let _counted = counted;
                aborting.run_until_cancelled(connection).await;
            });
        }
    }
}
