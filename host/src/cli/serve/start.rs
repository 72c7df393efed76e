//! From a configuration to open sockets.

use std::{process::ExitCode, sync::Arc, time::Duration};

use super::{
    super::{exit, report},
    generation::for_api,
};
use crate::{
    api,
    backend_io::ldap::LdapClient,
    config::Loaded,
    engine::Engine,
    observe,
    reload::{self, Running, StoreUse},
};

/// Compiled code that nobody has used for this long goes: 30 days.
const CACHE_UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A server that could answer.
pub(super) struct Started {
    pub(super) bound: Vec<api::listen::Bound>,
    pub(super) state: Arc<api::State>,
    pub(super) ldap: Arc<LdapClient>,
    /// For the next generation.
    pub(super) running: Running,
}

/// Loads everything, tests it, and opens the sockets; complaints are printed.
pub(super) async fn start(loaded: Loaded) -> Result<Started, ExitCode> {
    let places = loaded.places;
    let refuse = |problems: Vec<reload::LoadProblem>| {
        report::diagnostics(&reload::to_diagnostics(&problems, &places));
        report::exit_code(&problems)
    };
    let server = reload::start(loaded.config, StoreUse::Configured)
        .await
        .map_err(refuse)?;
    let wrong = reload::self_test(&server.generation).await;
    if !wrong.is_empty() {
        return Err(refuse(wrong));
    }
    prune_cache(server.engine.clone());
    let config = Arc::clone(&server.generation.config);
    let unavailable = |text: String| {
        report::error(&text);
        ExitCode::from(exit::UNAVAILABLE)
    };
    let observer = observe::Observer::with_metrics(&config.observe, server.server_metrics.clone())
        .map_err(|why| unavailable(format!("{why}")))?;
    let bound = api::listen::open(&config.server).map_err(|why| {
        report::error(&why.to_string());
        ExitCode::from(if why.is_configuration() {
            exit::CONFIGURATION
        } else {
            exit::UNAVAILABLE
        })
    })?;
    let upstreams = server.upstreams;
    upstreams.serve(&config.health_checks, &server.server_metrics);
    let state = api::State::with_upstreams(
        for_api(server.generation),
        server.store,
        Arc::new(observer),
        upstreams,
    );
    state.resolve_with(server.resolver);
    state.show_directories(Arc::clone(&server.ldap));
    server.ldap.start_probes();
    state.watch_databases(server.sql);
    state.watch_destinations(server.http);
    Ok(Started {
        bound,
        state,
        ldap: server.ldap,
        running: server.running,
    })
}

/// In the background: nobody waits for it.
fn prune_cache(engine: Engine) {
    tokio::task::spawn_blocking(move || engine.prune_cache(CACHE_UNUSED));
}
