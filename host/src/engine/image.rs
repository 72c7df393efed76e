//! One compiled component, ready to be instantiated, and its live instances.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use wasmtime::{
    Store, StoreContextMut, UpdateDeadline,
    component::{Component, InstancePre, Linker},
};
use zeroize::Zeroize;

use super::{PluginKind, classify};
use crate::{
    auth::HookRequest,
    capability::{
        CallState,
        answer::{self, Weight},
        bindings::{
            bulkhead::policy::types as wit,
            exports::bulkhead::policy::{
                action, backend, cache_flush, feature, filter, hook, init, lifecycle,
            },
        },
        convert,
    },
    pipeline::{Answer, Failure, FailureKind, Operation, Question},
};

/// A component bound to its imports.
pub(super) struct Image {
    pre: InstancePre<CallState>,
    entry: Entry,
    lifecycle: lifecycle::GuestIndices,
    /// Given to each fresh instance, where it could not be frozen into the image.
    configuration: Option<String>,
}

/// The function that a plugin of one kind is asked through.
#[derive(Clone)]
enum Entry {
    Feature(feature::GuestIndices),
    Backend(backend::GuestIndices),
    Filter(filter::GuestIndices),
    Action(action::GuestIndices),
    Hook(hook::GuestIndices),
    Init(init::GuestIndices),
    CacheFlush(cache_flush::GuestIndices),
}

enum Guest {
    Feature(feature::Guest),
    Backend(backend::Guest),
    Filter(filter::Guest),
    Action(action::Guest),
    Hook(hook::Guest),
    Init(init::Guest),
    /// Checked when it is loaded; nothing asks it yet.
    CacheFlush,
}

/// An instance that can be asked.
pub(super) struct Live {
    pub(super) store: Store<CallState>,
    guest: Guest,
    /// Its place among all instances of the server.
    _place: Option<OwnedSemaphorePermit>,
}

/// A question in the contract's records.
pub(super) enum Asked {
    Feature(Sent),
    Backend(Sent, Operation),
    Filter(Sent),
    Action(Sent, wit::Event),
    Hook(Arc<HookRequest>),
    Init,
}

/// A request on its way into a guest. Its copy of the password is wiped when the call is over,
/// however it ends.
pub(super) struct Sent(wit::Request);

impl Drop for Sent {
    fn drop(&mut self) {
        self.0.password.zeroize();
    }
}

/// A store with all of its limits in place.
pub(super) fn new_store(engine: &wasmtime::Engine, state: CallState) -> Store<CallState> {
    let boundary = usize::try_from(state.rights.limits.boundary_bytes).unwrap_or(usize::MAX);
    let mut store = Store::new(engine, state);
    store.limiter(|state| state);
    store.set_hostcall_fuel(boundary);
    store.epoch_deadline_callback(on_tick);
    store.set_epoch_deadline(1);
    store
}

/// Runs in the guest's loops and calls once per tick: ends a call that is over its limits, and lets
/// others have a turn.
fn on_tick(context: StoreContextMut<'_, CallState>) -> wasmtime::Result<UpdateDeadline> {
    let meter = &context.data().meter;
    meter.check()?;
    meter.set_yielded();
    Ok(UpdateDeadline::Yield(1))
}

impl Image {
    /// Binds a component to its imports and looks up its exports.
    pub(super) fn new(
        linker: &Linker<CallState>,
        component: &Component,
        kind: PluginKind,
        configuration: Option<String>,
    ) -> wasmtime::Result<Self> {
        let pre = linker.instantiate_pre(component)?;
        let entry = match kind {
            PluginKind::Feature => Entry::Feature(feature::GuestIndices::new(&pre)?),
            PluginKind::Backend => Entry::Backend(backend::GuestIndices::new(&pre)?),
            PluginKind::Filter => Entry::Filter(filter::GuestIndices::new(&pre)?),
            PluginKind::Action => Entry::Action(action::GuestIndices::new(&pre)?),
            PluginKind::Hook => Entry::Hook(hook::GuestIndices::new(&pre)?),
            PluginKind::Init => Entry::Init(init::GuestIndices::new(&pre)?),
            PluginKind::CacheFlush => Entry::CacheFlush(cache_flush::GuestIndices::new(&pre)?),
        };
        let lifecycle = lifecycle::GuestIndices::new(&pre)?;
        Ok(Self {
            pre,
            entry,
            lifecycle,
            configuration,
        })
    }

