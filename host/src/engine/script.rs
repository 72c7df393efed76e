//! `bulkhead lua run`: a plain Lua program in the sandbox.

use std::{io::Write, path::PathBuf, sync::Arc, time::Instant};

use futures_util::FutureExt;

use super::{
    LoadError, Shared, classify,
    freeze::{self, Bundle, Setup},
    load,
};
use crate::{
    capability::{
        CallState, Meter, Rights, Services, Stop, bindings::exports::bulkhead::policy::script,
    },
    config::{Dialect, Grants, Limits},
    pipeline::Failure,
};

/// A program and what it may use.
pub struct ScriptRun {
    /// Where it lies: its folder is searched for modules.
    pub path: PathBuf,
    /// The program.
    pub source: Vec<u8>,
    /// Which Lua.
    pub dialect: Dialect,
    /// How it is named in messages.
    pub chunk_name: String,
    /// Further templates for `package.path`.
    pub package_path: String,
    /// For `arg` and `...`.
    pub arguments: Vec<String>,
    /// Where `print` and `io.write` go.
    pub output: Box<dyn Write + Send>,
    /// Of the run; `load_timeout` does not apply to it.
    pub limits: Limits,
    /// What it may ask the host to do.
    pub grants: Grants,
    /// The outside; [`Services::none`] when nothing is granted.
    pub services: Arc<Services>,
}

/// Why a program did not end by itself.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// It cannot be compiled, or the runtime cannot be used.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// An error that nobody caught.
    #[error("{message}")]
    Uncaught {
        /// With chunk and line.
        message: String,
        /// From 1; 0 when unknown.
        line: u32,
        /// Frames, or empty.
        traceback: String,
    },
    /// It was stopped.
    #[error("{0}")]
    Stopped(Failure),
}

pub(super) async fn run(shared: &Arc<Shared>, run: ScriptRun) -> Result<u8, ScriptError> {
    let limits = run.limits.clone();
    let deadline = Instant::now() + limits.wall_clock;
    let late = Stop::WallClock(limits.wall_clock);
    let meter = Arc::new(Meter::new(limits.cpu, deadline, late));
    let work = run_here(shared.clone(), run, meter.clone());
    let watched = shared.lane.watch(work.boxed(), meter.clone());
    match tokio::time::timeout_at(deadline.into(), watched).await {
        Ok(Some(ended)) => ended,
        Ok(None) => Err(ScriptError::Load(LoadError::Runtime(
            "the host failed while it ran (a defect of Bulkhead)".to_owned(),
        ))),
        Err(_) => Err(ScriptError::Stopped(classify::from_stop(&meter.late()))),
    }
}

/// Compiles a program and the modules that it names, and runs nothing of it.
pub(super) async fn compile(shared: &Arc<Shared>, run: ScriptRun) -> Result<(), ScriptError> {
    let deadline = Instant::now() + run.limits.wall_clock;
    let late = Stop::WallClock(run.limits.wall_clock);
    let meter = Arc::new(Meter::new(run.limits.cpu, deadline, late));
    set_up(shared, run, meter).await.map(|_| ())
}

async fn set_up(
    shared: &Arc<Shared>,
    run: ScriptRun,
    meter: Arc<Meter>,
) -> Result<freeze::Ready, ScriptError> {
    let sources = load::collect_sources(&run.path, &run.package_path)?;
    let timeout = run.limits.wall_clock;
    let http = run
        .grants
        .http
        .as_ref()
        .map(|grant| run.services.http.bind(&run.chunk_name, grant));
    let sql = run
        .grants
        .sql
        .as_ref()
        .map(|grant| run.services.sql.bind(grant));
    let rights = Rights {
        plugin: run.chunk_name.clone(),
        limits: run.limits,
        context_bytes: shared.limits.load().context_bytes,
        store_value_bytes: shared.limits.load().store_value_bytes,
        http: http.transpose().map_err(|reason| LoadError::Grant {
            grant: "http",
            reason,
        })?,
        sql: sql.transpose().map_err(|reason| LoadError::Grant {
            grant: "sql",
            reason,
        })?,
        secrets: std::collections::BTreeMap::new(),
        environment: run
            .grants
            .environment
            .iter()
            .filter_map(|name| Some((name.clone(), std::env::var(name).ok()?)))
            .collect(),
        grants: run.grants,
        sources,
        services: run.services,
    };
    let mut state = CallState::new(Arc::new(rights), meter);
    state.output = Some(run.output);
    let setup = Setup {
        configuration: None,
        bundle: Some(Bundle {
            dialect: run.dialect,
            kind: script::Kind::Plain,
            chunk_name: run.chunk_name,
            source: run.source,
            package_path: load::search_path(&run.path, &run.package_path),
        }),
        timeout,
    };
    let runtime = load::runtime(shared)?;
    let _running = shared.ticker.run();
    Ok(freeze::set_up(&shared.linker, runtime.component(), state, &setup).await?)
}

async fn run_here(
    shared: Arc<Shared>,
    run: ScriptRun,
    meter: Arc<Meter>,
) -> Result<u8, ScriptError> {
    let boundary = run.limits.boundary_bytes;
    let arguments = run.arguments.clone();
    let mut ready = set_up(&shared, run, meter).await?;
    let runtime = load::runtime(&shared)?;
    let _running = shared.ticker.run();
    let stopped =
        |error: wasmtime::Error| ScriptError::Stopped(classify::failure(&error, boundary));
    let pre = shared
        .linker
        .instantiate_pre(runtime.component())
        .map_err(stopped)?;
    let guest = script::GuestIndices::new(&pre)
        .and_then(|indices| indices.load(&mut ready.store, &ready.instance))
        .map_err(stopped)?;
    let ended = guest
        .call_run(&mut ready.store, &arguments)
        .await
        .map_err(|error| {
            ScriptError::Stopped(classify::failure_of_call(&error, ready.store.data()))
        })?;
    if let Some(output) = &mut ready.store.data_mut().output {
        // A reader that has gone away is not the program's fault.
        let _ = output.flush();
    }
    ended.map_err(|error| ScriptError::Uncaught {
        message: error.message,
        line: error.line,
        traceback: error.traceback,
    })
}
