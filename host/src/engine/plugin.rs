//! A loaded plugin: admits calls, runs them within their limits, and turns every way to fail into a
//! failure that names its cause.

use std::{
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU32},
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    Description, PluginKind, Shared, classify,
    image::{Asked, Image, Live},
    inputs::{Fingerprint, Inputs},
    load::Made,
    waiting::Waiting,
};
use crate::{
    auth::{Usage, Value},
    capability::{CallState, Meter, Rights, Sources, Stop},
    config::Instances,
    pipeline::{Answer, Call, ContextChange, Failure, FailureKind, OnError, Plugin, Question, Ran},
};

/// A component or script that is ready to be asked.
pub struct LoadedPlugin {
    inner: Arc<Inner>,
    on_error: OnError,
    description: Description,
    fingerprint: Fingerprint,
    /// The other Lua files that the image depends on, present or not.
    depends: Arc<[PathBuf]>,
}

pub(super) struct Inner {
    pub(super) shared: Arc<Shared>,
    pub(super) kind: PluginKind,
    image: Arc<Image>,
    pub(super) rights: Arc<Rights>,
    pub(super) instances: Instances,
    slots: Arc<Semaphore>,
    waiting: AtomicU32,
    /// Used instances that wait for their next call; the last one in is the first one out, because
    /// its memory is still in the processor's caches.
    idle: Mutex<Vec<Live>>,
}

/// What a call leaves behind when it ends by itself.
struct Outcome {
    answer: Result<Answer, Failure>,
    changes: Vec<ContextChange>,
    log_fields: Vec<(String, Value)>,
}

impl LoadedPlugin {
    pub(super) fn new(
        shared: Arc<Shared>,
        kind: PluginKind,
        made: Made,
        fingerprint: Fingerprint,
        instances: Instances,
        on_error: OnError,
    ) -> Self {
        let rights = made.rights;
        let concurrency = usize::try_from(rights.limits.concurrency).unwrap_or(usize::MAX);
        Self {
            inner: Arc::new(Inner {
                shared,
                kind,
                image: Arc::new(made.image),
                slots: Arc::new(Semaphore::new(concurrency.min(Semaphore::MAX_PERMITS))),
                rights,
                instances,
                waiting: AtomicU32::new(0),
                idle: Mutex::new(Vec::new()),
            }),
            on_error,
            description: made.description,
            fingerprint,
            depends: made.depends.into(),
        }
    }

    /// This plugin for the next generation, unless it would have to be made anew. Where only Lua files
    /// have changed that it was not compiled from, it is the same code with a new view of the files.
    pub(super) fn unchanged(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        inputs: &Inputs,
    ) -> Option<Arc<Self>> {
        let inner = &self.inner;
        if self.fingerprint != inputs.fingerprint || !Arc::ptr_eq(&inner.shared, shared) {
            return None;
        }
        let sources = &inner.rights.sources;
        if sources.same(&inputs.sources) {
            return Some(Arc::clone(self));
        }
        sources
            .same_at(&inputs.sources, &*self.depends)
            .then(|| Arc::new(self.with_sources(inputs.sources.clone())))
    }

    fn with_sources(&self, sources: Sources) -> Self {
        let inner = &self.inner;
        Self {
            inner: Arc::new(Inner {
                shared: inner.shared.clone(),
                kind: inner.kind,
                image: inner.image.clone(),
                rights: Arc::new(Rights {
                    sources,
                    ..Rights::clone(&inner.rights)
                }),
                instances: inner.instances,
                // Both views together are one plugin, with one limit.
                slots: inner.slots.clone(),
                waiting: AtomicU32::new(0),
                idle: Mutex::new(Vec::new()),
            }),
            on_error: self.on_error,
            description: self.description.clone(),
            fingerprint: self.fingerprint,
            depends: self.depends.clone(),
        }
    }

    /// Makes an instance, asks it nothing, and drops it: what cannot even be instantiated under its
    /// limits would fail every login.
    pub async fn probe(&self, deadline: Instant) -> Result<(), Failure> {
        let limits = &self.inner.rights.limits;
        let meter = Arc::new(Meter::new(limits.cpu, deadline, Stop::Deadline));
        let inner = self.inner.clone();
        let work = async move {
            let _running = inner.shared.ticker.run();
            let state = CallState::new(inner.rights.clone(), meter);
            let boundary = inner.rights.limits.boundary_bytes;
            match inner.image.open(state, None).await {
                Ok(_) => Ok(()),
                Err((_, error)) => Err(classify::failure(&error, boundary)),
            }
        };
        let work = AssertUnwindSafe(work).catch_unwind();
        match tokio::time::timeout_at(deadline.into(), work).await {
            Ok(Ok(probed)) => probed,
            Ok(Err(_)) => Err(panicked()),
            Err(_) => Err(classify::from_stop(&Stop::Deadline)),
        }
    }

