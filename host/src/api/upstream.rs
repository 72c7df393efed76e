//! Where nginx goes on with an accepted login: a server that lives, if servers of its protocol are checked;
//! otherwise what `server.upstreams` says of the protocol.

use super::{Generation, State, response::Upstream, route::Shape};
use crate::{
    auth::{Decision, Verdict},
    upstream::Choice,
};

/// The server for this login, if the answer has a place for one.
pub(super) fn upstream(
    state: &State,
    generation: &Generation,
    decision: &Decision,
    shape: Shape,
    (protocol, username): (&str, &str),
) -> Upstream {
    if shape != Shape::Nginx || decision.verdict != Verdict::Accept {
        return Upstream::Unknown;
    }
    let servers = state.upstreams.load();
    let metrics = state.observer.metrics();
    let account = match decision.progress.account.as_str() {
        "" => username,
        account => account,
    };
    match servers.choose(protocol, account) {
        Choice::Server { name, address } => {
            metrics.upstream_chosen(Some(&name), protocol);
            Upstream::At(address)
        }
        Choice::NoneAlive => {
            metrics.upstream_chosen(None, protocol);
            Upstream::NoneAlive
        }
        Choice::Unchecked => generation
            .server
            .upstreams
            .get(protocol)
            .copied()
            .map_or(Upstream::Unknown, Upstream::At),
    }
}
