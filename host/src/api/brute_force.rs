//! `/api/v1/bruteforce/…`: which networks are banned, and how an administrator frees one.
//!
//! Stands under the API's credentials and `server.disabled_endpoints: admin`. Without `brute_force` in the
//! configuration the lists are empty and nothing is there to be freed.

use std::{net::IpAddr, sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract,
    http::{Method, Response, StatusCode, request::Parts},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Generation, State, admin, body, jobs,
    origin::{new_session, peer, query},
    refusal::Refusal,
    response,
};
use crate::{
    control::brute_force::{Control, FlushFailed, FlushWish, Flushed, ListWish},
    jobs::JobKind,
};

mod list;

const OBJECT: &str = "bruteforce";
/// Most entries of a page of the list.
const MOST_ENTRIES: u64 = 10_000;

/// The members of a request to free an address.
#[derive(Default, Deserialize)]
#[serde(default)]
struct FlushBody {
    ip_address: String,
    rule_name: String,
    protocol: Option<String>,
    oidc_cid: Option<String>,
}

/// The members of a request for certain entries.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ListBody {
    accounts: Vec<String>,
    ip_addresses: Vec<String>,
}

/// `GET` with `limit` and `offset`, or `POST` with `accounts` and `ip_addresses`: the bans in force. 503
/// when the store cannot say.
pub(super) async fn list(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let asked = ask(&state, &parts, body).await;
    let wished = asked.and_then(|asked| Ok((list_wish(&parts, &asked.body)?, asked)));
    let (wish, asked) = match wished {
        Ok(wished) => wished,
        Err(refusal) => return refuse(&refusal, &parts),
    };
    let (status, result) = match &asked.generation.brute_force {
        Some(control) => list::shown(control, &wish, asked.deadline, &asked.session).await,
        None => (StatusCode::OK, list::empty()),
    };
    response::admin(status, &asked.session, OBJECT, "list", &result)
}

/// Frees an address: 200 with what was removed, 400 when there is no such rule, 503 when the store fails.
pub(super) async fn flush(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let asked = ask(&state, &parts, body).await;
    let wished = asked.and_then(|asked| Ok((flush_wish(&asked.body)?, asked)));
    let (wish, asked) = match wished {
        Ok(wished) => wished,
        Err(refusal) => return refuse(&refusal, &parts),
    };
    let session = &asked.session;
    tracing::info!(
        session,
        address = %wish.address,
        rule = wish.rule,
        "An administrator frees an address"
    );
    let flushed = match &asked.generation.brute_force {
        Some(control) => control.flush(&wish, asked.deadline).await,
        None => Ok(Flushed::default()),
    };
    if let Err(error @ FlushFailed::NoSuchRule(_)) = &flushed {
        return refuse(&Refusal::Malformed(error.to_string()), &parts);
    }
    let (status, result) = flush_result(&wish, flushed, session);
    response::admin(status, session, OBJECT, "flush", &result)
}

/// Frees an address in the background: 202 with the id of a job.
pub(super) async fn flush_later(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let asked = ask(&state, &parts, body).await;
    let wished = asked.and_then(|asked| Ok((flush_wish(&asked.body)?, asked)));
    let (wish, asked) = match wished {
        Ok(wished) => wished,
        Err(refusal) => return refuse(&refusal, &parts),
    };
    let Asked {
        generation,
        session,
        ..
    } = asked;
    tracing::info!(
        session,
        address = %wish.address,
        rule = wish.rule,
        "An administrator has an address freed"
    );
    let control = generation.brute_force.clone();
    let deadline = Instant::now() + generation.limits.job_timeout;
    let work = async move {
        match control {
            Some(control) => match control.flush(&wish, deadline).await {
                Ok(flushed) => Ok(u64::try_from(flushed.removed.len()).unwrap_or(u64::MAX)),
                Err(error) => Err(error.to_string()),
            },
            None => Ok(0),
        }
    };
    let started = state.jobs.start(JobKind::BruteForceFlush, work).await;
    jobs::accepted(started, &session, OBJECT)
}

