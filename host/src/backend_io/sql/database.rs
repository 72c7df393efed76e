//! One database of the configuration: its hosts in order, who is asked, and what is tried again.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use super::{
    Listener, Piece, SqlError, Table,
    failed::Failed,
    link::{Answer, Connect},
    mysql,
    node::Node,
    postgres, sqlite,
    statement::Statement,
};
use crate::config::{SqlDatabase, SqlHost, SqlKind};

/// A database.
pub struct Database {
    config: Arc<SqlDatabase>,
    /// Connections that may only read: replicas first.
    readers: Vec<Node>,
    /// Connections that may change something.
    writers: Vec<Node>,
    listener: Arc<dyn Listener>,
    /// What the last probe said; nothing before the first one.
    probed: Mutex<Option<Result<(), String>>>,
}

impl Database {
    /// Connects with nobody yet.
    ///
    /// # Errors
    /// What of the configuration cannot be used.
    pub fn new(config: Arc<SqlDatabase>, listener: Arc<dyn Listener>) -> Result<Self, String> {
        let password = match &config.password {
            Some(password) => {
                let text = std::str::from_utf8(password.0.expose());
                let problem = |_| {
                    format!(
                        "the password of the database `{}` is not UTF-8",
                        config.name
                    )
                };
                Some(text.map_err(problem)?)
            }
            None => None,
        };
        let connector = |host: &SqlHost| -> Box<dyn Connect> {
            match config.kind {
                SqlKind::Postgresql => Box::new(postgres::Connector::new(&config, host, password)),
                SqlKind::Mysql | SqlKind::Sqlite => {
                    Box::new(mysql::Connector::new(&config, host, password))
                }
            }
        };
        let nodes = |hosts: &mut dyn Iterator<Item = &SqlHost>, read_only: bool| {
            if config.kind == SqlKind::Sqlite {
                let name = config.path.display().to_string();
                let file = Box::new(sqlite::Connector::new(&config));
                return Ok(vec![Node::new(name, &config, file, read_only)?]);
            }
            hosts
                .map(|host| Node::new(host.to_string(), &config, connector(host), read_only))
                .collect::<Result<Vec<_>, String>>()
        };
        Ok(Self {
            readers: nodes(&mut config.replicas.iter().chain(&config.hosts), true)?,
            writers: nodes(&mut config.hosts.iter(), false)?,
            config: Arc::clone(&config),
            listener,
            probed: Mutex::new(None),
        })
    }

    /// Of hosts that a test makes.
    #[cfg(test)]
    pub(super) fn of(
        config: Arc<SqlDatabase>,
        readers: Vec<Node>,
        writers: Vec<Node>,
        listener: Arc<dyn Listener>,
    ) -> Self {
        Self {
            config,
            readers,
            writers,
            listener,
            probed: Mutex::new(None),
        }
    }

    /// What it was made from.
    pub fn config(&self) -> &Arc<SqlDatabase> {
        &self.config
    }

    /// Returns the rows of a statement that reads; by the deadline.
    ///
    /// # Errors
    /// [`SqlError`]
    pub async fn query(
        &self,
        read_only: bool,
        pieces: Vec<Piece>,
        deadline: Instant,
    ) -> Result<Table, SqlError> {
        let statement = Statement::new(pieces, read_only)?;
        let answer = self.timed(&statement, read_only, deadline).await?;
        Ok(answer.table)
    }

    /// Changes something and says how many rows; by the deadline.
    ///
    /// # Errors
    /// [`SqlError`]
    pub async fn execute(&self, pieces: Vec<Piece>, deadline: Instant) -> Result<u64, SqlError> {
        let statement = Statement::new(pieces, false)?;
        Ok(self.timed(&statement, false, deadline).await?.changed)
    }

    /// Looks at each host, also at those that are left alone if it is time to try them again.
    pub(super) async fn probe(&self) {
        let Ok(statement) = Statement::new(vec![Piece::Text("SELECT 1".to_owned())], true) else {
            return;
        };
        let limit = self.config.connect_timeout + self.config.query_timeout;
        let mut problem = None;
        let mut reached = false;
        for node in &self.readers {
            let deadline = Instant::now() + limit;
            match self.attempt(node, &statement, false, deadline).await {
                Ok(_) => reached = true,
                Err(Refused::LeftAlone) => {}
                Err(Refused::Tried(tried)) if tried.failed == Failed::Exhausted => reached = true,
                Err(Refused::Tried(tried)) => {
                    problem = Some(format!("{}: {}", node.name, tried.failed));
                }
            }
        }
        // The circuits of those who change something are tried here too, or a login would have to.
        for node in self.writers.iter().filter(|node| node.breaker.is_open()) {
            let deadline = Instant::now() + limit;
            let _ = self.attempt(node, &statement, false, deadline).await;
        }
        let verdict = match (problem, reached) {
            (None, true) => Ok(()),
            (Some(problem), _) => Err(problem),
            (None, false) => Err("all hosts are left alone after failures".to_owned()),
        };
        *self.probed.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
    }

