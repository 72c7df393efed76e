//! `/api/v1/custom/…` and the alias paths: requests that a hook answers.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{body::Body, extract, http::Response};

use super::{
    Generation, Hook, State,
    access::{self, Access},
    body, client,
    origin::{new_session, peer, plugin_headers, query},
    refusal::Refusal,
    response,
};
use crate::{
    auth::{HookRequest, Mode, Progress, Request},
    config::EndpointName,
    pipeline::{Answer, Call, Context, FailureKind, Question},
};

/// Below this path hooks live.
const PREFIX: &str = "/api/v1/custom/";

/// Handles every method below the prefix. Where no hook is, there is an empty 404.
pub(super) async fn handle(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
) -> Response<Body> {
    let generation = state.generation.load_full();
    if is_off(&generation) {
        return response::refuse(&Refusal::NotFound);
    }
    let path = request.uri().path();
    let key = (
        request.method().as_str().to_ascii_uppercase(),
        path.strip_prefix(PREFIX).unwrap_or_default().to_owned(),
    );
    let hook = generation.hooks.locations.get(&key);
    respond(&state, &generation, hook, request).await
}

/// Handles what no route knows: an alias of a hook, or an unknown page.
pub(super) async fn handle_alias(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
) -> Response<Body> {
    let generation = state.generation.load_full();
    let key = (
        request.method().as_str().to_ascii_uppercase(),
        request.uri().path().to_owned(),
    );
    match generation.hooks.aliases.get(&key) {
        Some(hook) if !is_off(&generation) => {
            respond(&state, &generation, Some(hook), request).await
        }
        _ => response::refuse(&Refusal::NotFound),
    }
}

fn is_off(generation: &Generation) -> bool {
    let disabled = &generation.server.disabled_endpoints;
    disabled.contains(&EndpointName::CustomHooks)
}

async fn respond(
    state: &State,
    generation: &Generation,
    hook: Option<&Hook>,
    request: extract::Request,
) -> Response<Body> {
    let peer = peer(request.extensions());
    match answer(state, generation, hook, request, peer).await {
        Ok(response) => response,
        Err(refusal) => {
            refusal.report(peer);
            response::refuse(&refusal)
        }
    }
}

async fn answer(
    state: &State,
    generation: &Generation,
    hook: Option<&Hook>,
    request: extract::Request,
    peer: SocketAddr,
) -> Result<Response<Body>, Refusal> {
    let server = &generation.server;
    let deadline = Instant::now() + server.request_timeout;
    access::check(Access::Credentials, server, request.headers(), peer).await?;
    let _place = state.concurrency.enter()?;
    let Some(hook) = hook else {
        return Ok(response::no_hook());
    };
    let (parts, body) = request.into_parts();
    let mut body = body::read(body, &parts.headers, generation.limits.body_bytes, deadline).await?;
    let (client, _) = client::locate(peer, &server.trusted_proxies, &parts.headers);
    let question = HookRequest {
        session: new_session(),
        method: parts.method.as_str().to_ascii_uppercase(),
        path: parts.uri.path().to_owned(),
        query: query(&parts.uri),
        headers: plugin_headers(&parts.headers, None),
        body: std::mem::take(&mut *body),
        client_address: client.to_string(),
    };
    Ok(ask(hook, question, deadline).await)
}

async fn ask(hook: &Hook, question: HookRequest, deadline: Instant) -> Response<Body> {
    let session = question.session.clone();
    let call = Call {
        request: Arc::new(no_login(&session)),
        progress: Arc::new(Progress::default()),
        context: Context::default(),
        deadline,
    };
    let plugin = hook.plugin.as_ref();
    let run = plugin.run(Question::Hook(Arc::new(question)), call);
    let ran = tokio::time::timeout_at(tokio::time::Instant::from_std(deadline), run).await;
    let (kind, error) = match ran.map(|ran| ran.answer) {
        Ok(Ok(Answer::Hook(answer))) => {
            return response::hook(answer, hook.content_type.as_ref());
        }
        Ok(Ok(_)) => (
            FailureKind::Contract,
            "the hook answered no response".to_owned(),
        ),
        Ok(Err(failure)) => (failure.kind, failure.message),
        Err(_) => (FailureKind::WallClock, "the hook took too long".to_owned()),
    };
    tracing::warn!(
        session,
        plugin = plugin.name(),
        stage = "hooks",
        kind = kind.as_str(),
        error,
        "A plugin failed"
    );
    response::hook_failed(&error)
}

/// A hook is not part of a login, so its call carries an empty one.
fn no_login(session: &str) -> Request {
    Request {
        session: session.to_owned(),
        service: "hook".to_owned(),
        protocol: "default".to_owned(),
        mode: Mode::LookUp,
        ..Request::default()
    }
}