    /// Who the plugin says that it is.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// What it was loaded as.
    pub fn kind(&self) -> PluginKind {
        self.inner.kind
    }

    /// Calls that run at this moment.
    pub fn running(&self) -> usize {
        let limit = usize::try_from(self.inner.rights.limits.concurrency).unwrap_or(usize::MAX);
        limit.saturating_sub(self.inner.slots.available_permits())
    }

    /// Instances that wait to be used again (`instances: pooled` only).
    pub fn idle(&self) -> usize {
        self.inner.idle().len()
    }

    /// Runs an init plugin.
    pub async fn run_init(&self, deadline: Instant) -> Ran {
        let call = Call {
            request: Arc::new(empty_request()),
            progress: Arc::default(),
            context: crate::pipeline::Context::default(),
            deadline,
            began: Instant::now(),
            trace: None,
        };
        self.inner.run(None, call).await
    }
}

impl Plugin for LoadedPlugin {
    fn name(&self) -> &str {
        &self.inner.rights.plugin
    }

    fn on_error(&self) -> OnError {
        self.on_error
    }

    fn may_accept(&self) -> bool {
        self.inner.rights.grants.may_accept
    }

    fn sees_password(&self) -> bool {
        self.inner.rights.grants.password
    }

    fn running(&self) -> usize {
        LoadedPlugin::running(self)
    }

    fn run(&self, question: Question, call: Call) -> BoxFuture<'_, Ran> {
        Box::pin(self.inner.run(Some(question), call))
    }
}

impl Inner {
    async fn run(self: &Arc<Self>, question: Option<Question>, call: Call) -> Ran {
        let asked_at = Instant::now();
        let admitted = self.admit(call.deadline).await;
        let started_at = Instant::now();
        let queued = started_at - asked_at;
        let slot = match admitted {
            Ok(slot) => slot,
            Err(failure) => {
                return Ran {
                    answer: Err(failure),
                    context: Vec::new(),
                    log_fields: Vec::new(),
                    usage: Usage {
                        elapsed: queued,
                        queued,
                        ..Usage::default()
                    },
                };
            }
        };
        let limits = &self.rights.limits;
        let own_deadline = started_at + limits.wall_clock;
        let (deadline, late) = if call.deadline < own_deadline {
            (call.deadline, Stop::Deadline)
        } else {
            (own_deadline, Stop::WallClock(limits.wall_clock))
        };
        let meter = Arc::new(Meter::new(limits.cpu, deadline, late));
        let work = self.clone().work(question, call, meter.clone(), slot);
        let watched = self.shared.lane.watch(work.boxed(), meter.clone());
        let outcome = tokio::time::timeout_at(deadline.into(), watched).await;
        let outcome = match outcome {
            Ok(Some(outcome)) => outcome,
            Ok(None) => Outcome::failed(panicked()),
            Err(_) => Outcome::failed(classify::from_stop(&meter.late())),
        };
        Ran {
            answer: outcome.answer,
            context: outcome.changes,
            log_fields: outcome.log_fields,
            usage: Usage {
                elapsed: asked_at.elapsed(),
                queued,
                cpu: meter.cpu(),
                memory_bytes: meter.memory(),
                host_calls: meter.host_calls(),
            },
        }
    }

    /// Waits for a slot; refuses when too many wait already.
    async fn admit(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Failure> {
        let overloaded = |message: String| Failure {
            kind: FailureKind::Overloaded,
            message,
        };
        if let Ok(slot) = self.slots.clone().try_acquire_owned() {
            return Ok(slot);
        }
        let limits = &self.rights.limits;
        let _waiting = Waiting::enter(&self.waiting, limits.queue).ok_or_else(|| {
            overloaded(format!(
                "{} calls run and {} wait; these are its limits `concurrency` and `queue`",
                limits.concurrency, limits.queue
            ))
        })?;
        match tokio::time::timeout_at(deadline.into(), self.slots.clone().acquire_owned()).await {
            Ok(Ok(slot)) => Ok(slot),
            _ => Err(overloaded(format!(
                "the deadline of the request passed while it waited for one of {} slots, its limit `concurrency`",
                limits.concurrency
            ))),
        }
    }

    /// The call itself. Holds everything that must end with it: slot, instance, and the ticker's
    /// attention.
    async fn work(
        self: Arc<Self>,
        question: Option<Question>,
        call: Call,
        meter: Arc<Meter>,
        slot: OwnedSemaphorePermit,
    ) -> Outcome {
        let _running = self.shared.ticker.run();
        // A panic of a host function is our defect; it costs this call and nobody else's.
        let outcome = AssertUnwindSafe(self.ask(question, call, meter))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Outcome::failed(panicked()));
        drop(slot);
        outcome
    }

