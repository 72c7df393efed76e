//! `/ping` and `/healthz`: is the server alive, and can it work?

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{body::Body, extract, http::Response};

use super::{State, response};
use crate::store::Key;

/// A store that takes longer is not well.
const PATIENCE: Duration = Duration::from_secs(1);

/// Says that the server is alive.
pub(super) async fn ping() -> Response<Body> {
    response::pong()
}

/// Reads from the store. What goes wrong goes to the log, not to the public.
pub(super) async fn check(extract::State(state): extract::State<Arc<State>>) -> Response<Body> {
    let started = Instant::now();
    let key = Key {
        namespace: "bulkhead.health".to_owned(),
        name: b"check".to_vec(),
    };
    let problem = match tokio::time::timeout(PATIENCE, state.store.get(key)).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("no answer in time".to_owned()),
    };
    if let Some(error) = &problem {
        tracing::warn!(check = "store", error, "A health check failed");
    }
    let latency_ms = started.elapsed().as_secs_f64() * 1000.0;
    response::health(problem.is_none(), latency_ms)
}
