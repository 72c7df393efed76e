//! `/ping` and `/healthz`: is the server alive, and can it work?
//!
//! `error` (503) means that it cannot work and others should be asked. `degraded` (200) means that it
//! works and somebody should look: a reload was refused and the generation before it serves on, a plugin
//! is not ready, a server behind the proxies is dead, one of several servers of a directory is down, an SQL
//! database cannot be asked, a web service is left alone because it does not answer, name servers do not
//! answer, or Redis is away and a store in memory stands in.

use std::{
    collections::{BTreeMap, BTreeSet},
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
use crate::{
    backend_io::ldap::ServerStatus,
    observe::format::rfc3339,
    upstream::{self, Life},
};

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

/// Looks at the store, the generation, the plugins, the databases, and what is known of the servers behind the
/// proxies (of which the public learns only how many there are). Why the store fails goes to the log, not to
/// the public; why a reload was refused or a database cannot be asked, to callers with the API's credentials,
/// or to all where there are none.
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
    checks.extend(upstreams(&state, may_know));
    checks.extend(names(&state, may_know));
    checks.extend(directories(&state.directories()));
    checks.extend(databases(&state, may_know));
    checks.extend(destinations(&state, may_know));
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
    let problem = match tokio::time::timeout(PATIENCE, state.store.check()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("no answer in time".to_owned()),
    };
    if let Some(error) = &problem {
        tracing::warn!(check = "store", error, "A health check failed");
    }
    let stands_in = state.store.numbers().is_some_and(|numbers| numbers.local);
    let (status, meta) = match (problem, stands_in) {
        (Some(_), _) => (Status::Error, json!({})),
        (None, true) => (Status::Degraded, json!({ "local": true })),
        (None, false) => (Status::Ok, json!({})),
    };
    Check {
        name: "store",
        status,
        meta,
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

/// A dead server is somebody's business, but other Bulkheads would see the same: no reason to ask them.
fn upstreams(state: &State, may_know: bool) -> Option<Check> {
    let started = Instant::now();
    let statuses = state.upstreams.load().statuses();
    if statuses.is_empty() {
        return None;
    }
    let is_dead = |one: &upstream::Status| one.life == Life::Dead;
    let mut counts: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    for one in &statuses {
        let of_protocol = counts.entry(one.protocol.as_str()).or_default();
        *of_protocol.entry(one.life.as_str()).or_default() += 1;
    }
    let mut meta = json!(counts);
    if let (true, Some(meta)) = (may_know, meta.as_object_mut()) {
        let servers: Vec<_> = statuses.iter().map(server).collect();
        meta.insert("servers".to_owned(), json!(servers));
    }
    Some(Check {
        name: "upstreams",
        status: if statuses.iter().any(is_dead) {
            Status::Degraded
        } else {
            Status::Ok
        },
        meta,
        latency: started.elapsed(),
    })
}

fn server(status: &upstream::Status) -> Value {
    let mut server = json!({
        "name": status.name,
        "protocol": status.protocol.as_str(),
        "host": status.host,
        "port": status.port,
        "state": status.life.as_str(),
        "since": rfc3339(status.since),
    });
    if let (Some((at, why)), Some(members)) = (&status.last_failure, server.as_object_mut()) {
        members.insert("last_error".to_owned(), json!(why));
        members.insert("last_error_at".to_owned(), json!(rfc3339(*at)));
    }
    server
}

/// Only where something asks the domain name system. Logins that need no answer go on, so nobody should
/// ask another server for that.
fn names(state: &State, may_know: bool) -> Option<Check> {
    let started = Instant::now();
    let resolver = state.resolver.get().filter(|resolver| resolver.in_use())?;
    let (status, meta) = match resolver.problem() {
        None => (Status::Ok, json!({})),
        Some(why) if may_know => (Status::Degraded, json!({ "reason": why })),
        Some(_) => (
            Status::Degraded,
            json!({ "reason": "questions go unanswered" }),
        ),
    };
    Some(Check {
        name: "dns",
        status,
        meta,
        latency: started.elapsed(),
    })
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
                first_of(&problem)
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

/// Only where plugins sent requests. Who they ask, and why nobody answers, is for callers who may know.
fn destinations(state: &State, may_know: bool) -> Option<Check> {
    let started = Instant::now();
    let conditions = state.destinations();
    if conditions.is_empty() {
        return None;
    }
    let mut left_alone = serde_json::Map::new();
    for condition in conditions {
        let shown = match (condition.left_alone.len(), may_know) {
            (0, _) => continue,
            (many, false) => json!(many),
            (_, true) => condition
                .left_alone
                .into_iter()
                .map(|(destination, why)| (destination, json!(first_of(&why))))
                .collect(),
        };
        left_alone.insert(condition.plugin, shown);
    }
    let (status, meta) = if left_alone.is_empty() {
        (Status::Ok, json!({}))
    } else {
        (Status::Degraded, json!({ "left_alone": left_alone }))
    };
    Some(Check {
        name: "http",
        status,
        meta,
        latency: started.elapsed(),
    })
}

fn first_of(reason: &str) -> String {
    reason.chars().take(REASON).collect()
}

/// Nothing if there are no directories. Why a server is down goes to the log.
fn directories(servers: &[ServerStatus]) -> Option<Check> {
    let started = Instant::now();
    let mut pools: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for server in servers {
        let (all, up) = pools.entry(&server.pool).or_default();
        *all += 1;
        *up += usize::from(server.is_up());
    }
    let status = pools.values().map(|(all, up)| match *up {
        0 => Status::Error,
        up if up < *all => Status::Degraded,
        _ => Status::Ok,
    });
    let status = status.max()?;
    let pools: serde_json::Map<String, Value> = pools
        .into_iter()
        .map(|(pool, (all, up))| (pool.to_owned(), json!({ "servers": all, "up": up })))
        .collect();
    Some(Check {
        name: "ldap",
        status,
        meta: json!({ "pools": pools }),
        latency: started.elapsed(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::backend_io::BreakerState;

    fn server(pool: &str, breaker: BreakerState, probe: Result<Duration, String>) -> ServerStatus {
        ServerStatus {
            pool: pool.to_owned(),
            server: "ldap://a.example".to_owned(),
            breaker,
            probe: Some(probe),
            searches: (0, 0),
            binds: (0, 0),
        }
    }

    #[test]
    fn a_directory_is_as_well_as_its_servers() {
        let up = || server("main", BreakerState::Closed, Ok(Duration::ZERO));
        let open = || server("main", BreakerState::Open, Ok(Duration::ZERO));
        let silent = || server("main", BreakerState::Closed, Err("timed out".to_owned()));
        let other = || server("other", BreakerState::Closed, Ok(Duration::ZERO));
        for (servers, expected) in [
            (vec![], None),
            (vec![up(), up()], Some("ok")),
            (vec![up(), open()], Some("degraded")),
            (vec![silent(), up()], Some("degraded")),
            (vec![silent(), open()], Some("error")),
            (vec![open(), other()], Some("error")),
        ] {
            let check = directories(&servers);
            assert_eq!(
                check.map(|check| check.status.as_str()),
                expected,
                "{servers:?}"
            );
        }
        let check = directories(&[up(), open(), other()]).unwrap();
        let expected = json!({"pools": {
            "main": {"servers": 2, "up": 1},
            "other": {"servers": 1, "up": 1},
        }});
        assert_eq!(check.meta, expected);
    }
}
