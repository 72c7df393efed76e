//! `/api/v1/admin/…`: what an administrator asks of the running server.
//!
//! Stands under the API's credentials and `server.disabled_endpoints: admin`. Knows nothing of how a
//! generation is made: whoever can make one implements [`Reload`].

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    extract,
    http::{HeaderMap, Response, StatusCode},
};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{
    Generation, State, credentials,
    origin::{new_session, peer},
    refusal::Refusal,
    response,
};
use crate::config::EndpointName;

/// Somebody who can put the next generation in force.
pub trait Reload: Send + Sync {
    /// Builds, tests and swaps; returns when that is done. Calls at the same time share one reload.
    fn reload(&self) -> BoxFuture<'_, ReloadAnswer>;
}

/// What came of a reload.
#[derive(Clone, Debug, PartialEq)]
pub enum ReloadAnswer {
    /// A new generation serves.
    Done {
        /// Its number.
        number: u64,
        /// Plugins that are new or were made anew.
        loaded: Vec<String>,
        /// How many others there are.
        reused: usize,
        /// One line each.
        warnings: Vec<String>,
        /// Milliseconds.
        took_ms: u64,
    },
    /// Nothing has changed.
    Refused {
        /// The list of `bulkhead check --json`.
        problems: Value,
        /// Milliseconds.
        took_ms: u64,
    },
    /// The server ends, or cannot reload.
    Unavailable,
}

/// Lets an administrator pass: `server.disabled_endpoints` does not name `admin`, and the API's
/// credentials are right. Call it before a body is asked for.
pub(super) async fn may_administer(
    state: &State,
    generation: &Generation,
    peer: SocketAddr,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let disabled = &generation.server.disabled_endpoints;
    if disabled.contains(&EndpointName::Admin) {
        return Err(Refusal::NotFound);
    }
    credentials::check(state, generation, peer, headers).await
}

/// `POST /api/v1/admin/reload`: 200 when the new generation serves, 422 with all problems when nothing
/// has changed.
pub(super) async fn reload(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
) -> Response<Body> {
    let peer = peer(request.extensions());
    let generation = state.generation.load_full();
    let allowed = may_administer(&state, &generation, peer, request.headers()).await;
    // The reload replaces it: this request must not keep it from ending.
    drop(generation);
    if let Err(refusal) = allowed {
        refusal.report(peer);
        return response::refuse(&refusal);
    }
    let session = new_session();
    tracing::info!(session, peer = %peer, "An administrator asks for a reload");
    let answer = match state.reload.get() {
        Some(reload) => reload.reload().await,
        None => ReloadAnswer::Unavailable,
    };
    let (status, result) = match answer {
        ReloadAnswer::Done {
            number,
            loaded,
            reused,
            warnings,
            took_ms,
        } => {
            let result = json!({
                "number": number,
                "loaded": loaded,
                "reused": reused,
                "warnings": warnings,
                "took_ms": took_ms,
            });
            (StatusCode::OK, result)
        }
        ReloadAnswer::Refused { problems, took_ms } => {
            let result = json!({ "ok": false, "problems": problems, "took_ms": took_ms });
            (StatusCode::UNPROCESSABLE_ENTITY, result)
        }
        ReloadAnswer::Unavailable => {
            let result = json!({ "ok": false, "problems": [], "took_ms": 0 });
            (StatusCode::SERVICE_UNAVAILABLE, result)
        }
    };
    response::admin(status, &session, "generation", "reload", &result)
}
