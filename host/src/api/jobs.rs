//! `/api/v1/async/jobs/…`: how far a job is that an administrator started.
//!
//! Stands under the API's credentials and `server.disabled_endpoints: admin`. [`accepted`] answers those
//! who start one.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    body::Body,
    extract,
    http::{Response, StatusCode},
};
use serde_json::json;

use super::{
    State, admin,
    origin::{new_session, peer},
    refusal::Refusal,
    response,
};
use crate::{
    jobs::{JobError, JobRecord},
    observe::format::rfc3339,
};

/// `GET /api/v1/async/jobs/{jobId}`: 200 with the record, 404 when there is none (any more), 503 when
/// the store cannot say.
pub(super) async fn status(
    extract::State(state): extract::State<Arc<State>>,
    extract::Path(id): extract::Path<String>,
    request: extract::Request,
) -> Response<Body> {
    let peer = peer(request.extensions());
    let generation = state.generation.load_full();
    if let Err(refusal) = admin::may_administer(&state, &generation, peer, request.headers()).await
    {
        refusal.report(peer);
        return response::refuse(&refusal);
    }
    let session = new_session();
    match state.jobs.find(&id).await {
        Ok(Some(record)) => {
            let result = shown(&id, &record);
            response::admin(StatusCode::OK, &session, "async", "status", &result)
        }
        Ok(None) => response::refuse(&Refusal::NotFound),
        Err(error) => {
            tracing::warn!(session, %error, "The store cannot say how far a job is");
            let result = json!({ "jobId": id, "status": "", "error": error.to_string() });
            let status = StatusCode::SERVICE_UNAVAILABLE;
            response::admin(status, &session, "async", "status", &result)
        }
    }
}

/// The record with the members that clients know; a time that has not come is an empty text.
fn shown(id: &str, record: &JobRecord) -> serde_json::Value {
    let time = |micros: Option<u64>| {
        micros
            .map(|micros| rfc3339(SystemTime::UNIX_EPOCH + Duration::from_micros(micros)))
            .unwrap_or_default()
    };
    json!({
        "jobId": id,
        "status": record.status.as_str(),
        "type": record.kind.as_str(),
        "createdAt": time(Some(record.created)),
        "startedAt": time(record.started),
        "finishedAt": time(record.finished),
        "resultCount": record.count.map(|count| count.to_string()).unwrap_or_default(),
        "error": record.error,
    })
}

/// The answer to whoever wants a job on `object` started: 202 with its id, 429 when too many run or wait,
/// 503 when it cannot be started.
pub(super) fn accepted(
    started: Result<String, JobError>,
    session: &str,
    object: &str,
) -> Response<Body> {
    let (status, result) = match started {
        Ok(id) => (
            StatusCode::ACCEPTED,
            json!({ "jobId": id, "status": "QUEUED" }),
        ),
        Err(error) => {
            tracing::warn!(session, object, %error, "A job was not started");
            let status = match error {
                JobError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
                JobError::Ending | JobError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            let text = error.to_string();
            (
                status,
                json!({ "jobId": "", "status": "ERROR", "error": text }),
            )
        }
    };
    response::admin(status, session, object, "flush_async", &result)
}
