//! Asks the pipeline, and sees to what comes after the answer.
//!
//! The decision runs on a task of its own: a client that hangs up early changes neither the
//! decision, nor its log line, nor the post actions. Nobody gets a free guess by not waiting.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderValue, Response},
};
use hyper::body::{Frame as BodyFrame, SizeHint};
use tokio::sync::oneshot;

use super::{
    Generation, State,
    concurrency::Place,
    negotiate::ListForm,
    response::{self, Frame, Upstream},
    route::Route,
    upstream::upstream,
};
use crate::{
    auth::{Decision, Progress, Request, Verdict},
    observe::LoginRecord,
    pipeline::{PostActions, PostWork},
};

/// What is to be decided, and for whom.
pub(super) struct Question<'a> {
    pub(super) route: &'static Route,
    pub(super) request: Request,
    pub(super) arrived: Instant,
    pub(super) deadline: Instant,
    /// Held until the decision is made.
    pub(super) place: Place,
    /// Set when accounts are to be listed.
    pub(super) list_form: Option<ListForm>,
    pub(super) idempotency_key: Option<&'a HeaderValue>,
}

/// Runs the pipeline and maps what comes out.
pub(super) async fn decide(
    state: &Arc<State>,
    generation: Arc<Generation>,
    question: Question<'_>,
) -> Response<Body> {
    let Question {
        route,
        arrived,
        deadline,
        place,
        list_form,
        ..
    } = question;
    let request = Arc::new(state.observer.traced(question.request));
    let username = request.username.clone();
    let mut frame = Frame {
        shape: route.shape,
        session: request.session.clone(),
        idempotency_key: question.idempotency_key,
        failed_attempts: request.login_attempt.saturating_sub(1),
        wait_delay_seconds: generation.server.wait_delay_seconds,
        protocol: request.protocol.clone(),
        upstream: Upstream::Unknown,
        backend_numbers: &generation.backend_numbers,
        is_challenge: request.challenge.is_some(),
    };
    let (sender, decided) = oneshot::channel();
    let pipeline = Arc::clone(&generation.pipeline);
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
    let Ok((decision, mut after)) = decided.await else {
        tracing::error!(session = frame.session, "A login ended without a decision");
        return response::login(&no_decision(), &frame);
    };
    let login = (frame.protocol.as_str(), username.as_str());
    frame.upstream = upstream(state, &generation, &decision, route.shape, login);
    let response = match list_form {
        Some(form) => response::accounts(&decision, form, &frame),
        None => response::login(&decision, &frame),
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
        recovered_password: None,
        from_memory: false,
    }
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
