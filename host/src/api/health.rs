//! `/ping` and `/healthz`: is the server alive, and can it work?
//!
//! `error` (503) means that it cannot work and others should be asked. `degraded` (200) means that it
//! works and somebody should look: a reload was refused and the generation before it serves on, or a plugin
//! is not ready, or an SQL database cannot be asked.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract,
    http::{HeaderMap, Response, header},
};
use serde_json::{Value, json};

use super::{Generation, State, credentials, origin::peer, response};
use crate::{observe::format::rfc3339, store::Key};

/// A store that takes longer is not well.
const PATIENCE: Duration = Duration::from_secs(1);
/// Longest reason that is shown, in characters.
const REASON: usize = 300;

/// How one part is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Ok,
    Degraded,
    Error,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Error => "error",
        }
    }
}

/// One part that was looked at.
struct Check {
    name: &'static str,
    status: Status,
    /// Members of `meta` beside `latency_ms`.
    meta: Value,
    latency: Duration,
}

/// Says that the server is alive.
pub(super) async fn ping() -> Response<Body> {
    response::pong()
}

/// Looks at the store, the generation, the plugins and the databases. Why the store fails goes to the log,
/// not to the public; why a reload was refused or a database cannot be asked, to callers with the API's
/// credentials, or to all where there are none.
pub(super) async fn check(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
) -> Response<Body> {
    let generation = state.generation.load_full();
    let peer = peer(request.extensions());
    let may_know = may_know(&state, &generation, peer, request.headers()).await;
    let mut checks = vec![
        store(&state).await,
        loaded(&state, may_know),
        plugins(&generation),
    ];
    checks.extend(databases(&state, may_know));
    let worst = checks
        .iter()
        .map(|check| check.status)
        .max()
        .unwrap_or(Status::Ok);
    let members: serde_json::Map<String, Value> = checks
        .into_iter()
        .map(|check| {
            let mut meta = check.meta;
            let latency = check.latency.as_secs_f64() * 1000.0;
            if let Some(meta) = meta.as_object_mut() {
                meta.insert("latency_ms".to_owned(), json!(latency));
            }
            let body = json!({ "status": check.status.as_str(), "meta": meta });
            (check.name.to_owned(), body)
        })
        .collect();
    response::health(
        worst != Status::Error,
        &json!({ "status": worst.as_str(), "checks": members }),
    )
}

/// A caller without credentials is not made to wait: it is merely told less.
async fn may_know(
    state: &State,
    generation: &Generation,
    peer: SocketAddr,
    headers: &HeaderMap,
) -> bool {
    if generation.server.basic_auth.is_none() {
        return true;
    }
    if !headers.contains_key(header::AUTHORIZATION) {
        return false;
    }
    credentials::check(state, generation, peer, headers)
        .await
        .is_ok()
}

async fn store(state: &State) -> Check {
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
    Check {
        name: "store",
        status: if problem.is_none() {
            Status::Ok
        } else {
            Status::Error
        },
        meta: json!({}),
        latency: started.elapsed(),
    }
}

fn loaded(state: &State, may_know: bool) -> Check {
    let started = Instant::now();
    let health = state.health.load();
    let mut meta = json!({
        "number": health.generation,
        "loaded_at": rfc3339(health.loaded_at),
    });
    let mut status = Status::Ok;
    if let Some(why) = &health.last_reload_error {
        status = Status::Degraded;
        if let Some(meta) = meta.as_object_mut() {
            let reason = if may_know {
                let line = why.lines().next().unwrap_or_default();
                line.chars().take(REASON).collect::<String>()
            } else {
                "the last reload was refused".to_owned()
            };
            meta.insert("reason".to_owned(), json!(reason));
        }
    }
    Check {
        name: "generation",
        status,
        meta,
        latency: started.elapsed(),
    }
}

fn plugins(generation: &Generation) -> Check {
    let started = Instant::now();
    let not_ready: BTreeSet<&str> = generation
        .pipeline
        .plugins()
        .chain(generation.hooks.plugins())
        .filter(|plugin| !plugin.is_ready())
        .map(|plugin| plugin.name())
        .collect();
    let (status, meta) = if not_ready.is_empty() {
        (Status::Ok, json!({}))
    } else {
        (Status::Degraded, json!({ "not_ready": not_ready }))
    };
    Check {
        name: "plugins",
        status,
        meta,
        latency: started.elapsed(),
    }
}

/// Nothing is asked here: the databases are looked at in the background. Without any there is no check.
fn databases(state: &State, may_know: bool) -> Option<Check> {
    let started = Instant::now();
    let conditions = state.databases();
    if conditions.is_empty() {
        return None;
    }
    let mut failing = serde_json::Map::new();
    for condition in conditions {
        if let Some(problem) = condition.problem {
            let reason = if may_know {
                problem.chars().take(REASON).collect()
            } else {
                "it cannot be asked".to_owned()
            };
            failing.insert(condition.database, json!(reason));
        }
    }
    let (status, meta) = if failing.is_empty() {
        (Status::Ok, json!({}))
    } else {
        (Status::Degraded, json!({ "failing": failing }))
    };
    Some(Check {
        name: "databases",
        status,
        meta,
        latency: started.elapsed(),
    })
}
