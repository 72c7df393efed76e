//! One connection, shared by many operations.
//!
//! Promises: answers never mix; an operation whose future is dropped disturbs no other; a connection that
//! broke or let somebody wait in vain is not used again.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, ErrorKind, Pipeline, RedisError, Value, aio::MultiplexedConnection,
};
use tokio::task::JoinHandle;

use super::{
    dial::Dial,
    failure::{Failure, Kind},
    reply,
};
use crate::config::RedisAddress;

/// Operations that wait to be written to one connection; further ones wait before that.
const BUFFER: usize = 256;

/// An open connection.
pub(super) struct Link {
    server: String,
    requests: MultiplexedConnection,
    driver: JoinHandle<()>,
    broken: AtomicBool,
}

impl Drop for Link {
    fn drop(&mut self) {
        // It would wait for answers that may never come.
        self.driver.abort();
    }
}

impl Link {
    /// Connects and logs in. With `may_read_only`, a replica of a cluster answers what only reads.
    pub(super) async fn open(
        server: &RedisAddress,
        dial: &Dial,
        may_read_only: bool,
    ) -> Result<Self, Failure> {
        let name = server.to_string();
        let opening = async {
            let stream = dial.stream(server).await?;
            let config = AsyncConnectionConfig::new()
                .set_response_timeout(None)
                .set_pipeline_buffer_size(BUFFER);
            let (requests, driver) =
                MultiplexedConnection::new_with_config(&dial.login, stream, config)
                    .await
                    .map_err(|error| refused(&error, &name))?;
            let link = Self {
                server: name.clone(),
                requests,
                driver: tokio::spawn(driver),
                broken: AtomicBool::new(false),
            };
            // Logging in may need no answer; who does not answer is not there.
            let mut pipeline = Pipeline::new();
            pipeline.cmd("PING");
            if may_read_only {
                pipeline.cmd("READONLY");
            }
            let answers = link.ask(&pipeline, dial.timeout).await?;
            if let Some(failure) = first_error(&answers, &name)
                && failure.kind == Kind::Unreachable
            {
                return Err(failure);
            }
            Ok(link)
        };
        tokio::time::timeout(dial.timeout, opening)
            .await
            .unwrap_or_else(|_| {
                let waited = format!("no answer within {} ms", dial.timeout.as_millis());
                Err(Failure::unreachable(&name, &waited))
            })
    }

    /// False once it is of no more use.
    pub(super) fn is_open(&self) -> bool {
        !self.broken.load(Ordering::Acquire) && !self.driver.is_finished()
    }

    /// Sends everything at once and waits for all answers, errors among them.
    pub(super) async fn ask(
        &self,
        pipeline: &Pipeline,
        patience: Duration,
    ) -> Result<Vec<Value>, Failure> {
        if !self.is_open() {
            // Nothing is sent over a connection that has ended.
            return Err(Failure::unreachable(
                &self.server,
                "the connection was closed",
            ));
        }
        let mut requests = self.requests.clone();
        let answers = requests.send_packed_commands(pipeline, 0, pipeline.len());
        match tokio::time::timeout(patience, answers).await {
            Ok(Ok(values)) => Ok(values),
            Ok(Err(error)) => {
                self.broken.store(true, Ordering::Release);
                Err(Failure::broken(&self.server, &error.to_string()))
            }
            Err(_) => {
                self.broken.store(true, Ordering::Release);
                Err(Failure::stalled(&self.server, patience))
            }
        }
    }
}

/// Why the log-in failed.
pub(super) fn refused(error: &RedisError, server: &str) -> Failure {
    if error.kind() == ErrorKind::AuthenticationFailed {
        return Failure::new(
            Kind::Final,
            format!(
                "Redis at {server} does not take the user name and password; correct `username` and `password` in `store.redis` (or, for sentinels, in `store.redis.sentinels`)"
            ),
        );
    }
    let code = error.code().filter(|code| *code != "ERR");
    let detail = error.detail().unwrap_or_default();
    match code {
        Some(code) => Failure::from_server(&format!("{code} {detail}"), server),
        None if error.is_io_error() => Failure::unreachable(server, &error.to_string()),
        None => {
            let text = if detail.is_empty() {
                error.to_string()
            } else {
                detail.to_owned()
            };
            Failure::from_server(&text, server)
        }
    }
}

/// The first error among the answers.
pub(super) fn first_error(values: &[Value], server: &str) -> Option<Failure> {
    values.iter().find_map(|value| match value {
        Value::ServerError(error) => Some(Failure::from_server(&reply::text(error), server)),
        _ => None,
    })
}

/// What went wrong when there are fewer answers than questions.
pub(super) fn too_few(server: &str) -> Failure {
    Failure::new(
        Kind::Unknown,
        format!("Redis at {server} sent fewer answers than it got questions"),
    )
}
