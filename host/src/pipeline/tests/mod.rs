//! The rules of the pipeline, one test each, with plugins that are plain functions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod backend_rules;
mod brute_force_rules;
mod challenge_rules;
mod control_rules;
mod deadline_rules;
mod feature_rules;
mod filter_rules;
mod flush_rules;
mod post_rules;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;

use super::{
    Answer, BackendAnswer, BackendUser, Call, ContextChange, Failure, FailureKind, FeatureAnswer,
    FeatureVerdict, FilterAnswer, FilterVerdict, Member, OnError, Outcome, Pipeline, Plugin,
    Question, Ran, Stages,
};
use crate::auth::{
    Attribute, Decision, Event, Mode, Password, Request, Stage, Usage, Value, Verdict,
};

/// What a fake plugin does when it is asked.
type Behaviour = dyn Fn(&Question, &Call) -> Ran + Send + Sync;

/// A plugin that is a function.
struct FakePlugin {
    name: String,
    on_error: OnError,
    may_accept: bool,
    sees_password: bool,
    takes: Duration,
    keeps_calls: bool,
    behaviour: Box<Behaviour>,
    calls: Mutex<Vec<Call>>,
}

impl FakePlugin {
    fn new(
        name: &str,
        behaviour: impl Fn(&Question, &Call) -> Ran + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            on_error: OnError::TemporaryFailure,
            may_accept: false,
            sees_password: true,
            takes: Duration::ZERO,
            keeps_calls: true,
            behaviour: Box::new(behaviour),
            calls: Mutex::default(),
        }
    }

    /// Always says the same.
    fn says(name: &str, answer: Answer) -> Self {
        Self::new(name, move |_, _| ran(answer.clone()))
    }

    fn fails(name: &str, on_error: OnError) -> Self {
        Self {
            on_error,
            ..Self::new(name, |_, _| Ran {
                answer: Err(Failure {
                    kind: FailureKind::Trap,
                    message: "boom".to_owned(),
                }),
                ..ran(Answer::Action)
            })
        }
    }

    fn taking(self, takes: Duration) -> Self {
        Self { takes, ..self }
    }

    fn member(self) -> Member {
        Member::new(Arc::new(self))
    }
}

impl Plugin for FakePlugin {
    fn name(&self) -> &str {
        &self.name
    }
    fn on_error(&self) -> OnError {
        self.on_error
    }
    fn may_accept(&self) -> bool {
        self.may_accept
    }
    fn sees_password(&self) -> bool {
        self.sees_password
    }
    fn run(&self, question: Question, call: Call) -> BoxFuture<'_, Ran> {
        Box::pin(async move {
            if !self.takes.is_zero() {
                tokio::time::sleep(self.takes).await;
            }
            let ran = (self.behaviour)(&question, &call);
            if self.keeps_calls {
                self.calls.lock().unwrap().push(call);
            }
            ran
        })
    }
}

fn ran(answer: Answer) -> Ran {
    Ran {
        answer: Ok(answer),
        context: Vec::new(),
        log_fields: Vec::new(),
        usage: Usage::default(),
    }
}

fn set(key: &str, value: &[u8]) -> ContextChange {
    ContextChange::Set(key.to_owned(), value.into())
}

fn attribute(name: &str, text: &str) -> Attribute {
    Attribute {
        name: name.to_owned(),
        values: vec![Value::Text(text.to_owned())],
    }
}

fn feature(verdict: FeatureVerdict, message: Option<&str>) -> Answer {
    Answer::Feature(FeatureAnswer {
        verdict,
        event: Event::Lua,
        status_message: message.map(str::to_owned),
        response_headers: Vec::new(),
    })
}

fn filter_answer(verdict: FilterVerdict, message: Option<&str>) -> FilterAnswer {
    FilterAnswer {
        verdict,
        status_message: message.map(str::to_owned),
        add_attributes: Vec::new(),
        remove_attributes: Vec::new(),
        response_headers: Vec::new(),
    }
}

fn filter(verdict: FilterVerdict, message: Option<&str>) -> Answer {
    Answer::Filter(filter_answer(verdict, message))
}

/// A backend's answer about a user with the account `alice@example.org`.
fn user(found: bool, authenticated: bool) -> Answer {
    Answer::Backend(BackendAnswer::User(Box::new(BackendUser {
        found,
        authenticated,
        account_field: "uid".to_owned(),
        attributes: vec![attribute("uid", "alice@example.org")],
        ..BackendUser::default()
    })))
}

/// Stages with one backend that accepts.
fn accepting() -> Stages {
    Stages {
        backends: vec![FakePlugin::says("users", user(true, true)).member()],
        ..Stages::default()
    }
}

/// Stages with one backend that knows the user and not the password.
fn rejecting() -> Stages {
    Stages {
        backends: vec![FakePlugin::says("users", user(true, false)).member()],
        ..Stages::default()
    }
}

fn request(mode: Mode, username: &str, password: Option<&str>) -> Arc<Request> {
    Arc::new(Request {
        session: "session".to_owned(),
        service: "json".to_owned(),
        protocol: "imap".to_owned(),
        method: "plain".to_owned(),
        username: username.to_owned(),
        password: password.map(|text| Arc::new(Password::new(text.as_bytes().to_vec()))),
        mode,
        ..Request::default()
    })
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

/// Decides an ordinary login of `alice`.
async fn log_in(stages: Stages) -> Outcome {
    decide(stages, request(Mode::Verify, "alice", Some("open sesame"))).await
}

async fn decide(stages: Stages, request: Arc<Request>) -> Outcome {
    Pipeline::new(stages).decide(request, soon()).await
}

/// `plugin=verdict` for each entry of a stage's trace.
fn verdicts(outcome: &Outcome, stage: Stage) -> Vec<String> {
    outcome
        .trace
        .stages
        .iter()
        .filter(|traced| traced.stage == stage)
        .flat_map(|traced| &traced.plugins)
        .map(|plugin| format!("{}={}", plugin.plugin, plugin.verdict))
        .collect()
}
