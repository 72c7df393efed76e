//! `bulkhead serve`: the server, until a signal ends it.
//!
//! Puts the rooms together: `start` gets from a configuration to open sockets, `reloads` has the next
//! generation built when somebody asks for it, `signals` says who asks.

mod generation;
mod reloads;
mod signals;
mod start;

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use self::{
    signals::Signals,
    start::{Started, start},
};
use super::{VERSION, exit, report, systemd};
use crate::{api, config::Loaded, observe, reload};

/// Answer login questions over HTTP
///
/// Runs in the foreground and logs to standard error. SIGTERM or SIGINT ends it: it accepts no more
/// connections, answers the requests that it has, lets post actions finish, and exits. A second signal
/// ends it at once.
///
/// SIGHUP, a changed file, and `POST /api/v1/admin/reload` load the configuration anew beside the running
/// one; it takes over between two requests, or changes nothing and the log says why.
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
    let began = Instant::now();
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
    let code = runtime.block_on(serve(loaded, began));
    // Plugins that still compute must not hold the exit up.
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

async fn serve(loaded: Loaded, began: Instant) -> ExitCode {
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
        name = signals.end(None) => {
            tracing::info!(signal = name, "Bulkhead ends before it served");
            ExitCode::SUCCESS
        }
        started = start(loaded) => match started {
            Ok(started) => listen(started, signals, began).await,
            Err(code) => code,
        }
    }
}

async fn listen(started: Started, mut signals: Signals, began: Instant) -> ExitCode {
    let Started {
        bound,
        state,
        ldap,
        running,
    } = started;
    let (trigger, wishes) = reload::queue();
    let reloader = reloads::reloader(running, &state, ldap, &trigger);
    let reloading = tokio::spawn(reloader.run(wishes));
    // The sockets are open: who connects from now on is served.
    let start_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(start_ms, "Generation 1 serves");
    systemd::ready();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let serving = async {
        let result = api::serve(bound, Arc::clone(&state), stopped.cancelled_owned()).await;
        // What is being built will never serve.
        reloading.abort();
        state.close().await;
        result
    };
    let ending = async {
        let name = signals.end(Some(&trigger)).await;
        tracing::info!(signal = name, "Bulkhead ends: no new connections");
        systemd::stopping();
        stop.cancel();
        let name = signals.end(Some(&trigger)).await;
        let post_actions = state.post_actions.pending();
        tracing::warn!(signal = name, post_actions, "Bulkhead ends at once");
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
