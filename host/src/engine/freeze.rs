//! Takes a component in: runs what has to run once, and freezes the resulting memory into an image from
//! which every call starts.
//!
//! Wizer's own runner unwraps whatever the guest does, so this is a runner of our own: the guest works
//! under limits, and reading its memory afterwards cannot fail for lack of time or fuel.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use wasmtime::{
    AsContextMut, Store,
    component::{Component, Instance, Lift, Linker, WasmList},
};
use wasmtime_wizer::{ComponentContext, ComponentInstanceState, Wizer};

use super::{Description, LoadError, classify, error::ConfigurationProblem, image};
use crate::{
    capability::{
        CallState, Meter, Rights, Stop,
        bindings::exports::bulkhead::policy::{lifecycle, script},
        printable,
    },
    config::Dialect,
};

/// What a script consists of.
#[derive(Clone)]
pub(super) struct Bundle {
    pub(super) dialect: Dialect,
    pub(super) kind: script::Kind,
    pub(super) chunk_name: String,
    pub(super) source: Vec<u8>,
    pub(super) package_path: String,
}

/// What a component is set up with.
pub(super) struct Setup {
    /// JSON; none: only `describe` is asked.
    pub(super) configuration: Option<String>,
    pub(super) bundle: Option<Bundle>,
    pub(super) timeout: Duration,
}

/// A guest that has described and configured itself.
pub(super) struct Ready {
    pub(super) store: Store<CallState>,
    pub(super) instance: Instance,
    pub(super) description: Description,
}

/// The state of a store in which a guest is set up. Nobody polls it under measurement, so its only limit
/// in time is the deadline.
pub(super) fn loading_state(rights: Arc<Rights>, timeout: Duration) -> CallState {
    let meter = Meter::new(timeout, Instant::now() + timeout, Stop::Deadline);
    CallState::new(rights, Arc::new(meter))
}

/// Instantiates a component and runs `describe`, `configure` and, for scripts, `load`.
pub(super) async fn set_up(
    linker: &Linker<CallState>,
    component: &Component,
    state: CallState,
    setup: &Setup,
) -> Result<Ready, LoadError> {
    let boundary = state.rights.limits.boundary_bytes;
    let mut store = image::new_store(component.engine(), state);
    let failed = |step: &'static str| {
        let timeout = setup.timeout;
        move |error: wasmtime::Error| match error.downcast_ref::<Stop>() {
            Some(Stop::CpuTime(_) | Stop::Deadline) => LoadError::Timeout {
                step,
                limit: timeout,
            },
            _ => LoadError::Failed {
                step,
                reason: classify::failure(&error, boundary).message,
            },
        }
    };
    let pre = linker.instantiate_pre(component).map_err(incompatible)?;
    let indices = lifecycle::GuestIndices::new(&pre).map_err(incompatible)?;
    let instance = timed(setup, "start", pre.instantiate_async(&mut store))
        .await?
        .map_err(failed("start"))?;
    let guest = indices.load(&mut store, &instance).map_err(incompatible)?;
    let description = timed(setup, "describe", guest.call_describe(&mut store))
        .await?
        .map_err(failed("describe"))?;
    if let Some(configuration) = &setup.configuration {
        let configured = timed(
            setup,
            "configure",
            guest.call_configure(&mut store, configuration),
        )
        .await?
        .map_err(failed("configure"))?;
        if let Err(problems) = configured {
            let problems = problems.into_iter().map(|problem| ConfigurationProblem {
                path: printable(&problem.path).into_owned(),
                message: printable(&problem.message).into_owned(),
            });
            return Err(LoadError::Configuration(problems.collect()));
        }
    }
    if let Some(bundle) = &setup.bundle {
        let indices = script::GuestIndices::new(&pre).map_err(incompatible)?;
        let guest = indices.load(&mut store, &instance).map_err(incompatible)?;
        let bundle = script::Bundle {
            dialect: match bundle.dialect {
                Dialect::Lua51 => script::Dialect::Lua51,
                Dialect::Lua54 => script::Dialect::Lua54,
            },
            kind: bundle.kind,
            chunk_name: bundle.chunk_name.clone(),
            source: bundle.source.clone(),
            package_path: bundle.package_path.clone(),
        };
        let loaded = timed(setup, "load", guest.call_load(&mut store, &bundle))
            .await?
            .map_err(failed("load"))?;
        if let Err(error) = loaded {
            return Err(LoadError::Script {
                message: printable(&error.message).into_owned(),
                line: error.line,
                traceback: error.traceback,
            });
        }
    }
    Ok(Ready {
        store,
        instance,
        description: Description {
            name: printable(&description.name).into_owned(),
            version: printable(&description.version).into_owned(),
            summary: printable(&description.summary).into_owned(),
        },
    })
}

