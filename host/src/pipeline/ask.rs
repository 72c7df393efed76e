//! Asks one plugin one question, and makes sure of an answer of the right kind in time.
//!
//! The only place that turns a [`Failure`] into an `on_error` verdict, and the only one that logs it.

use std::time::Instant;

use super::{
    Answer, BackendAnswer, Call, ContextChange, Failure, FailureKind, FeatureVerdict,
    FilterVerdict, OnError, Operation, Plugin, Question, Ran,
};
use crate::auth::{Password, PluginTrace, Stage, TraceContext, Usage, Value, redact};

/// How one question ended.
pub(super) struct Asked {
    /// The answer, of the kind that was asked for, or what its failure means.
    pub(super) answer: Result<Answer, OnError>,
    /// Empty when the call failed.
    pub(super) context: Vec<ContextChange>,
    pub(super) log_fields: Vec<(String, Value)>,
    pub(super) trace: PluginTrace,
}

/// What kinds of answer fit a question.
#[derive(Clone, Copy)]
enum Expected {
    Feature,
    User,
    Accounts,
    OtherBackend,
    Filter,
    Action,
    Hook,
    CacheFlush,
}

/// Asks, by the call's deadline at the latest.
pub(super) async fn ask(
    plugin: &dyn Plugin,
    stage: Stage,
    question: Question,
    mut call: Call,
) -> Asked {
    let expected = expected(&question);
    let request = std::sync::Arc::clone(&call.request);
    call.trace = request.trace.as_ref().map(TraceContext::child);
    let span_id = call.trace.as_ref().map(|span| span.span_id);
    let started = Instant::now();
    let since_began = started.saturating_duration_since(call.began);
    let deadline = tokio::time::Instant::from_std(call.deadline);
    let run = tokio::time::timeout_at(deadline, plugin.run(question, call)).await;
    let mut ran = run.unwrap_or_else(|_| out_of_time());
    if ran.usage.elapsed.is_zero() {
        ran.usage.elapsed = started.elapsed();
    }
    let password = request.password.as_deref();
    let log_fields = ran
        .log_fields
        .into_iter()
        .map(|(key, value)| (key, redact::value(value, password)))
        .collect();
    let answer = ran.answer.and_then(|answer| {
        if fits(expected, &answer) {
            Ok(answer)
        } else {
            Err(Failure {
                kind: FailureKind::Contract,
                message: "the plugin answered something else than it was asked".to_owned(),
            })
        }
    });
    match answer.map(|answer| redacted(answer, password)) {
        Ok(answer) => Asked {
            trace: PluginTrace {
                plugin: plugin.name().to_owned(),
                verdict: word(&answer).to_owned(),
                error: None,
                kind: None,
                started: since_began,
                span_id,
                usage: ran.usage,
            },
            answer: Ok(answer),
            context: ran.context,
            log_fields,
        },
        Err(failure) => {
            let error = redact::text(failure.message, password);
            tracing::warn!(
                session = request.session,
                plugin = plugin.name(),
                stage = stage.as_str(),
                kind = failure.kind.as_str(),
                error,
                "A plugin failed"
            );
            Asked {
                trace: PluginTrace {
                    plugin: plugin.name().to_owned(),
                    verdict: failed_word(stage, plugin.on_error()).to_owned(),
                    error: Some(error),
                    kind: Some(failure.kind.as_str()),
                    started: since_began,
                    span_id,
                    usage: ran.usage,
                },
                answer: Err(plugin.on_error()),
                context: Vec::new(),
                log_fields,
            }
        }
    }
}

/// The answer without the password in what goes to logs and into headers.
fn redacted(mut answer: Answer, password: Option<&Password>) -> Answer {
    let (message, headers) = match &mut answer {
        Answer::Feature(feature) => (&mut feature.status_message, &mut feature.response_headers),
        Answer::Filter(filter) => (&mut filter.status_message, &mut filter.response_headers),
        Answer::Backend(_) | Answer::Action | Answer::Hook(_) | Answer::CacheFlush(_) => {
            return answer;
        }
    };
    *message = message.take().map(|text| redact::text(text, password));
    headers.retain(|header| !redact::is_in(&header.value, password));
    answer
}

fn out_of_time() -> Ran {
    Ran {
        answer: Err(Failure {
            kind: FailureKind::WallClock,
            message: "the deadline of the request passed".to_owned(),
        }),
        context: Vec::new(),
        log_fields: Vec::new(),
        usage: Usage::default(),
    }
}

fn expected(question: &Question) -> Expected {
    match question {
        Question::Feature => Expected::Feature,
        Question::Backend(Operation::Verify | Operation::LookUp) => Expected::User,
        Question::Backend(Operation::ListAccounts) => Expected::Accounts,
        Question::Backend(_) => Expected::OtherBackend,
        Question::Filter => Expected::Filter,
        Question::Action(_) => Expected::Action,
        Question::Hook(_) => Expected::Hook,
        Question::CacheFlush => Expected::CacheFlush,
    }
}

fn fits(expected: Expected, answer: &Answer) -> bool {
    use BackendAnswer::{Accounts, Credentials, Done, Unsupported, User};
    match expected {
        Expected::Feature => matches!(answer, Answer::Feature(_)),
        Expected::User => matches!(answer, Answer::Backend(User(_) | Unsupported)),
        Expected::Accounts => matches!(answer, Answer::Backend(Accounts(_) | Unsupported)),
        Expected::OtherBackend => {
            matches!(answer, Answer::Backend(Done | Credentials(_) | Unsupported))
        }
        Expected::Filter => matches!(answer, Answer::Filter(_)),
        Expected::Action => matches!(answer, Answer::Action),
        Expected::Hook => matches!(answer, Answer::Hook(_)),
        Expected::CacheFlush => matches!(answer, Answer::CacheFlush(_)),
    }
}

/// The answer in one word, for the trace.
fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Feature(feature) => match feature.verdict {
            FeatureVerdict::Pass => "pass",
            FeatureVerdict::Abort => "abort",
            FeatureVerdict::Reject => "reject",
            FeatureVerdict::TemporaryFailure => "temporary-failure",
        },
        Answer::Backend(backend) => match backend {
            // The backend stage knows the operation, and writes a finer word.
            BackendAnswer::User(_) => "found",
            BackendAnswer::Accounts(_) => "accounts",
            BackendAnswer::Credentials(_) => "credentials",
            BackendAnswer::Done => "done",
            BackendAnswer::Unsupported => "unsupported",
        },
        Answer::Filter(filter) => match filter.verdict {
            FilterVerdict::Keep => "keep",
            FilterVerdict::Accept => "accept",
            FilterVerdict::Reject => "reject",
            FilterVerdict::TemporaryFailure => "temporary-failure",
        },
        Answer::Action | Answer::Hook(_) | Answer::CacheFlush(_) => "done",
    }
}

/// What a failure came to. An action has no say in the login, so its failure changes nothing.
fn failed_word(stage: Stage, on_error: OnError) -> &'static str {
    match (stage, on_error) {
        (Stage::Actions | Stage::PostActions, _) => "failed",
        (_, OnError::TemporaryFailure) => "temporary-failure",
        (_, OnError::Reject) => "reject",
        (_, OnError::Skip) => "skipped",
    }
}
