//! The route `/api/v1/auth/json`: one login question, whole way.
//!
//! The decision runs on a task of its own: a client that hangs up early changes neither the
//! decision, nor its log line, nor the post actions. Nobody gets a free guess by not waiting.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract,
    http::{Extensions, HeaderMap, Method, Response, Uri, header, request::Parts},
};
use hyper::body::{Frame as BodyFrame, SizeHint};
use svix_ksuid::{Ksuid, KsuidLike};
use tokio::sync::oneshot;

use super::{
    Generation, State, body, client,
    concurrency::Place,
    credentials,
    fields::{Fields, Origin},
    form, json,
    negotiate::{ListForm, list_form},
    refusal::Refusal,
    response::{self, Frame},
    serve::PeerAddress,
};
use crate::{
    auth::{Decision, Header, IncomingHttp, Mode, Password, Progress, Request, Verdict},
    config::Server,
    observe::LoginRecord,
    pipeline::{PostActions, PostWork},
};

/// How the members of a request are written.
#[derive(Clone, Copy, PartialEq)]
enum BodyForm {
    Json,
    Form,
    /// There is no body to read.
    None,
}

/// Handles GET and POST.
pub(super) async fn handle(
    extract::State(state): extract::State<Arc<State>>,
    request: extract::Request,
) -> Response<Body> {
    let arrived = Instant::now();
    let peer = peer(request.extensions());
    match answer(&state, request, arrived).await {
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
    arrived: Instant,
) -> Result<Response<Body>, Refusal> {
    // Nothing up to here and down to `body::read` may touch the body.
    let generation = state.generation.load_full();
    let peer = peer(request.extensions());
    credentials::check(state, &generation, peer, request.headers()).await?;
    let place = state.concurrency.enter()?;
    let (parts, body) = request.into_parts();
    let query = query(&parts.uri);
    let mode = mode(&query);
    let list_form = if mode == Mode::ListAccounts {
        list_form(&parts.headers).ok_or(Refusal::NotAcceptable)?
    } else {
        ListForm::Json
    };
    let form = body_form(&parts, mode)?;
    let deadline = arrived + generation.server.request_timeout;
    let limit = generation.limits.body_bytes;
    let mut bytes = match form {
        BodyForm::None => zeroize::Zeroizing::default(),
        BodyForm::Json | BodyForm::Form => {
            body::read(body, &parts.headers, limit, deadline).await?
        }
    };
    let nothing_said = mode == Mode::ListAccounts && bytes.trim_ascii().is_empty();
    let fields = match form {
        _ if nothing_said => Fields::default(),
        BodyForm::Json => json::parse(&bytes)?,
        BodyForm::Form => form::parse(&bytes)?,
        BodyForm::None => Fields::default(),
    };
    let body = (!bytes.is_empty()).then(|| Arc::new(Password::new(std::mem::take(&mut *bytes))));
    let origin = origin(&generation.server, &parts, query, mode, body);
    let request = if form == BodyForm::None {
        fields.build(origin)?
    } else {
        fields.into_request(origin)?
    };
    Ok(decide(
        state,
        generation,
        &parts.headers,
        request,
        arrived,
        deadline,
        place,
        list_form,
    )
    .await)
}

/// Runs the pipeline and maps what comes out.
#[allow(clippy::too_many_arguments)]
async fn decide(
    state: &Arc<State>,
    generation: Arc<Generation>,
    headers: &HeaderMap,
    request: Request,
    arrived: Instant,
    deadline: Instant,
    place: Place,
    list_form: ListForm,
) -> Response<Body> {
    let session = request.session.clone();
    let mode = request.mode;
    let failed_attempts = request.login_attempt.saturating_sub(1);
    let (sender, decided) = oneshot::channel();
    let pipeline = Arc::clone(&generation.pipeline);
    let request = Arc::new(state.observer.traced(request));
    state.logins.spawn({
        let state = Arc::clone(state);
        async move {
            let _place = place;
            let outcome = pipeline.decide(Arc::clone(&request), deadline).await;
            let record = LoginRecord::new(&request, &outcome, arrived.elapsed());
            drop(request);
            state.observer.login(record);
            let after = After {
                post_actions: Arc::clone(&state.post_actions),
                work: Some(outcome.post),
            };
            // When nobody waits any more, this drops `after` right here, inside the tracked task.
            let _ = sender.send((outcome.decision, after));
        }
    });
    let frame = Frame {
        session: &session,
        idempotency_key: headers.get("idempotency-key"),
        failed_attempts,
        wait_delay_seconds: generation.server.wait_delay_seconds,
    };
    let Ok((decision, mut after)) = decided.await else {
        tracing::error!(session, "A login ended without a decision");
        return response::login(&no_decision(), 0, &frame);
    };
    let backend = generation
        .backend_numbers
        .get(&decision.progress.backend)
        .copied()
        .unwrap_or(0);
    let response = match mode {
        Mode::ListAccounts => response::accounts(&decision, list_form, &frame),
        Mode::Verify | Mode::LookUp => response::login(&decision, backend, &frame),
    };
    if let Some(work) = &mut after.work {
        work.set_http_status(response.status().as_u16());
    }
    response.map(|inner| {
        Body::new(Answer {
            inner,
            _after: after,
        })
    })
}

fn no_decision() -> Decision {
    Decision {
        verdict: Verdict::TemporaryFailure,
        status_message: Decision::DEFAULT_TEMPORARY_FAILURE.to_owned(),
        progress: Progress::default(),
        accounts: Vec::new(),
        response_headers: Vec::new(),
    }
}

/// Where the request came from; the unspecified address when it came over no connection.
pub(super) fn peer(extensions: &Extensions) -> SocketAddr {
    extensions
        .get::<PeerAddress>()
        .map_or(SocketAddr::from(([0, 0, 0, 0], 0)), |peer| peer.0)
}

/// Tells the operator of a request that got no decision; wrong credentials are worth a warning.
pub(super) fn report(refusal: &Refusal, peer: SocketAddr) {
    let reason = refusal.as_str();
    if *refusal == Refusal::Unauthorized {
        tracing::warn!(peer = %peer, reason, "A request was refused");
    } else {
        tracing::info!(peer = %peer, reason, "A request was refused");
    }
}

fn query(uri: &Uri) -> Vec<(String, String)> {
    url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

fn mode(query: &[(String, String)]) -> Mode {
    match query.iter().find(|(name, _)| name == "mode") {
        Some((_, value)) if value == "no-auth" => Mode::LookUp,
        Some((_, value)) if value == "list-accounts" => Mode::ListAccounts,
        _ => Mode::Verify,
    }
}

/// GET has no members; a POST says how they are written. To list accounts, none are needed.
fn body_form(parts: &Parts, mode: Mode) -> Result<BodyForm, Refusal> {
    if parts.method != Method::POST {
        return Ok(BodyForm::None);
    }
    let content_type = match parts.headers.get(header::CONTENT_TYPE) {
        None if mode == Mode::ListAccounts => return Ok(BodyForm::Json),
        None => return Err(Refusal::UnsupportedMediaType),
        Some(value) => value.to_str().unwrap_or_default(),
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(BodyForm::Json)
    } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Ok(BodyForm::Form)
    } else {
        Err(Refusal::UnsupportedMediaType)
    }
}

fn origin(
    server: &Server,
    parts: &Parts,
    query: Vec<(String, String)>,
    mode: Mode,
    body: Option<Arc<Password>>,
) -> Origin {
    let peer = peer(&parts.extensions);
    let (client_address, client_port) =
        client::locate(peer, &server.trusted_proxies, &parts.headers);
    let text = |name: &str| {
        parts
            .headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .unwrap_or_default()
    };
    let dovecot_session = text("x-dovecot-session");
    Origin {
        session: new_session(),
        external_session: if dovecot_session.is_empty() {
            text("x-external-session-id")
        } else {
            dovecot_session
        },
        request_id: String::new(),
        mode,
        service: "json",
        client_address,
        client_port,
        user_agent: text("user-agent"),
        http: IncomingHttp {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query,
            headers: plugin_headers(&parts.headers),
            body,
        },
    }
}

/// The headers that plugins may look at: all but the caller's own credentials.
pub(super) fn plugin_headers(headers: &HeaderMap) -> Vec<Header> {
    headers
        .iter()
        .filter(|(name, _)| *name != header::AUTHORIZATION)
        .map(|(name, value)| Header {
            name: name.as_str().to_owned(),
            value: value.as_bytes().to_vec(),
        })
        .collect()
}

/// A new id: 27 characters, sortable by time.
pub(super) fn new_session() -> String {
    Ksuid::now(None).to_string()
}

/// Starts the post actions when it is dropped: when the answer has been handed to the connection, or
/// when there is nobody left to answer.
struct After {
    post_actions: Arc<PostActions>,
    work: Option<PostWork>,
}

impl Drop for After {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.post_actions.start(work);
        }
    }
}

/// A body that lets the post actions start once it is sent.
struct Answer {
    inner: Body,
    _after: After,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
