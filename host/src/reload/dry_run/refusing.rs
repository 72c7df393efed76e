//! The outside world as a plugin sees it in a dry run: everything refuses, and notes that it was asked.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;

use crate::{
    auth::Password,
    backend_io::{
        dns,
        ldap::{Found, LdapError, Modify, Search},
    },
    capability::{
        HttpEgress, HttpError, HttpSend, IncomingResponse, LdapAsk, NameLookup, OutgoingRequest,
        SqlAccess, SqlError, SqlOpen, SqlPiece, SqlTable,
    },
    config::{HttpGrant, SqlGrant},
};

const NOTHING_SENT: &str = "nothing is sent while a configuration is checked";

/// Checks grants as the real client does, and sends nothing.
pub(super) struct Refusing {
    pub(super) real: Arc<dyn HttpSend>,
    pub(super) refused: Arc<AtomicBool>,
}

impl HttpSend for Refusing {
    fn bind(&self, plugin: &str, grant: &HttpGrant) -> Result<Arc<dyn HttpEgress>, String> {
        self.real.bind(plugin, grant)?;
        Ok(Arc::new(Refusal(Arc::clone(&self.refused))))
    }
}

pub(super) struct Refusal(pub(super) Arc<AtomicBool>);

impl NameLookup for Refusal {
    fn lookup(&self, questions: Vec<dns::Question>, _: Instant) -> BoxFuture<'_, Vec<dns::Answer>> {
        self.0.store(true, Relaxed);
        let refusal = |_| dns::Answer {
            records: Err(dns::DnsError::Network(NOTHING_SENT.to_owned())),
            elapsed: Duration::ZERO,
        };
        let answers = questions.into_iter().map(refusal).collect();
        Box::pin(async move { answers })
    }
}

impl HttpEgress for Refusal {
    fn send(
        &self,
        _: OutgoingRequest,
        _: Instant,
    ) -> BoxFuture<'_, Result<IncomingResponse, HttpError>> {
        self.0.store(true, Relaxed);
        Box::pin(async move { Err(HttpError::Connect(NOTHING_SENT.to_owned())) })
    }
}

/// Directories of which no server answers.
pub(super) struct NoDirectory(pub(super) Arc<AtomicBool>);

impl NoDirectory {
    fn refuse<T: Send + 'static>(&self) -> BoxFuture<'_, Result<T, LdapError>> {
        self.0.store(true, Relaxed);
        let text = "nothing is asked while a configuration is checked";
        Box::pin(async move { Err(LdapError::Unavailable(text.to_owned())) })
    }
}

impl LdapAsk for NoDirectory {
    fn search<'a>(
        &'a self,
        search: &'a Search,
        _: Instant,
    ) -> BoxFuture<'a, Result<Found, LdapError>> {
        // A filter that no directory could read is no outage.
        match search.check() {
            Err(wrong) => Box::pin(async move { Err(wrong) }),
            Ok(()) => self.refuse(),
        }
    }

    fn check_password<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: &'a Password,
        _: Instant,
    ) -> BoxFuture<'a, Result<bool, LdapError>> {
        self.refuse()
    }

    fn modify<'a>(&'a self, _: &'a Modify, _: Instant) -> BoxFuture<'a, Result<(), LdapError>> {
        self.refuse()
    }
}

/// Asks no database.
pub(super) struct RefusingSql(pub(super) Arc<AtomicBool>);

impl SqlOpen for RefusingSql {
    fn bind(&self, _: &SqlGrant) -> Result<Arc<dyn SqlAccess>, String> {
        Ok(Arc::new(Self(Arc::clone(&self.0))))
    }
}

impl RefusingSql {
    fn refuse<T: Send + 'static>(&self) -> BoxFuture<'static, Result<T, SqlError>> {
        self.0.store(true, Relaxed);
        let text = "nothing is asked while a configuration is checked";
        Box::pin(async move { Err(SqlError::Unavailable(text.to_owned())) })
    }
}

impl SqlAccess for RefusingSql {
    fn query(
        &self,
        _: String,
        _: Vec<SqlPiece>,
        _: Instant,
    ) -> BoxFuture<'_, Result<SqlTable, SqlError>> {
        self.refuse()
    }

    fn execute(
        &self,
        _: String,
        _: Vec<SqlPiece>,
        _: Instant,
    ) -> BoxFuture<'_, Result<u64, SqlError>> {
        self.refuse()
    }
}
