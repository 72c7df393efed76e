//! What went wrong with a statement, by what it means for the next one.

use sqlx::error::DatabaseError;

/// Errors of one kind of database with a meaning of their own; nothing about all others.
pub(super) type Judge = fn(&dyn DatabaseError) -> Option<Failed>;

/// Why a connection did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failed {
    /// There is no connection, or it broke: counts against the host.
    #[error("{0}")]
    Connection(String),
    /// No answer in time, and nothing is known of the other side: counts against the host.
    #[error("no answer in time")]
    Stalled,
    /// The database itself says that it took too long: the host is there.
    #[error("the statement took too long")]
    TooSlow,
    /// What the connection had prepared is no longer valid: a new connection may do better.
    #[error("{0}")]
    Stale(String),
    /// The database refused the statement.
    #[error("{0}")]
    Statement(String),
    /// A column cannot be handed on.
    #[error("{0}")]
    Unsupported(String),
    /// The database takes no more connections; those that there are may work. Nothing was sent.
    #[error("it takes no more connections: {0}")]
    Full(String),
    /// All connections are in use; nothing was sent.
    #[error("all connections are in use")]
    Exhausted,
}

impl Failed {
    /// Whether the connection can be used again.
    pub(super) fn leaves_connection(&self) -> bool {
        matches!(self, Self::Statement(_) | Self::Unsupported(_))
    }

    /// Whether the statement was never sent for lack of connections.
    pub(super) fn is_crowded(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Exhausted)
    }

    /// Whether it says that the host does not work.
    pub(super) fn blames_host(&self) -> bool {
        matches!(self, Self::Connection(_) | Self::Stalled)
    }

    /// The meaning of an error on a connection that was made.
    pub(super) fn from_statement(error: sqlx::Error, judge: Judge) -> Self {
        match &error {
            sqlx::Error::Database(inner) => {
                judge(inner.as_ref()).unwrap_or_else(|| Self::Statement(inner.message().to_owned()))
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => Self::Connection(error.to_string()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::Unsupported(error.to_string())
            }
            _ => Self::Statement(error.to_string()),
        }
    }

    /// The meaning of an error while a connection was made.
    pub(super) fn from_connect(error: &sqlx::Error, judge: Judge) -> Self {
        match error {
            sqlx::Error::Database(inner) => match judge(inner.as_ref()) {
                Some(full @ Self::Full(_)) => full,
                _ => Self::Connection(inner.message().to_owned()),
            },
            other => Self::Connection(other.to_string()),
        }
    }
}
