//! What the pipeline needs of the control that counts failed logins, and when it asks it.
//!
//! The control is asked twice at most: before the features, whether the client is banned; and after the
//! backends, when a password was found wrong or right. What nobody could check is never counted: no
//! temporary failure, no failure of a plugin, no login without a password. A control that cannot say is
//! a temporary failure, also after a wrong password: who cannot be counted gets no answer to a guess.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;

use super::{Conclusion, login::Login};
use crate::auth::{Client, Event, Mode, PluginTrace, Request, Stage, Usage};

/// What the trace, the log and `progress.feature` call it.
pub const BRUTE_FORCE: &str = "brute_force";

/// The control that counts failed logins and bans networks.
pub trait BruteForce: Send + Sync {
    /// How the client stands before anything else is asked. Returns by `deadline`.
    fn check<'a>(&'a self, request: &'a Request, deadline: Instant) -> BoxFuture<'a, Standing>;

    /// Counts a login whose password was checked and is wrong, or that a feature has rejected which
    /// [`Self::learns_from`]. Only asked about logins that [`Self::check`] found clear.
    fn failed<'a>(
        &'a self,
        login: FailedLogin<'a>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Counted, Uncertain>>;

    /// Remembers that a user has given the right password, and the user's account if it is known. Never in
    /// the way of the login.
    fn succeeded<'a>(
        &'a self,
        request: &'a Request,
        account: Option<&'a str>,
        deadline: Instant,
    ) -> BoxFuture<'a, ()>;

    /// Whether rejects of this feature count as failed logins.
    fn learns_from(&self, feature: &str, event: Event) -> bool;
}

/// How a client stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The control has nothing to do with this login, and must not hear of it any more.
    Exempt,
    /// It may go on.
    Clear(Clearance),
    /// It is rejected.
    Banned(Ban),
    /// Nobody can say.
    Uncertain(Uncertain),
}

/// What the control wants to know again when the login has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clearance {
    /// The period of the rule whose limit is passed, and which tolerates it: shorter ones do not count
    /// the failure.
    pub tolerated: Option<Duration>,
}

/// A ban.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ban {
    /// The rule.
    pub bucket: String,
    /// The network, in CIDR form.
    pub network: String,
    /// Failures that the rule has counted; 0 when unknown.
    pub failures: u32,
    /// It was there before this login.
    pub repeating: bool,
}

/// The store is away, and nobody else knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncertain(pub String);

/// A failed login.
#[derive(Clone, Copy)]
pub struct FailedLogin<'a> {
    /// The question.
    pub request: &'a Request,
    /// The account, if a backend knows the user.
    pub account: Option<&'a str>,
    /// What [`BruteForce::check`] said.
    pub clearance: Clearance,
}

/// What is known of a failed login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// The password is a wrong one that the account has seen before.
    pub repeated: bool,
    /// How often it was tried.
    pub password_retries: u32,
    /// Different wrong passwords of the account at this address.
    pub account_passwords: u32,
    /// Different wrong passwords of the address.
    pub total_passwords: u32,
    /// Failures of the client's network, this one included, by the rule that has counted the most; 0 if
    /// none counted this one.
    pub failures: u32,
}

/// What the check came to.
pub(super) enum Checked {
    GoOn,
    /// The actions of a new ban are to run.
    Reject {
        is_new: bool,
    },
    TemporaryFailure,
}

