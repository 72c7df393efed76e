//! The task that checks one server, again and again, until nobody names the server any more.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rand::Rng;
use tokio::{task::JoinHandle, time::Instant};

use super::{
    Life, Status,
    server::{Change, Server, Usable},
};
use crate::{
    backend_io::probe::{Failure, FailureKind, Probe, Step},
    config::HealthTarget,
    observe::metrics::ServerMetrics,
};

/// The first checks after a start are spread over this time, or over the interval if that is shorter.
const SPREAD: Duration = Duration::from_secs(2);
/// How much earlier or later than its time a check may come, as a part of the interval.
const JITTER: f64 = 0.1;

/// A server and its task. When the last generation that names it goes, so does the task.
pub(super) struct Watched {
    server: Arc<Server>,
    task: Option<JoinHandle<()>>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Watched {
    pub(super) fn start(target: HealthTarget, metrics: ServerMetrics) -> Arc<Self> {
        let server = Arc::new(Server::new(target.clone()));
        let task = match Probe::new(target) {
            Ok(probe) => {
                let server = Arc::clone(&server);
                Some(tokio::spawn(watch(server, probe, metrics)))
            }
            // The configuration was checked: only a broken TLS library gets here.
            Err(text) => {
                let never = Failure {
                    step: Step::Connect,
                    kind: FailureKind::Tls,
                    text,
                };
                report(&server, &metrics, &Err(never), false, Duration::ZERO);
                None
            }
        };
        Arc::new(Self { server, task })
    }

    pub(super) fn target(&self) -> &HealthTarget {
        &self.server.target
    }

    pub(super) fn usable(&self) -> Option<Usable> {
        self.server.usable()
    }

    pub(super) fn status(&self) -> Status {
        self.server.status()
    }
}

async fn watch(server: Arc<Server>, probe: Probe, metrics: ServerMetrics) {
    let target = probe.target();
    // Before anything was checked the server is used: for that, a name needs an address at once.
    if target.fixed_address().is_none()
        && let Ok(found) = probe.look_up().await
        && let Some(first) = found.first()
    {
        server.suggest(*first);
    }
    let spread = SPREAD.min(target.connect_interval);
    let wait = spread.mul_f64(rand::rng().random());
    tokio::time::sleep(wait).await;
    let mut next_deep = Instant::now();
    loop {
        let began = Instant::now();
        let deep = target.deep.is_some() && began >= next_deep;
        let result = probe.run(deep).await;
        report(&server, &metrics, &result, deep, began.elapsed());
        // A deep check is a check of the greeting, too.
        let mut next = began + around(target.connect_interval);
        if deep {
            next_deep = began + around(target.deep_interval);
        }
        if target.deep.is_some() {
            next = next.min(next_deep);
        }
        tokio::time::sleep_until(next).await;
    }
}

/// The interval, a little more or less, so that checks of many servers and nodes do not fall into step.
fn around(interval: Duration) -> Duration {
    interval.mul_f64(rand::rng().random_range(1.0 - JITTER..=1.0 + JITTER))
}

fn report(
    server: &Server,
    metrics: &ServerMetrics,
    result: &Result<SocketAddr, Failure>,
    deep: bool,
    took: Duration,
) {
    let since = server.status().since;
    let change = server.note(result, deep);
    let target = &server.target;
    let outcome = result.as_ref().err().map_or("ok", |why| why.kind.as_str());
    metrics.upstream_checked(&target.name, target.protocol.as_str(), outcome);
    let name = target.name.as_str();
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if let Err(why) = result {
        tracing::debug!(server = name, took_ms, why = why.text, "A check failed");
    }
    let Some(Change { from, to }) = change else {
        return;
    };
    let lasted = SystemTime::now().duration_since(since).unwrap_or_default();
    let lasted_s = lasted.as_secs();
    let (protocol, host, port) = (target.protocol.as_str(), &target.host, target.port);
    match (to, result) {
        (Life::Dead, Err(why)) => tracing::warn!(
            server = name,
            protocol,
            host,
            port,
            was = from.as_str(),
            for_s = lasted_s,
            why = why.text,
            "A server behind the proxies is dead: it gets no logins"
        ),
        (Life::Dead, Ok(_)) | (Life::Unknown, _) => {}
        (Life::Alive, _) => tracing::info!(
            server = name,
            protocol,
            host,
            port,
            was = from.as_str(),
            for_s = lasted_s,
            "A server behind the proxies is alive"
        ),
    }
}
