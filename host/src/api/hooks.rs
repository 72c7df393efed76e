//! `/api/v1/custom/…` and the alias paths: requests that a hook answers.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Instant, SystemTime},
};

use axum::{body::Body, extract, http::Response};

use super::{
    Generation, Hook, State,
    access::{self, Access},
    body,
    client::{self, Named},
    origin::{new_session, peer, plugin_headers, query},
    refusal::Refusal,
    response,
};
use crate::{
    auth::{HookRequest, HookResponse, Mode, PluginTrace, Progress, Request, TraceContext, Usage},
    config::EndpointName,
    observe::HookRecord,
    pipeline::{Answer, Call, Context, Failure, FailureKind, Question},
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
    let arrived = Instant::now();
    let deadline = arrived + server.request_timeout;
    access::check(
        Access::Credentials,
        state,
        generation,
        request.headers(),
        peer,
    )
    .await?;
    let _place = state.concurrency.enter()?;
    let Some(hook) = hook else {
        return Ok(response::no_hook());
    };
    let (parts, body) = request.into_parts();
    let mut body = body::read(body, &parts.headers, generation.limits.body_bytes, deadline).await?;
    let named = Named::Last(server.headers.get("client_ip"));
    let (client, _) = client::locate(peer, &server.trusted_proxies, &parts.headers, named);
    let question = HookRequest {
        session: new_session(),
        method: parts.method.as_str().to_ascii_uppercase(),
        path: parts.uri.path().to_owned(),
        query: query(&parts.uri),
        headers: plugin_headers(&parts.headers, None),
        body: std::mem::take(&mut *body),
        client_address: client.to_string(),
    };
    Ok(ask(state, hook, question, arrived, deadline).await)
}

async fn ask(
    state: &State,
    hook: &Hook,
    question: HookRequest,
    arrived: Instant,
    deadline: Instant,
) -> Response<Body> {
    let plugin = hook.plugin.as_ref();
    let session = question.session.clone();
    let span = state.observer.span(&question.headers);
    let own = span.as_ref().map(TraceContext::child);
    let mut record = HookRecord {
        session: session.clone(),
        span,
        method: question.method.clone(),
        route: question.path.clone(),
        client: question.client_address.clone(),
        status: 0,
        ended_at: SystemTime::now(),
        latency: arrived.elapsed(),
        call: PluginTrace {
            span_id: own.as_ref().map(|span| span.span_id),
            ..PluginTrace::skipped(plugin.name(), arrived.elapsed())
        },
    };
    let asked = Instant::now();
    let call = Call {
        request: Arc::new(no_login(&session)),
        progress: Arc::new(Progress::default()),
        context: Context::default(),
        deadline,
        began: arrived,
        trace: own,
    };
    let run = plugin.run(Question::Hook(Arc::new(question)), call);
    let ran = tokio::time::timeout_at(tokio::time::Instant::from_std(deadline), run).await;
    let (answer, usage) = match ran {
        Ok(ran) => (answer_of(ran.answer), ran.usage),
        Err(_) => (
            failure(FailureKind::WallClock, "the hook took too long"),
            Usage::default(),
        ),
    };
    record.call.usage = usage;
    if usage.elapsed.is_zero() {
        record.call.usage.elapsed = asked.elapsed();
    }
    let response = match answer {
        Ok(answer) => {
            "done".clone_into(&mut record.call.verdict);
            response::hook(answer, hook.content_type.as_ref())
        }
        Err(failure) => {
            "failed".clone_into(&mut record.call.verdict);
            record.call.kind = Some(failure.kind.as_str());
            tracing::warn!(
                session,
                plugin = plugin.name(),
                stage = "hooks",
                kind = failure.kind.as_str(),
                error = failure.message,
                "A plugin failed"
            );
            response::hook_failed(&failure.message)
        }
    };
    record.status = response.status().as_u16();
    record.ended_at = SystemTime::now();
    record.latency = arrived.elapsed();
    state.observer.hook(record);
    response
}

fn answer_of(answer: Result<Answer, Failure>) -> Result<HookResponse, Failure> {
    match answer? {
        Answer::Hook(answer) => Ok(answer),
        _ => failure(FailureKind::Contract, "the hook answered no response"),
    }
}

fn failure<T>(kind: FailureKind, message: &str) -> Result<T, Failure> {
    Err(Failure {
        kind,
        message: message.to_owned(),
    })
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
