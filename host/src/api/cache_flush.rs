//! `/api/v1/cache/flush`: forgets a user, at once or as a job.
//!
//! Stands under the API's credentials and `server.disabled_endpoints: admin`. What is forgotten is for the
//! pipeline to know.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract,
    http::{Response, StatusCode},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Generation, State, admin, body, jobs,
    origin::{new_session, peer},
    refusal::Refusal,
    response,
};
use crate::{jobs::JobKind, pipeline::Pipeline};

/// What all answers are about.
const OBJECT: &str = "cache";

/// Other members are ignored.
#[derive(Deserialize)]
struct Wish {
    user: String,
}

/// `DELETE /api/v1/cache/flush`: 200 with the keys that are gone, 503 when some of it may still be
/// remembered.
pub(super) async fn flush(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
) -> Response<Body> {
    let peer = peer(request.extensions());
    let generation = state.generation.load_full();
    let user = match wish(&state, &generation, request).await {
        Ok(user) => user,
        Err(refusal) => {
            refusal.report(peer);
            return response::refuse(&refusal);
        }
    };
    let session = new_session();
    let deadline = Instant::now() + generation.server.request_timeout;
    let flushed = generation.pipeline.flush(&session, &user, deadline).await;
    let removed = flushed.removed_keys.len();
    tracing::info!(session, user, removed, "A user was flushed");
    let mut result = json!({
        "user": user,
        "removed_keys": flushed.removed_keys,
        "status": match removed {
            0 => "not flushed".to_owned(),
            _ => format!("{removed} keys flushed"),
        },
    });
    let mut status = StatusCode::OK;
    if !flushed.problems.is_empty() {
        status = StatusCode::SERVICE_UNAVAILABLE;
        if let Some(result) = result.as_object_mut() {
            result.insert("error".to_owned(), flushed.problems.join("; ").into());
        }
    }
    response::admin(status, &session, OBJECT, "flush", &result)
}

/// `DELETE /api/v1/cache/flush/async`: 202 with the id of a job.
pub(super) async fn flush_async(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
) -> Response<Body> {
    let peer = peer(request.extensions());
    let generation = state.generation.load_full();
    let user = match wish(&state, &generation, request).await {
        Ok(user) => user,
        Err(refusal) => {
            refusal.report(peer);
            return response::refuse(&refusal);
        }
    };
    let session = new_session();
    let pipeline = Arc::clone(&generation.pipeline);
    let timeout = generation.limits.job_timeout;
    let work = work(pipeline, session.clone(), user, timeout);
    let started = state.jobs.start(JobKind::CacheFlush, work).await;
    jobs::accepted(started, &session, OBJECT)
}

async fn work(
    pipeline: Arc<Pipeline>,
    session: String,
    user: String,
    timeout: Duration,
) -> Result<u64, String> {
    let flushed = pipeline
        .flush(&session, &user, Instant::now() + timeout)
        .await;
    if flushed.problems.is_empty() {
        Ok(u64::try_from(flushed.removed_keys.len()).unwrap_or(u64::MAX))
    } else {
        Err(flushed.problems.join("; "))
    }
}

/// The name of the user, once the caller may ask.
async fn wish(
    state: &State,
    generation: &Generation,
    request: extract::Request,
) -> Result<String, Refusal> {
    let peer = peer(request.extensions());
    let deadline = Instant::now() + generation.server.request_timeout;
    admin::may_administer(state, generation, peer, request.headers()).await?;
    let (parts, body) = request.into_parts();
    let limit = generation.limits.body_bytes;
    let body = body::read(body, &parts.headers, limit, deadline).await?;
    let wish: Wish = serde_json::from_slice(&body)
        .map_err(|_| Refusal::Malformed("an object with the member `user` is needed".to_owned()))?;
    if wish.user.is_empty() {
        return Err(Refusal::Malformed("`user` is empty".to_owned()));
    }
    Ok(wish.user)
}
