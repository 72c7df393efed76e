//! What may be asked of a server, as something that can be tried again on another connection.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{
    Entry, Modify, Operation, Search,
    connection::{Connection, Failure, Limits},
};
use crate::auth::Password;

/// Which of a server's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Bound as the pool.
    Search,
    /// For users' binds.
    Bind,
}

/// One operation.
pub(super) trait Work: Send + Sync {
    /// What it brings.
    type Output: Send;
    /// What it is, for logs and metrics.
    const OPERATION: Operation;
    /// Where it belongs.
    const LANE: Lane;
    /// Asking twice does no harm.
    const REPEATABLE: bool;

    /// Whether it may wait behind what does not.
    fn is_low(&self) -> bool {
        false
    }

    /// Longest time of one try.
    fn limit(&self) -> Duration;

    /// Tries once.
    fn run<'c>(
        &'c self,
        connection: &'c mut Connection,
    ) -> BoxFuture<'c, Result<Self::Output, Failure>>;
}

/// A search, filled in.
pub(super) struct SearchWork<'w> {
    pub(super) search: &'w Search,
    pub(super) base: String,
    /// In BER.
    pub(super) filter: Vec<u8>,
    pub(super) limit: Duration,
    pub(super) limits: Limits,
}

impl Work for SearchWork<'_> {
    type Output = (Vec<Entry>, bool);
    const OPERATION: Operation = Operation::Search;
    const LANE: Lane = Lane::Search;
    const REPEATABLE: bool = true;

    fn is_low(&self) -> bool {
        self.search.is_low
    }

    fn limit(&self) -> Duration {
        self.limit
    }

    fn run<'c>(
        &'c self,
        connection: &'c mut Connection,
    ) -> BoxFuture<'c, Result<Self::Output, Failure>> {
        Box::pin(connection.search(
            self.search,
            &self.base,
            &self.filter,
            self.limit,
            self.limits,
        ))
    }
}

/// A user's password.
pub(super) struct BindWork<'w> {
    pub(super) dn: &'w str,
    pub(super) password: &'w Password,
    pub(super) limit: Duration,
}

impl Work for BindWork<'_> {
    type Output = bool;
    const OPERATION: Operation = Operation::Bind;
    const LANE: Lane = Lane::Bind;
    const REPEATABLE: bool = true;

    fn limit(&self) -> Duration {
        self.limit
    }

    fn run<'c>(
        &'c self,
        connection: &'c mut Connection,
    ) -> BoxFuture<'c, Result<Self::Output, Failure>> {
        Box::pin(connection.bind(self.dn, self.password.expose()))
    }
}

/// A change.
pub(super) struct ModifyWork<'w> {
    pub(super) modify: &'w Modify,
    pub(super) limit: Duration,
}

impl Work for ModifyWork<'_> {
    type Output = ();
    const OPERATION: Operation = Operation::Modify;
    const LANE: Lane = Lane::Search;
    const REPEATABLE: bool = false;

    fn limit(&self) -> Duration {
        self.limit
    }

    fn run<'c>(
        &'c self,
        connection: &'c mut Connection,
    ) -> BoxFuture<'c, Result<Self::Output, Failure>> {
        Box::pin(connection.modify(&self.modify.dn, &self.modify.changes))
    }
}
