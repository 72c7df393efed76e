//! One host of a database: its connections, and whether it is tried at all.

use std::time::{Duration, Instant};

use deadpool::{
    Runtime,
    managed::{
        Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleResult, TimeoutType, Timeouts,
    },
};

use super::{
    failed::Failed,
    link::{Answer, Connect, Link, Most},
    statement::Statement,
};
use crate::{backend_io::breaker::Breaker, config::SqlDatabase};

/// A connection that was unused for so long is asked before it is used.
const TRUSTED: Duration = Duration::from_secs(30);

/// What servers get to give a statement up by themselves: a little less than we wait, so that a slow
/// statement can be told from a dead server.
pub(super) fn patience(config: &SqlDatabase) -> Duration {
    config.query_timeout.mul_f64(0.9)
}

/// One host.
pub(super) struct Node {
    /// As the configuration writes it.
    pub(super) name: String,
    pub(super) breaker: Breaker,
    pool: Pool<Links>,
    connect_timeout: Duration,
    wait_timeout: Duration,
    query_timeout: Duration,
    most: Most,
}

/// How an attempt at a statement ended, and whether the host may have seen the statement.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) failed: Failed,
    pub(super) sent: bool,
    /// The connection had served before, and may have broken while nobody looked.
    pub(super) used_before: bool,
}

impl Node {
    /// Connects with nobody yet.
    pub(super) fn new(
        name: String,
        config: &SqlDatabase,
        connector: Box<dyn Connect>,
        read_only: bool,
    ) -> Result<Self, String> {
        let links = Links {
            connector,
            read_only,
            idle_timeout: config.idle_timeout,
        };
        let pool = Pool::builder(links)
            .max_size(usize::try_from(config.connections).unwrap_or(usize::MAX))
            // The rest can grow old and be given up.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            name,
            breaker: Breaker::new(config.failures, config.cool_down),
            pool,
            connect_timeout: config.connect_timeout,
            wait_timeout: config.wait_timeout,
            query_timeout: config.query_timeout,
            most: Most {
                rows: config.rows,
                bytes: config.result_bytes,
            },
        })
    }

    /// Sends a statement once. `probe`: the connection is asked before it is trusted with a statement
    /// that must not be sent twice.
    pub(super) async fn run(
        &self,
        statement: &Statement,
        probe: bool,
        deadline: Instant,
    ) -> Result<Answer, Tried> {
        let unsent = |failed| Tried {
            failed,
            sent: false,
            used_before: false,
        };
        let mut lease = self.lease(deadline).await.map_err(unsent)?;
        let used_before = lease.used_before();
        let tried = |sent, failed| Tried {
            failed,
            sent,
            used_before,
        };
        let Some(link) = lease.link() else {
            return Err(unsent(Failed::Connection(
                "the connection is gone".to_owned(),
            )));
        };
        if probe && used_before {
            let limit = left(self.connect_timeout, deadline);
            let answered = tokio::time::timeout(limit, link.ping()).await;
            if let Err(failed) = answered.unwrap_or(Err(Failed::Stalled)) {
                self.forget();
                return Err(tried(false, failed));
            }
        }
        let limit = left(self.query_timeout, deadline);
        let ran = tokio::time::timeout(limit, link.run(statement, self.most)).await;
        let outcome = ran.unwrap_or_else(|_| {
            Err(match says_much(limit, self.query_timeout) {
                true => Failed::Stalled,
                false => Failed::TooSlow,
            })
        });
        match outcome {
            Ok(answer) => {
                // The rest of an answer that was cut off is still on its way.
                lease.reusable = !answer.table.truncated;
                Ok(answer)
            }
            Err(failed) => {
                lease.reusable = failed.leaves_connection();
                if failed.blames_host() && used_before {
                    self.forget();
                }
                Err(tried(true, failed))
            }
        }
    }

    /// Connections in use and open.
    pub(super) fn connections(&self) -> (usize, usize) {
        let status = self.pool.status();
        let used = status.size.saturating_sub(status.available);
        (used, status.size)
    }

    async fn lease(&self, deadline: Instant) -> Result<Lease, Failed> {
        let connecting = left(self.connect_timeout, deadline);
        let timeouts = Timeouts {
            wait: Some(left(self.wait_timeout, deadline)),
            create: Some(connecting),
            recycle: Some(connecting),
        };
        match self.pool.timeout_get(&timeouts).await {
            Ok(object) => Ok(Lease {
                object: Some(object),
                reusable: false,
            }),
            Err(PoolError::Timeout(TimeoutType::Wait)) => Err(Failed::Exhausted),
            Err(PoolError::Timeout(_)) if says_much(connecting, self.connect_timeout) => Err(
                Failed::Connection("no connection could be made in time".to_owned()),
            ),
            Err(PoolError::Timeout(_)) => Err(Failed::TooSlow),
            Err(PoolError::Backend(failed)) => Err(failed),
            Err(other) => Err(Failed::Connection(other.to_string())),
        }
    }

    /// Gives all unused connections up: they are as old as the one that broke.
    fn forget(&self) {
        self.pool.retain(|_, _| false);
    }
}

/// What is left of a time before the deadline, with a moment for the answer to be told.
fn left(own: Duration, deadline: Instant) -> Duration {
    let remaining = deadline.saturating_duration_since(Instant::now());
    own.min(remaining.mul_f64(0.95))
}

/// Whether silence for so long says something about the host: the login's deadline may have left it no
/// time.
fn says_much(waited: Duration, usual: Duration) -> bool {
    waited >= usual / 2
}

/// A connection out of the pool. It goes back only when its last statement came to its end; dropped in
/// the middle of one, it is closed.
struct Lease {
    object: Option<Object<Links>>,
    reusable: bool,
}

impl Lease {
    fn link(&mut self) -> Option<&mut dyn Link> {
        self.object
            .as_mut()
            .map(|object| &mut ***object as &mut dyn Link)
    }

    fn used_before(&self) -> bool {
        let object = self.object.as_ref();
        object.is_some_and(|object| Object::metrics(object).recycle_count > 0)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(object), false) = (self.object.take(), self.reusable) {
            drop(Object::take(object));
        }
    }
}

/// Makes connections for the pool.
struct Links {
    connector: Box<dyn Connect>,
    read_only: bool,
    idle_timeout: Duration,
}

impl Manager for Links {
    type Type = Box<dyn Link>;
    type Error = Failed;

    async fn create(&self) -> Result<Self::Type, Failed> {
        self.connector.connect(self.read_only).await
    }

    async fn recycle(&self, link: &mut Self::Type, metrics: &Metrics) -> RecycleResult<Failed> {
        let unused = metrics.last_used();
        if unused > self.idle_timeout {
            let failed = Failed::Connection("unused for too long".to_owned());
            return Err(failed.into());
        }
        if unused > TRUSTED {
            link.ping().await?;
        }
        Ok(())
    }
}
