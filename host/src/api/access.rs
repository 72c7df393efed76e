//! Who may ask at all. Checked before anything of a body is read.

use std::net::SocketAddr;

use axum::http::HeaderMap;

use super::{Generation, State, credentials, refusal::Refusal};

/// What a caller must show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Access {
    /// The API's credentials (`server.basic_auth`), if any are configured.
    Credentials,
    /// An address of `server.basic_networks`, of the connection itself: forwarding headers do not
    /// count.
    Networks,
}

/// Lets the caller pass, or refuses it.
pub(super) async fn check(
    access: Access,
    state: &State,
    generation: &Generation,
    headers: &HeaderMap,
    peer: SocketAddr,
) -> Result<(), Refusal> {
    match access {
        Access::Credentials => credentials::check(state, generation, peer, headers).await,
        Access::Networks => {
            let peer = peer.ip().to_canonical();
            let networks = &generation.server.basic_networks;
            if networks.iter().any(|net| net.contains(&peer)) {
                Ok(())
            } else {
                Err(Refusal::Forbidden)
            }
        }
    }
}