/// Asks before the features.
pub(super) async fn check(login: &mut Login, control: Option<&dyn BruteForce>) -> Checked {
    let Some(control) = control.filter(|_| login.request.mode == Mode::Verify) else {
        return Checked::GoOn;
    };
    let started = Instant::now();
    let standing = control.check(&login.request, login.deadline).await;
    let word = match &standing {
        Standing::Exempt => return Checked::GoOn,
        Standing::Clear(Clearance { tolerated: None }) => "clear",
        Standing::Clear(_) => "tolerated",
        Standing::Banned(_) => "banned",
        Standing::Uncertain(_) => "temporary-failure",
    };
    let error = match &standing {
        Standing::Uncertain(Uncertain(why)) => Some(why.clone()),
        _ => None,
    };
    trace(login, started, word, error);
    match standing {
        Standing::Exempt => Checked::GoOn,
        Standing::Clear(clearance) => {
            login.clearance = Some(clearance);
            Checked::GoOn
        }
        Standing::Banned(ban) => {
            let progress = &mut login.progress;
            progress.feature = BRUTE_FORCE.to_owned();
            progress.brute_force_bucket = ban.bucket;
            progress.brute_force_counter = ban.failures;
            progress.failed_logins = ban.failures;
            progress.repeating = ban.repeating;
            let request = &login.request;
            let client = Client {
                network: ban.network,
                ..request.client.clone()
            };
            login.request = Arc::new(Request {
                client,
                ..request.about(&request.username)
            });
            Checked::Reject {
                is_new: !ban.repeating,
            }
        }
        Standing::Uncertain(_) => Checked::TemporaryFailure,
    }
}

/// Tells the control of a reject by a feature, if it learns from it. The reject stands in any case: no
/// password was checked.
pub(super) async fn learn(login: &mut Login, control: Option<&dyn BruteForce>, event: Event) {
    if let Some(control) = control
        && control.learns_from(&login.progress.feature, event)
    {
        count(login, control, None).await;
    }
}

/// Tells the control of a checked password. False when it could not be counted, which is a temporary
/// failure.
pub(super) async fn update(
    login: &mut Login,
    control: Option<&dyn BruteForce>,
    conclusion: Conclusion,
) -> bool {
    let (Some(control), Some(_)) = (control, login.clearance) else {
        return true;
    };
    match conclusion {
        // Nobody has compared the password, or not everybody.
        Conclusion::Unavailable | Conclusion::FailedAsReject => true,
        Conclusion::UnknownUser if login.left_out => true,
        Conclusion::Accepted => {
            let account = known_account(login);
            let succeeded = control.succeeded(&login.request, account.as_deref(), login.deadline);
            succeeded.await;
            true
        }
        Conclusion::WrongPassword | Conclusion::UnknownUser => {
            let account = known_account(login);
            count(login, control, account.as_deref()).await
        }
    }
}

/// The account, if a backend knows the user.
fn known_account(login: &Login) -> Option<String> {
    let account = &login.progress.account;
    (login.progress.user_found && !account.is_empty()).then(|| account.clone())
}

/// False when it could not be counted.
async fn count(login: &mut Login, control: &dyn BruteForce, account: Option<&str>) -> bool {
    let Some(clearance) = login.clearance else {
        return true;
    };
    let started = Instant::now();
    let failed = FailedLogin {
        request: &login.request,
        account,
        clearance,
    };
    let counted = control.failed(failed, login.deadline).await;
    let (word, error) = match &counted {
        Ok(counted) if counted.repeated => ("repeated", None),
        Ok(_) => ("counted", None),
        Err(Uncertain(why)) => ("temporary-failure", Some(why.clone())),
    };
    trace(login, started, word, error);
    let Ok(counted) = counted else {
        return false;
    };
    let progress = &mut login.progress;
    progress.repeated_wrong_password = counted.repeated;
    progress.password_retries = counted.password_retries;
    progress.account_passwords_seen = counted.account_passwords;
    progress.total_passwords_seen = counted.total_passwords;
    progress.failed_logins = counted.failures;
    true
}

fn trace(login: &mut Login, started: Instant, verdict: &str, error: Option<String>) {
    let elapsed = started.elapsed();
    let mut clock = login.clock(Stage::BruteForce);
    clock.push(PluginTrace {
        plugin: BRUTE_FORCE.to_owned(),
        verdict: verdict.to_owned(),
        error,
        kind: None,
        started: login.elapsed().saturating_sub(elapsed),
        span_id: None,
        usage: Usage {
            // Nothing that happened took no time.
            elapsed: elapsed.max(Duration::from_nanos(1)),
            ..Usage::default()
        },
    });
    clock.started_before(elapsed);
    clock.finish_into(&mut login.trace);
}
