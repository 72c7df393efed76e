//! `/api/v1/custom/…`: requests that a hook answers.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{body::Body, extract, http::Response};

use super::{
    State, body, client, credentials,
    login::{new_session, peer, plugin_headers, report},
    refusal::Refusal,
    response,
};
use crate::{
    auth::{HookRequest, Mode, Progress, Request},
    pipeline::{Answer, Call, Context, FailureKind, Plugin, Question},
};

/// Below this path hooks live.
pub(super) const PREFIX: &str = "/api/v1/custom/";

/// Handles every method.
pub(super) async fn handle(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
) -> Response<Body> {
    let peer = peer(request.extensions());
    match answer(&state, request, peer).await {
        Ok(response) => response,
        Err(refusal) => {
            report(&refusal, peer);
            response::refuse(&refusal)
        }
    }
}

async fn answer(
    state: &Arc<State>,
    request: extract::Request,
    peer: SocketAddr,
) -> Result<Response<Body>, Refusal> {
    let generation = state.generation.load_full();
    let server = &generation.server;
    let deadline = Instant::now() + server.request_timeout;
    credentials::check(state, &generation, peer, request.headers()).await?;
    let _place = state.concurrency.enter()?;
    let method = request.method().as_str().to_ascii_uppercase();
    let path = request.uri().path().to_owned();
    let location = path.strip_prefix(PREFIX).unwrap_or_default().to_owned();
    let Some(plugin) = generation.hooks.get(&(method.clone(), location)) else {
        return Ok(response::no_hook());
    };
    let (parts, body) = request.into_parts();
    let mut body = body::read(body, &parts.headers, generation.limits.body_bytes, deadline).await?;
    let question = HookRequest {
        session: new_session(),
        method,
        path,
        query: url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect(),
        headers: plugin_headers(&parts.headers),
        body: std::mem::take(&mut *body),
        client_address: client::locate(peer, &server.trusted_proxies, &parts.headers)
            .0
            .to_string(),
    };
    Ok(ask(plugin.as_ref(), question, deadline).await)
}

async fn ask(plugin: &dyn Plugin, question: HookRequest, deadline: Instant) -> Response<Body> {
    let session = question.session.clone();
    let call = Call {
        request: Arc::new(no_login(&session)),
        progress: Arc::new(Progress::default()),
        context: Context::default(),
        deadline,
    };
    let run = plugin.run(Question::Hook(Arc::new(question)), call);
    let ran = tokio::time::timeout_at(tokio::time::Instant::from_std(deadline), run).await;
    let (kind, error) = match ran.map(|ran| ran.answer) {
        Ok(Ok(Answer::Hook(answer))) => return response::hook(answer),
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
