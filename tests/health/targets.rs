//! Targets as an administrator writes them, and one check of each.

use std::{net::SocketAddr, path::Path, sync::Arc};

use bulkhead::{
    backend_io::{
        http::NameLookup,
        probe::{Failure, Probe, Step},
    },
    config::{self, HealthChecks, HealthTarget},
};

/// The section with these keys; everything else is as if it were not written.
pub fn section(keys: &str) -> HealthChecks {
    let text = format!(
        "backend_health_checks: {{{keys}}}\n\
         pipeline: {{backends: [{{name: b, component: \"builtin:users-file\"}}]}}\n"
    );
    let loaded = config::parse(Path::new("/etc/bulkhead.yaml"), &text);
    let loaded = loaded.unwrap_or_else(|all| panic!("{}", config::render(&all, false)));
    loaded.config.health_checks
}

/// The keys of a target at that address.
pub fn at(protocol: &str, address: SocketAddr, rest: &str) -> String {
    let (host, port) = (address.ip(), address.port());
    format!("{{protocol: {protocol}, host: {host}, port: {port}{rest}}}")
}

pub fn target(keys: &str) -> HealthTarget {
    section(&format!("targets: [{keys}]")).targets.remove(0)
}

/// One check, with the login if the target has one.
pub async fn check(keys: &str) -> Result<SocketAddr, Failure> {
    Probe::new(target(keys)).unwrap().run(true).await
}

/// The same with names from `names`.
pub async fn check_named(
    keys: &str,
    names: impl NameLookup + 'static,
) -> Result<SocketAddr, Failure> {
    let probe = Probe::with_lookup(target(keys), Arc::new(names));
    probe.unwrap().run(true).await
}

/// The outcome in two words: `ok`, or the step and the kind of the failure.
pub fn words(result: &Result<SocketAddr, Failure>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(Failure { step, kind, .. }) => {
            let step = match step {
                Step::Connect => "connect",
                Step::Login => "login",
            };
            format!("{step} {}", kind.as_str())
        }
    }
}