/// A request of somebody who may administer.
struct Asked {
    generation: Arc<Generation>,
    session: String,
    body: Vec<u8>,
    deadline: Instant,
}

async fn ask(state: &State, parts: &Parts, body: Body) -> Result<Asked, Refusal> {
    let generation = state.generation.load_full();
    let deadline = Instant::now() + generation.server.request_timeout;
    let peer = peer(&parts.extensions);
    admin::may_administer(state, &generation, peer, &parts.headers).await?;
    let limit = generation.limits.body_bytes;
    let body = body::read(body, &parts.headers, limit, deadline).await?;
    Ok(Asked {
        generation,
        session: new_session(),
        body: body.to_vec(),
        deadline,
    })
}

fn refuse(refusal: &Refusal, parts: &Parts) -> Response<Body> {
    refusal.report(peer(&parts.extensions));
    response::refuse(refusal)
}

fn list_wish(parts: &Parts, body: &[u8]) -> Result<ListWish, Refusal> {
    let mut wish = ListWish {
        limit: Some(MOST_ENTRIES),
        ..ListWish::default()
    };
    for (name, value) in query(&parts.uri) {
        let number = || {
            let why = || Refusal::Malformed(format!("`{name}` is not a whole number"));
            value.parse::<u64>().map_err(|_| why())
        };
        match name.as_str() {
            "limit" => wish.limit = Some(number()?.min(MOST_ENTRIES)),
            "offset" => wish.offset = number()?,
            _ => {}
        }
    }
    if parts.method == Method::POST && !body.is_empty() {
        let filters: ListBody = members(body)?;
        wish.accounts = filters.accounts;
        wish.addresses = filters
            .ip_addresses
            .iter()
            .map(|text| address(text))
            .collect::<Result<_, _>>()?;
    }
    Ok(wish)
}

fn flush_wish(body: &[u8]) -> Result<FlushWish, Refusal> {
    let members: FlushBody = members(body)?;
    let missing: Vec<_> = [
        ("IPAddress", &members.ip_address),
        ("RuleName", &members.rule_name),
    ]
    .into_iter()
    .filter(|(_, text)| text.is_empty())
    .map(|(name, _)| name)
    .collect();
    if !missing.is_empty() {
        return Err(Refusal::MissingFields(missing));
    }
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(FlushWish {
        address: address(&members.ip_address)?,
        rule: members.rule_name,
        protocol: given(members.protocol),
        oidc_client: given(members.oidc_cid),
    })
}

fn members<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::Malformed(error.to_string()))
}

fn address(text: &str) -> Result<IpAddr, Refusal> {
    let why = || Refusal::Malformed(format!("`{text}` is not an IP address"));
    text.parse().map_err(|_| why())
}

fn flush_result(
    wish: &FlushWish,
    flushed: Result<Flushed, FlushFailed>,
    session: &str,
) -> (StatusCode, Value) {
    let (status, removed, words) = match flushed {
        Ok(Flushed { removed }) => {
            let words = match removed.len() {
                0 => "not flushed".to_owned(),
                1 => "1 key flushed".to_owned(),
                count => format!("{count} keys flushed"),
            };
            (StatusCode::OK, removed, words)
        }
        Err(error) => {
            tracing::warn!(session, %error, "An address was not freed");
            let words = format!("not flushed: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, Vec::new(), words)
        }
    };
    let mut result = json!({
        "ip_address": wish.address.to_string(),
        "rule_name": wish.rule,
        "removed_keys": removed,
        "status": words,
    });
    for (name, value) in [
        ("protocol", &wish.protocol),
        ("oidc_cid", &wish.oidc_client),
    ] {
        if let (Some(value), Some(result)) = (value, result.as_object_mut()) {
            result.insert(name.to_owned(), Value::from(value.as_str()));
        }
    }
    (status, result)
}