    async fn ask(&self, question: Option<Question>, call: Call, meter: Arc<Meter>) -> Outcome {
        let in_login = !matches!(
            question,
            None | Some(Question::Hook(_) | Question::CacheFlush)
        );
        let asked = match question {
            Some(question) => Asked::new(question, &call, self.rights.grants.password),
            None => Asked::Init,
        };
        let mut live = match self.instance(meter).await {
            Ok(live) => live,
            Err(outcome) => return outcome,
        };
        let state = live.store.data_mut();
        state.trace = call.trace;
        if in_login {
            state.request = Some(call.request);
            state.context = call.context;
        }
        let answer = match live.ask(asked).await {
            Ok(answer) => answer,
            Err(error) => {
                let state = live.store.into_data();
                let failure = classify::failure_of_call(&error, &state);
                return Outcome::from(state).with(Err(failure));
            }
        };
        if self.instances == Instances::Pooled && answer.is_ok() {
            let state = live.store.data_mut();
            state.log_wasi_output();
            let outcome = Outcome {
                answer,
                changes: std::mem::take(&mut state.changes),
                log_fields: std::mem::take(&mut state.log_fields),
            };
            // Nothing of this login may wait in the pool for the next one.
            let unused = Meter::new(Duration::ZERO, Instant::now(), Stop::Cancelled);
            state.renew(Arc::new(unused));
            self.idle().push(live);
            return outcome;
        }
        Outcome::from(live.store.into_data()).with(answer)
    }

    /// A used instance in pooled mode, else a fresh one.
    async fn instance(&self, meter: Arc<Meter>) -> Result<Live, Outcome> {
        if self.instances == Instances::Pooled {
            let used = self.idle().pop();
            if let Some(mut live) = used {
                live.renew(meter);
                return Ok(live);
            }
        }
        let place = self.place(&meter).await.map_err(Outcome::failed)?;
        let state = CallState::new(self.rights.clone(), meter);
        let opened = self.image.open(state, Some(place)).await;
        opened.map_err(|(store, error)| {
            let failure = classify::failure(&error, self.rights.limits.boundary_bytes);
            Outcome::from(store.into_data()).with(Err(failure))
        })
    }

    /// A place among all instances of the server.
    async fn place(&self, meter: &Meter) -> Result<OwnedSemaphorePermit, Failure> {
        let places = self.shared.places.clone();
        if let Ok(place) = places.clone().try_acquire_owned() {
            return Ok(place);
        }
        match tokio::time::timeout_at(meter.deadline().into(), places.acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Failure {
                kind: FailureKind::Overloaded,
                message:
                    "no place became free for another instance; the limit is `limits.instances`"
                        .to_owned(),
            }),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Live>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    /// Makes a used instance ready for its next call.
    fn renew(&mut self, meter: Arc<Meter>) {
        self.store.data_mut().renew(meter);
        self.store.set_epoch_deadline(1);
    }
}

impl Outcome {
    fn failed(failure: Failure) -> Self {
        Self {
            answer: Err(failure),
            changes: Vec::new(),
            log_fields: Vec::new(),
        }
    }

    fn with(self, answer: Result<Answer, Failure>) -> Self {
        Self { answer, ..self }
    }
}

impl From<CallState> for Outcome {
    fn from(mut state: CallState) -> Self {
        state.log_wasi_output();
        Self {
            answer: Err(panicked()),
            changes: state.changes,
            log_fields: state.log_fields,
        }
    }
}

fn panicked() -> Failure {
    Failure {
        kind: FailureKind::Trap,
        message: "the host failed while it ran (a defect of Bulkhead; see the log)".to_owned(),
    }
}

/// For calls that have nothing to do with a login.
fn empty_request() -> crate::auth::Request {
    crate::auth::Request::default()
}
