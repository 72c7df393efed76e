//! `bulkhead serve`: the server, until a signal ends it.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{VERSION, exit, report};
use crate::{
    api,
    config::Loaded,
    observe,
    reload::{self, StoreUse},
};

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
        target = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")),
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
