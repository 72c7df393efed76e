//! Tries out every server now and then: for `/healthz`, for metrics, and so that an open circuit breaker
//! closes before a user has to find out.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use super::{
    LdapError, Scope, Search, Template,
    connection::{Connection, Failure, Limits},
    message,
    pool::Pool,
    printable,
    server::Server,
};

/// Bytes of the root entry without attributes.
const ROOT_BYTES: usize = 16 << 10;

/// Probes until the pool is gone. Each server has a task of its own: a stalled one holds up nobody.
pub(super) fn start(pool: &Arc<Pool>) {
    for index in 0..pool.servers.len() {
        tokio::spawn(watch(Arc::downgrade(pool), index));
    }
}

async fn watch(pool: Weak<Pool>, index: usize) {
    let mut kept = None;
    while let Some(pool) = pool.upgrade() {
        let Some(server) = pool.servers.get(index) else {
            return;
        };
        probe(&pool, server, &mut kept).await;
        let interval = pool.config.probe_interval;
        drop(pool);
        tokio::time::sleep(interval).await;
    }
}

async fn probe(pool: &Pool, server: &Server, kept: &mut Option<Connection>) {
    let began = Instant::now();
    let Ok(permit) = server.breaker.enter(began) else {
        // It stays as it was found when the breaker opened.
        return;
    };
    let limit = pool.config.probe_timeout;
    let asked = tokio::time::timeout(limit, ask(server, kept, limit)).await;
    let found = match asked.unwrap_or(Err(LdapError::TimedOut)) {
        Ok(()) => {
            permit.succeeded(Instant::now());
            Ok(began.elapsed())
        }
        Err(error) => {
            *kept = None;
            permit.failed(Instant::now());
            Err(printable(&error.to_string()))
        }
    };
    let (name, uri) = (&pool.name, &server.uri.text);
    let why = found.as_ref().err().cloned();
    if server.probed(found) {
        match why {
            None => tracing::info!(pool = name, server = uri, "The directory answers again"),
            Some(error) => {
                tracing::warn!(
                    pool = name,
                    server = uri,
                    error,
                    "The directory does not answer"
                );
            }
        }
    }
}

/// Reads the name of the root entry (RFC 4512, section 5.1), which every directory shows to everybody.
async fn ask(
    server: &Server,
    kept: &mut Option<Connection>,
    limit: Duration,
) -> Result<(), LdapError> {
    let usable = kept.as_mut().is_some_and(Connection::is_usable);
    let mut connection = match kept.take().filter(|_| usable) {
        Some(connection) => connection,
        None => server.open().await?,
    };
    let root = Search {
        pool: String::new(),
        base: Template::default(),
        scope: Scope::Base,
        filter: Template::default(),
        attributes: vec!["1.1".to_owned()],
        size_limit: 1,
        page_size: 0,
        timeout: None,
        is_low: false,
    };
    let filter = message::filter("(objectClass=*)")?;
    let limits = Limits {
        entries: 1,
        bytes: ROOT_BYTES,
        referrals_fail: false,
    };
    let done = connection.search(&root, "", &filter, limit, limits).await;
    done.map_err(|failure| match failure {
        Failure::Answer(error) | Failure::Broken(error) => error,
    })?;
    *kept = Some(connection);
    Ok(())
}
