//! `bulkhead serve`: the server, until a signal ends it.

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use http::HeaderValue;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use super::{VERSION, exit, report};
use crate::{
    api,
    config::{self, Loaded},
    observe,
    reload::{self, Generation, StoreUse},
};

/// What post actions get to end when the server stops.
const POST_ACTION_GRACE: Duration = Duration::from_secs(10);

/// Answer login questions over HTTP
///
/// Runs in the foreground and logs to standard error. SIGTERM or SIGINT ends it: it accepts no more
/// connections, answers the requests that it has, lets post actions finish, and exits. A second signal
/// ends it at once.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  bulkhead serve -c /etc/bulkhead/bulkhead.yaml
  curl -H 'Content-Type: application/json' http://127.0.0.1:9080/api/v1/auth/json \\
    -d '{\"username\": \"alice\", \"password\": \"secret\", \"client_ip\": \"192.0.2.1\", \"ssl\": \"on\"}'

A configuration to begin with:
  pipeline:
    backends: [{name: users, script: backend.lua}]
  plugins:
    users: {grants: {password: true}}

Exit codes: 0 ended by a signal, 64 wrong command line, 69 the address is taken or the store cannot be
opened, 78 the configuration is wrong")]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", env = "BULKHEAD_CONFIG")]
    config: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let loaded = match report::load(&arguments.config) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    if let Err(why) = observe::init(&loaded.config.observe) {
        report::error(&format!("cannot start logging: {why}"));
        return ExitCode::from(exit::INTERNAL);
    }
    tracing::info!(
        version = VERSION,
        system = %format_args!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        configuration = %loaded.config.file.display(),
        process = std::process::id(),
        "Bulkhead starts"
    );
    let runtime = match report::runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let code = runtime.block_on(serve(loaded));
    // Plugins that still compute must not hold the exit up.
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

async fn serve(loaded: Loaded) -> ExitCode {
    // Before anything slow, so that a signal during the start ends the start.
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(why) => {
            report::error(&format!("cannot listen to signals: {why}"));
            return ExitCode::from(exit::INTERNAL);
        }
    };
    tokio::select! {
        biased;
        name = signals.next() => {
            tracing::info!(signal = name, "Bulkhead ends before it served");
            ExitCode::SUCCESS
        }
        started = start(loaded) => match started {
            Ok((listener, state)) => listen(listener, state, signals).await,
            Err(code) => code,
        }
    }
}

/// Loads everything and opens the port; complaints are printed.
async fn start(loaded: Loaded) -> Result<(TcpListener, Arc<api::State>), ExitCode> {
    let places = loaded.places;
    let server = reload::start(loaded.config, StoreUse::Configured)
        .await
        .map_err(|problems| {
            report::diagnostics(&reload::to_diagnostics(&problems, &places));
            report::exit_code(&problems)
        })?;
    let config = Arc::clone(&server.generation.config);
    let unavailable = |text: String| {
        report::error(&text);
        ExitCode::from(exit::UNAVAILABLE)
    };
    let observer =
        observe::Observer::new(&config.observe).map_err(|why| unavailable(format!("{why}")))?;
    let address = match config.server.listeners.first().map(|listener| &listener.at) {
        Some(config::ListenAt::Address(address)) => *address,
        _ => return Err(unavailable("only addresses so far".to_owned())),
    };
    let listener = TcpListener::bind(address)
        .await
        .map_err(|why| unavailable(format!("cannot listen on {address}: {why}")))?;
    let state = api::State::new(for_api(server.generation), server.store, Arc::new(observer));
    Ok((listener, state))
}

/// The generation as the routes need it.
fn for_api(generation: Generation) -> api::Generation {
    let backends = &generation.config.pipeline.backends;
    api::Generation {
        backend_numbers: backends
            .iter()
            .map(|entry| (entry.name.clone(), api::backend_number(&entry.source)))
            .collect(),
        hooks: hooks(generation.hooks, &generation.config.pipeline.hooks),
        pipeline: generation.pipeline,
        server: generation.config.server.clone(),
        limits: generation.config.limits.clone(),
    }
}

/// Both lists are in configuration order.
fn hooks(loaded: Vec<reload::Hook>, entries: &[config::HookEntry]) -> api::HookTable {
    let mut table = api::HookTable::default();
    for (loaded, entry) in loaded.into_iter().zip(entries) {
        let hook = api::Hook {
            plugin: loaded.plugin,
            content_type: entry
                .content_type
                .as_deref()
                .and_then(|text| HeaderValue::from_str(text).ok()),
        };
        if let Some(alias) = &entry.alias {
            let key = (loaded.method.clone(), alias.clone());
            table.aliases.insert(key, hook.clone());
        }
        table
            .locations
            .insert((loaded.method, loaded.location), hook);
    }
    table
}

async fn listen(listener: TcpListener, state: Arc<api::State>, mut signals: Signals) -> ExitCode {
    if let Ok(address) = listener.local_addr() {
        tracing::info!(address = %address, "Bulkhead listens");
    }
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let serving = async {
        let result = api::serve(listener, Arc::clone(&state), stopped.cancelled_owned()).await;
        state.close(POST_ACTION_GRACE).await;
        result
    };
    let ending = async {
        let name = signals.next().await;
        tracing::info!(signal = name, "Bulkhead ends: no new connections");
        stop.cancel();
        let name = signals.next().await;
        tracing::warn!(signal = name, "Bulkhead ends at once");
    };
    tokio::select! {
        result = serving => match result {
            Ok(()) => {
                tracing::info!("Bulkhead has ended");
                ExitCode::SUCCESS
            }
            Err(why) => {
                report::error(&format!("the server failed: {why}"));
                ExitCode::from(exit::UNAVAILABLE)
            }
        },
        () = ending => ExitCode::from(exit::TEMPORARY),
    }
}

/// The signals that end a server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one and returns its name.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