    /// Makes a fresh instance.
    pub(super) async fn open(
        &self,
        state: CallState,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<Live, (Store<CallState>, wasmtime::Error)> {
        let mut store = new_store(self.pre.engine(), state);
        match self.start(&mut store).await {
            Ok(guest) => Ok(Live {
                store,
                guest,
                _place: place,
            }),
            Err(error) => Err((store, error)),
        }
    }

    async fn start(&self, store: &mut Store<CallState>) -> wasmtime::Result<Guest> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        if let Some(configuration) = &self.configuration {
            let lifecycle = self.lifecycle.load(&mut *store, &instance)?;
            let configured = lifecycle.call_configure(&mut *store, configuration).await?;
            if configured.is_err() {
                return Err(wasmtime::Error::msg(
                    "it refused the configuration that it accepted when it was loaded",
                ));
            }
        }
        Ok(match &self.entry {
            Entry::Feature(entry) => Guest::Feature(entry.load(store, &instance)?),
            Entry::Backend(entry) => Guest::Backend(entry.load(store, &instance)?),
            Entry::Filter(entry) => Guest::Filter(entry.load(store, &instance)?),
            Entry::Action(entry) => Guest::Action(entry.load(store, &instance)?),
            Entry::Hook(entry) => Guest::Hook(entry.load(store, &instance)?),
            Entry::Init(entry) => Guest::Init(entry.load(store, &instance)?),
            Entry::CacheFlush(entry) => {
                entry.load(store, &instance)?;
                Guest::CacheFlush
            }
        })
    }
}

impl Live {
    /// Asks. The outer error is a trap or a broken value, the inner one a failure that the plugin or
    /// the contract names.
    pub(super) async fn ask(&mut self, asked: Asked) -> wasmtime::Result<Result<Answer, Failure>> {
        let store = &mut self.store;
        let mut weight = Weight::default();
        let answer = match (&self.guest, asked) {
            (Guest::Feature(guest), Asked::Feature(request)) => guest
                .call_run(&mut *store, &request.0)
                .await?
                .map_err(said)
                .and_then(|answer| kept(answer::feature_answer(answer, &mut weight)))
                .map(Answer::Feature),
            (Guest::Backend(guest), Asked::Backend(request, operation)) => guest
                .call_run(
                    &mut *store,
                    &request.0,
                    &convert::operation(operation.clone()),
                )
                .await?
                .map_err(said)
                .and_then(|answer| kept(answer::backend_answer(&operation, answer, &mut weight)))
                .map(Answer::Backend),
            (Guest::Filter(guest), Asked::Filter(request)) => guest
                .call_run(&mut *store, &request.0)
                .await?
                .map_err(said)
                .and_then(|answer| kept(answer::filter_answer(answer, &mut weight)))
                .map(Answer::Filter),
            (Guest::Action(guest), Asked::Action(request, event)) => guest
                .call_run(&mut *store, &request.0, event)
                .await?
                .map_err(said)
                .map(|()| Answer::Action),
            (Guest::Hook(guest), Asked::Hook(request)) => guest
                .call_run(&mut *store, &convert::hook_request(&request))
                .await?
                .map_err(said)
                .and_then(|response| kept(answer::hook_response(response, &mut weight)))
                .map(Answer::Hook),
            (Guest::Init(guest), Asked::Init) => guest
                .call_run(&mut *store)
                .await?
                .map_err(said)
                .map(|()| Answer::Action),
            _ => Err(Failure {
                kind: FailureKind::Contract,
                message: "it was asked a question of another kind".to_owned(),
            }),
        };
        store.data_mut().charge_bytes(weight.bytes())?;
        let refused = store.data().refused.as_ref();
        Ok(answer.map_err(|failure| classify::own_failure(failure, refused)))
    }
}

impl Asked {
    /// Turns a question into records. The password goes in only if it was granted.
    pub(super) fn new(question: Question, call: &crate::pipeline::Call, password: bool) -> Self {
        let sent = || Sent(convert::request(call, password));
        match question {
            Question::Feature => Self::Feature(sent()),
            Question::Backend(operation) => Self::Backend(sent(), operation),
            Question::Filter => Self::Filter(sent()),
            Question::Action(event) => Self::Action(sent(), convert::event_in(event)),
            Question::Hook(request) => Self::Hook(request),
        }
    }
}

fn said(failure: wit::Failure) -> Failure {
    Failure {
        kind: FailureKind::Plugin,
        message: crate::capability::printable(&failure.message).into_owned(),
    }
}

fn kept<T>(answer: Result<T, String>) -> Result<T, Failure> {
    answer.map_err(|message| Failure {
        kind: FailureKind::Contract,
        message,
    })
}
