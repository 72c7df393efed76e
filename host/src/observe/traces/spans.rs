//! What spans say: names, times, attributes.
//!
//! Personal data is on the span of the whole request only, under the keys of OpenTelemetry's semantic
//! conventions: the client's address, and the user's name if a backend knows it. A name that nobody
//! knows may be a password typed into the wrong field, and never leaves. Texts of errors stay in the
//! log; a span has their kind.

use std::{
    borrow::Cow,
    str::FromStr,
    time::{Duration, SystemTime},
};

use opentelemetry::{
    InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, SpanKind, Status, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::Job;
use crate::{
    auth::{self, PluginTrace, StageTrace, TraceContext, Verdict},
    observe::{HookRecord, LoginRecord, login::mode_name},
};

/// Longest text of an attribute, in characters.
const TEXT: usize = 256;

/// Appends the spans of one job.
pub(super) fn push(batch: &mut Vec<SpanData>, job: &Job) {
    match job {
        Job::Login(record) => login(batch, record),
        Job::PostActions {
            login,
            ended_at,
            stage: actions,
        } => {
            let began = before(*ended_at, actions.elapsed);
            stage(batch, login, began, actions);
        }
        Job::Hook(record) => hook(batch, record),
    }
}

/// The spans of one stage: its own, and one for each plugin that was asked.
/// None for a stage in which no plugin had a part.
pub(super) fn count(stage: &StageTrace) -> usize {
    let asked = stage.plugins.iter().filter(|plugin| plugin.was_asked());
    match asked.count() {
        0 => 0,
        calls => 1 + calls,
    }
}

fn login(batch: &mut Vec<SpanData>, record: &LoginRecord) {
    let Some(span) = &record.span else { return };
    let began = before(record.decided_at, record.latency);
    let known_name = if record.user_found {
        record.username.as_str()
    } else {
        ""
    };
    let attributes = texts(&[
        ("http.request.method", &record.http_method),
        ("url.path", &record.path),
        ("client.address", &record.client),
        ("user.name", known_name),
        ("bulkhead.session", &record.session),
        ("bulkhead.request_id", &record.request_id),
        ("bulkhead.mode", mode_name(record.mode)),
        ("bulkhead.service", &record.service),
        ("bulkhead.protocol", &record.protocol),
        ("bulkhead.verdict", record.verdict.as_str()),
        ("bulkhead.backend", &record.backend),
        ("bulkhead.feature", &record.feature),
    ]);
    let status = match record.verdict {
        // To reject is what the server is for.
        Verdict::Accept | Verdict::Reject => Status::Unset,
        Verdict::TemporaryFailure => Status::error(record.verdict.as_str()),
    };
    batch.push(SpanData {
        span_kind: SpanKind::Server,
        parent_span_is_remote: span.parent.is_some(),
        status,
        attributes,
        ..data(
            span,
            span.span_id,
            span.parent,
            "login".into(),
            began,
            record.latency,
        )
    });
    for one in &record.trace.stages {
        stage(batch, span, began, one);
    }
}

/// `began` is what the stage's times count from.
fn stage(batch: &mut Vec<SpanData>, login: &TraceContext, began: SystemTime, stage: &StageTrace) {
    if !stage.was_asked() {
        return;
    }
    let word = stage.stage.as_str();
    let own = auth::new_span_id();
    batch.push(SpanData {
        attributes: texts(&[("bulkhead.stage", word)]),
        ..data(
            login,
            own,
            Some(login.span_id),
            word.into(),
            began + stage.started,
            stage.elapsed,
        )
    });
    for call in stage.plugins.iter().filter(|call| call.was_asked()) {
        batch.push(plugin(login, own, word, began, call));
    }
}

fn plugin(
    trace: &TraceContext,
    parent: auth::SpanId,
    stage: &str,
    began: SystemTime,
    call: &PluginTrace,
) -> SpanData {
    let usage = &call.usage;
    let mut attributes = texts(&[
        ("bulkhead.plugin", &call.plugin),
        ("bulkhead.stage", stage),
        ("bulkhead.verdict", &call.verdict),
        ("error.type", call.kind.unwrap_or_default()),
    ]);
    attributes.extend([
        KeyValue::new("bulkhead.cpu_us", microseconds(usage.cpu)),
        KeyValue::new("bulkhead.queued_us", microseconds(usage.queued)),
        KeyValue::new("bulkhead.memory_bytes", whole(usage.memory_bytes)),
        KeyValue::new("bulkhead.host_calls", i64::from(usage.host_calls)),
    ]);
    SpanData {
        attributes,
        status: call.kind.map_or(Status::Unset, Status::error),
        ..data(
            trace,
            call.span_id.unwrap_or_else(auth::new_span_id),
            Some(parent),
            call.plugin.clone().into(),
            began + call.started,
            usage.elapsed,
        )
    }
}

fn hook(batch: &mut Vec<SpanData>, record: &HookRecord) {
    let Some(span) = &record.span else { return };
    let began = before(record.ended_at, record.latency);
    let mut attributes = texts(&[
        ("http.request.method", &record.method),
        ("http.route", &record.route),
        ("client.address", &record.client),
        ("bulkhead.session", &record.session),
    ]);
    attributes.push(KeyValue::new(
        "http.response.status_code",
        i64::from(record.status),
    ));
    batch.push(SpanData {
        span_kind: SpanKind::Server,
        parent_span_is_remote: span.parent.is_some(),
        status: record.call.kind.map_or(Status::Unset, Status::error),
        attributes,
        ..data(
            span,
            span.span_id,
            span.parent,
            "hook".into(),
            began,
            record.latency,
        )
    });
    batch.push(plugin(span, span.span_id, "hooks", began, &record.call));
}

/// A span of an internal step, with nothing on it.
fn data(
    trace: &TraceContext,
    own: auth::SpanId,
    parent: Option<auth::SpanId>,
    name: Cow<'static, str>,
    start_time: SystemTime,
    elapsed: Duration,
) -> SpanData {
    SpanData {
        span_context: SpanContext::new(
            TraceId::from_bytes(trace.trace_id),
            SpanId::from_bytes(own),
            TraceFlags::SAMPLED,
            false,
            TraceState::from_str(&trace.state).unwrap_or_default(),
        ),
        parent_span_id: parent.map_or(SpanId::INVALID, SpanId::from_bytes),
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name,
        start_time,
        end_time: start_time + elapsed,
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder("bulkhead")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build(),
    }
}

/// Attributes with a text; empty ones are left out, long ones cut.
fn texts(pairs: &[(&'static str, &str)]) -> Vec<KeyValue> {
    pairs
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(key, text)| KeyValue::new(*key, text.chars().take(TEXT).collect::<String>()))
        .collect()
}

fn before(time: SystemTime, elapsed: Duration) -> SystemTime {
    time.checked_sub(elapsed).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
