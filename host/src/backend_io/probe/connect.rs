//! From addresses to a connection: the first that answers, each with a fair part of the time.

use std::{net::SocketAddr, time::Duration};

use tokio::{net::TcpStream, time::Instant};

use super::{FailureKind, talk::Problem};
use crate::config::HealthTarget;

/// Addresses of one name that are tried, at most.
const ADDRESSES: usize = 8;

/// Tries one address after the other, as a client would.
pub(super) async fn any(
    addresses: &[SocketAddr],
    target: &HealthTarget,
) -> Result<(TcpStream, SocketAddr), Problem> {
    let end = Instant::now() + target.connect_timeout;
    let mut last = Problem::new(
        FailureKind::NameLookup,
        "the name has no address".to_owned(),
    );
    let tried = addresses.len().min(ADDRESSES);
    for (index, address) in addresses.iter().take(tried).enumerate() {
        let left = u32::try_from(tried - index).unwrap_or(1);
        let share = end.saturating_duration_since(Instant::now()) / left;
        match one(*address, share).await {
            Ok(stream) => return Ok((stream, *address)),
            Err(problem) => last = problem,
        }
    }
    Err(last)
}

async fn one(address: SocketAddr, time: Duration) -> Result<TcpStream, Problem> {
    match tokio::time::timeout(time, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            // Small lines back and forth: nothing to wait for. It works without, too.
            let _ = stream.set_nodelay(true);
            Ok(stream)
        }
        Ok(Err(error)) => {
            let text = format!("cannot connect to {address}: {error}");
            Err(Problem::new(FailureKind::Connect, text))
        }
        Err(_) => {
            let text = format!("no connection to {address} within {time:?}");
            Err(Problem::new(FailureKind::TimedOut, text))
        }
    }
}
