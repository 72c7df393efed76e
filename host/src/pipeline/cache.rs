//! What the pipeline asks of a cache, whoever keeps it.
//!
//! A cache stands before the backends and knows what they said, never what features or filters made of
//! it. It may answer only what the same login would hear from the backends; what it cannot say, the one
//! who asked finds out, and tells it. Knows neither store nor keys.

use std::{sync::Arc, time::Instant};

use futures_util::future::BoxFuture;

use super::{BackendUser, ContextChange};
use crate::auth::{Request, Verdict};

/// How the backend stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// A backend knows the user, and the password is right (or was not asked about).
    Accepted,
    /// A backend knows the user, and the password is wrong.
    WrongPassword,
    /// No backend knows the user.
    UnknownUser,
    /// Nobody can say now.
    Unavailable,
    /// Nobody can say now, and a backend that failed wants that to be a reject (`on_error: reject`).
    FailedAsReject,
}

impl Conclusion {
    /// What it means for the login.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Accepted => Verdict::Accept,
            Self::WrongPassword | Self::UnknownUser | Self::FailedAsReject => Verdict::Reject,
            Self::Unavailable => Verdict::TemporaryFailure,
        }
    }
}

/// What the backend stage found out about a password, as it was before any filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How it ended.
    pub conclusion: Conclusion,
    /// The backend that settled it, and what it knows of the user; nothing when none did.
    pub known: Option<Known>,
    /// What the backends left for later stages, in order.
    pub context: Vec<ContextChange>,
    /// Every backend that was asked answered: the same will be found again. What is not certain may be
    /// told to those who ask at the same time, and must not be kept.
    pub certain: bool,
}

/// A user, as one backend knows it; without the password that answers challenges.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Name of the backend.
    pub backend: String,
    /// Its answer.
    pub user: BackendUser,
}

impl Known {
    /// The account.
    pub fn account(&self) -> String {
        super::attributes::first_text(&self.user.attributes, &self.user.account_field)
    }
}

/// A password that is to be checked.
#[derive(Clone)]
pub struct CacheQuestion {
    /// The login. Holds a password that is not empty, and its mode is `Verify`.
    pub request: Arc<Request>,
    /// The backends that would be asked, in order.
    pub backends: Vec<Keeper>,
    /// By then it is too late for an answer.
    pub deadline: Instant,
}

/// A backend whose answers may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeper {
    /// Its name.
    pub backend: String,
    /// `cache_name`: where its answers are kept, if other protocols and backends may share them.
    pub cache_name: Option<String>,
}

/// Who answered in place of the backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheSource {
    /// The cache in memory.
    Memory,
    /// The cache in the store.
    Store,
    /// The same login, which was being decided at this moment.
    Shared,
}

/// A cache's say.
pub enum CacheAnswer {
    /// This is what the backends would say.
    Known(Arc<Finding>, CacheSource),
    /// The backends have to be asked.
    Ask(Box<dyn Asking>),
}

/// Somebody asks the backends, and others may wait for what comes of it. Dropped without a finding, one
/// of those asks in its place.
pub trait Asking: Send {
    /// This came of it.
    fn found(self: Box<Self>, finding: &Arc<Finding>);
}

/// A cache of what backends say about passwords.
pub trait LoginCache: Send + Sync {
    /// What is known. Must not fail: a cache that is out of reach does not know.
    fn ask(&self, question: CacheQuestion) -> BoxFuture<'_, CacheAnswer>;
}