    /// What is wrong, as far as is known without asking.
    pub(super) fn problem(&self) -> Option<String> {
        let open = self
            .readers
            .iter()
            .chain(&self.writers)
            .find(|node| node.breaker.is_open());
        if let Some(node) = open {
            return Some(format!("{} is left alone after failures", node.name));
        }
        let probed = self.probed.lock().unwrap_or_else(PoisonError::into_inner);
        probed.as_ref()?.as_ref().err().cloned()
    }

    /// Connections in use and open, over all hosts.
    pub(super) fn connections(&self) -> (usize, usize) {
        let nodes = self.readers.iter().chain(&self.writers);
        nodes.map(Node::connections).fold((0, 0), |sum, one| {
            (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1))
        })
    }

    /// Hosts that are left alone after failures, each counted once.
    pub(super) fn left_alone(&self) -> usize {
        let nodes = self.readers.iter().chain(&self.writers);
        let open = nodes.filter(|node| node.breaker.is_open());
        let names: BTreeSet<_> = open.map(|node| &node.name).collect();
        names.len()
    }

    async fn timed(
        &self,
        statement: &Statement,
        read_only: bool,
        deadline: Instant,
    ) -> Result<Answer, SqlError> {
        let began = Instant::now();
        let outcome = self.run(statement, read_only, deadline).await;
        let word = match &outcome {
            Ok(_) => "ok",
            Err(SqlError::Unavailable(_)) => "unavailable",
            Err(SqlError::TimedOut) => "timed_out",
            Err(_) => "failed",
        };
        self.listener
            .asked(&self.config.name, word, began.elapsed());
        outcome
    }

    /// The first host that answers. A statement that may change something is never sent twice.
    async fn run(
        &self,
        statement: &Statement,
        read_only: bool,
        deadline: Instant,
    ) -> Result<Answer, SqlError> {
        let nodes = if read_only {
            &self.readers
        } else {
            &self.writers
        };
        let mut last: Option<SqlError> = None;
        for node in nodes {
            // A connection that broke while it was unused deserves a second try on a new one.
            for again in [false, true] {
                let tried = match self.attempt(node, statement, !read_only, deadline).await {
                    Ok(answer) => return Ok(answer),
                    Err(Refused::LeftAlone) => {
                        let text = format!("{} is left alone after failures", node.name);
                        last.get_or_insert(SqlError::Unavailable(text));
                        break;
                    }
                    Err(Refused::Tried(tried)) => tried,
                };
                let may_repeat = read_only || !tried.sent;
                let another_host = tried.failed.blames_host() || tried.failed.is_crowded();
                let another_link = tried.used_before
                    && matches!(tried.failed, Failed::Connection(_) | Failed::Stale(_));
                let error = meaning(&node.name, tried.failed);
                if !may_repeat || !(another_host || another_link) || Instant::now() >= deadline {
                    return Err(error);
                }
                last = Some(error);
                if again || !another_link {
                    break;
                }
            }
        }
        Err(last.unwrap_or_else(|| SqlError::Unavailable("it has no hosts".to_owned())))
    }

    /// One attempt at one host, under its circuit breaker.
    async fn attempt(
        &self,
        node: &Node,
        statement: &Statement,
        probe: bool,
        deadline: Instant,
    ) -> Result<Answer, Refused> {
        let permit = node
            .breaker
            .enter(Instant::now())
            .map_err(|_| Refused::LeftAlone)?;
        let (name, host) = (&self.config.name, &node.name);
        let outcome = node.run(statement, probe, deadline).await;
        match &outcome {
            Err(tried) if tried.failed.blames_host() => {
                tracing::warn!(database = name, host, "A database fails: {}", tried.failed);
                if permit.failed(Instant::now()) {
                    let seconds = self.config.cool_down.as_secs_f64();
                    tracing::warn!(database = name, host, seconds, "A database is left alone");
                    self.listener.left_alone(name);
                }
            }
            // Nothing was asked, so nothing is known.
            Err(tried) if tried.failed.is_crowded() => drop(permit),
            Ok(_) | Err(_) => {
                if permit.succeeded(Instant::now()) {
                    tracing::info!(database = name, host, "A database answers again");
                }
            }
        }
        outcome.map_err(Refused::Tried)
    }
}

/// Why a host gave no answer.
enum Refused {
    /// Its circuit is open.
    LeftAlone,
    Tried(super::node::Tried),
}

fn meaning(host: &str, failed: Failed) -> SqlError {
    match failed {
        Failed::Connection(text) => SqlError::Unavailable(format!("{host}: {text}")),
        Failed::Full(_) | Failed::Exhausted => SqlError::Unavailable(format!("{host}: {failed}")),
        Failed::Stalled | Failed::TooSlow => SqlError::TimedOut,
        Failed::Stale(text) | Failed::Statement(text) => SqlError::Failed(text),
        Failed::Unsupported(text) => SqlError::Unsupported(text),
    }
}