/// A guest that waits for the outside at load is not stopped by the epoch, but by the clock.
async fn timed<T>(
    setup: &Setup,
    step: &'static str,
    future: impl Future<Output = T>,
) -> Result<T, LoadError> {
    tokio::time::timeout(setup.timeout, future)
        .await
        .map_err(|_| LoadError::Timeout {
            step,
            limit: setup.timeout,
        })
}

/// Its functions have other types than the contract says.
fn incompatible(error: wasmtime::Error) -> LoadError {
    LoadError::Failed {
        step: "link",
        reason: format!("{:#}", error),
    }
}

/// A component made ready for freezing.
pub(super) struct Instrumented<'a> {
    context: ComponentContext<'a>,
    /// To be compiled and set up.
    pub(super) bytes: Vec<u8>,
}

/// Prepares a component, or says why it cannot be frozen (then it is set up before each call).
pub(super) fn instrument(bytes: &[u8]) -> Result<Instrumented<'_>, String> {
    let wizer = wizer();
    // Wizer panics on constructs that it does not know.
    let instrumented =
        std::panic::catch_unwind(AssertUnwindSafe(|| wizer.instrument_component(bytes)));
    match instrumented {
        Ok(Ok((context, bytes))) => Ok(Instrumented { context, bytes }),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(_) => Err("it has a form that cannot be frozen".to_owned()),
    }
}

/// Freezes a guest that was set up from the instrumented component.
pub(super) async fn freeze(
    instrumented: &Instrumented<'_>,
    ready: &mut Ready,
) -> Result<Vec<u8>, LoadError> {
    // From here on nothing that the guest did may stop us: its memory is capped, and all that runs
    // is Wizer's own reading code.
    ready.store.set_hostcall_fuel(usize::MAX);
    ready
        .store
        .epoch_deadline_callback(|_| Ok(wasmtime::UpdateDeadline::Yield(1)));
    let mut reader = Reader {
        store: &mut ready.store,
        instance: ready.instance,
        trouble: None,
    };
    let wizer = wizer();
    let snapshot = AssertUnwindSafe(wizer.snapshot_component(&instrumented.context, &mut reader))
        .catch_unwind()
        .await;
    let failed = |reason: String| LoadError::Failed {
        step: "freeze",
        reason,
    };
    if let Some(error) = reader.trouble {
        return Err(failed(format!("{error:#}")));
    }
    match snapshot {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(failed(format!("{error:#}"))),
        Err(_) => Err(failed(
            "its memory has a form that cannot be frozen".to_owned(),
        )),
    }
}

fn wizer() -> Wizer {
    let mut wizer = Wizer::new();
    // Nothing is to be removed: there is no init function among the exports.
    wizer.keep_init_func(true);
    wizer
}

/// Reads memories and globals through the functions that instrumenting added.
struct Reader<'a> {
    store: &'a mut Store<CallState>,
    instance: Instance,
    trouble: Option<wasmtime::Error>,
}

impl Reader<'_> {
    async fn call<R: Lift + Send + Sync + 'static>(
        &mut self,
        interface: &str,
        function: &str,
    ) -> Option<R> {
        match self.try_call(interface, function).await {
            Ok(value) => Some(value),
            Err(error) => {
                self.trouble.get_or_insert(error);
                None
            }
        }
    }

    async fn try_call<R: Lift + Send + Sync + 'static>(
        &mut self,
        interface: &str,
        function: &str,
    ) -> wasmtime::Result<R> {
        let missing = || wasmtime::Error::msg("an accessor is missing");
        let outer = self
            .instance
            .get_export_index(self.store.as_context_mut(), None, interface)
            .ok_or_else(missing)?;
        let inner = self
            .instance
            .get_export_index(self.store.as_context_mut(), Some(&outer), function)
            .ok_or_else(missing)?;
        let typed = self
            .instance
            .get_typed_func::<(), (R,)>(self.store.as_context_mut(), inner)?;
        Ok(typed.call_async(self.store.as_context_mut(), ()).await?.0)
    }
}

impl ComponentInstanceState for Reader<'_> {
    async fn call_func_ret_list_u8(
        &mut self,
        instance: &str,
        func: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        match self.call::<WasmList<u8>>(instance, func).await {
            Some(list) => contents(list.as_le_slice(&*self.store)),
            None => contents(&[]),
        }
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.call(instance, func).await.unwrap_or_default()
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.call(instance, func).await.unwrap_or_default()
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        let value: f32 = self.call(instance, func).await.unwrap_or_default();
        value.to_bits()
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        let value: f64 = self.call(instance, func).await.unwrap_or_default();
        value.to_bits()
    }
}
