//! What an administrator wants forgotten of a user, everywhere.
//!
//! Cache-flush plugins are asked first: they may know the account, and more keys. Then everybody who
//! remembers something of users ([`Forget`]) forgets it, in order; each hears of the accounts that those
//! before him found. A failure of one keeps no other from forgetting.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;

use super::{Answer, Call, Context, OnError, Pipeline, Question, ask::ask};
use crate::auth::{Mode, Progress, Request, Stage};

/// Whom to forget.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// The name of a user, or of an account.
    pub user: String,
    /// Accounts of the user that are known so far.
    pub accounts: BTreeSet<String>,
    /// Keys that plugins want deleted: the plugin, and a key of its own.
    pub plugin_keys: Vec<(String, String)>,
}

/// What somebody forgot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forgot {
    /// Names of what was there.
    pub keys: Vec<String>,
    /// Accounts that turned up.
    pub accounts: BTreeSet<String>,
}

/// Somebody who remembers something of users.
pub trait Forget: Send + Sync {
    /// Forgets it. Whatever was found out before and is kept afterwards must not count.
    ///
    /// # Errors
    /// Why some of it may still be remembered, in words for an administrator.
    fn forget<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Forgot, String>>;
}

/// A cache-flush plugin's answer (`wit/cache-flush.wit`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CacheFlushAnswer {
    /// Keys of its own to delete.
    pub keys: Vec<String>,
    /// The user's account.
    pub account: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flushed {
    /// Names of everything that is gone.
    pub removed_keys: Vec<String>,
    /// Why something may still be remembered.
    pub problems: Vec<String>,
}

impl Pipeline {
    /// Forgets the user by `deadline`. `session` is for logs.
    pub async fn flush(&self, session: &str, user: &str, deadline: Instant) -> Flushed {
        let mut subject = Subject {
            user: user.to_owned(),
            ..Subject::default()
        };
        let mut flushed = Flushed::default();
        let request = Arc::new(Request {
            session: session.to_owned(),
            service: "cache-flush".to_owned(),
            protocol: "default".to_owned(),
            username: user.to_owned(),
            mode: Mode::LookUp,
            ..Request::default()
        });
        for plugin in &self.stages.cache_flush {
            let call = Call {
                request: Arc::clone(&request),
                progress: Arc::new(Progress::default()),
                context: Context::default(),
                deadline,
                began: Instant::now(),
                trace: None,
            };
            let asked = ask(
                plugin.as_ref(),
                Stage::CacheFlush,
                Question::CacheFlush,
                call,
            )
            .await;
            match asked.answer {
                Ok(Answer::CacheFlush(answer)) => {
                    let name = plugin.name();
                    let keys = answer.keys.into_iter().map(|key| (name.to_owned(), key));
                    subject.plugin_keys.extend(keys);
                    let account = answer.account.filter(|account| !account.is_empty());
                    subject.accounts.extend(account);
                }
                Ok(_) | Err(OnError::Skip) => {}
                Err(OnError::TemporaryFailure | OnError::Reject) => {
                    let why = asked.trace.error.unwrap_or_default();
                    flushed.problems.push(format!("{}: {why}", plugin.name()));
                }
            }
        }
        for memory in &self.stages.memories {
            let left = deadline.saturating_duration_since(Instant::now());
            match tokio::time::timeout(left, memory.forget(&subject)).await {
                Ok(Ok(forgot)) => {
                    flushed.removed_keys.extend(forgot.keys);
                    subject.accounts.extend(forgot.accounts);
                }
                Ok(Err(why)) => flushed.problems.push(why),
                Err(_) => flushed.problems.push(late(left)),
            }
        }
        for problem in &flushed.problems {
            tracing::warn!(
                session,
                error = problem,
                "A user may not be forgotten everywhere"
            );
        }
        flushed
    }
}

fn late(left: Duration) -> String {
    format!("it was not done within {left:?}")
}
