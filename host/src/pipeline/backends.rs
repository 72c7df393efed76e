//! The backend stage: who knows this user, and is the password right?
//!
//! Backends are asked in configuration order. The first that accepts accepts; the first that knows
//! the user and not the password rejects. A backend that fails hands the question to the next, and
//! if nobody settles it, the login is a temporary failure: an outage must never look like a wrong
//! password, whatever stands beside it in the list. Accounts are listed by all or by none.
//!
//! When the client has answered a challenge (APOP, CRAM-MD5), backends are asked who the user is; the
//! password that they supply with it is compared here, and goes no further.

use std::sync::Arc;

use super::{
    Answer, BackendAnswer, BackendUser, Call, Member, OnError, Operation, Question, Stages,
    ask::ask, attributes::first_text, challenge, login::Login,
};
use crate::auth::{Challenge, Mode, RecoveredPassword, Request, Stage, Verdict};

/// What is known when no backend has settled the question yet.
#[derive(Default)]
struct Unsettled {
    /// A backend does not know the user.
    unknown_user: bool,
    /// A backend with `on_error: tempfail` failed.
    failed: bool,
    /// A backend with `on_error: reject` failed.
    failed_as_reject: bool,
}

/// What the backends came to.
pub(super) struct Found {
    pub(super) verdict: Verdict,
    /// Backends that work have said so: a reject means that the password, or the user, is wrong.
    pub(super) is_certain: bool,
}

impl Unsettled {
    /// A failure outweighs "unknown here": the backend that failed may know the user. Without any
    /// answer at all nobody can say.
    fn verdict(&self) -> Verdict {
        if self.failed {
            Verdict::TemporaryFailure
        } else if self.failed_as_reject || self.unknown_user {
            Verdict::Reject
        } else {
            Verdict::TemporaryFailure
        }
    }
}

/// What the backends are asked to find out.
#[derive(Clone, Copy)]
enum Check<'a> {
    /// Whether the password is right; they compare.
    Password,
    /// Who the user is.
    Existence,
    /// What the password is; the host compares.
    Challenge(&'a Challenge),
}

/// What a backend's answer about a user comes to.
enum Finding {
    Settled(Verdict, Option<RecoveredPassword>),
    Unknown,
    /// The user is known, and yet nobody can say; why.
    Unsupported(String),
}

/// Checks the password, or in mode `no-auth` finds the user.
pub(super) async fn find_user(login: &mut Login, stages: &Stages) -> Found {
    let request = Arc::clone(&login.request);
    let check = match (&request.challenge, request.mode) {
        (Some(challenge), Mode::Verify) => Check::Challenge(challenge),
        (None, Mode::Verify) => Check::Password,
        (_, Mode::LookUp | Mode::ListAccounts) => Check::Existence,
    };
    let attribute = stages.password_attribute.as_deref();
    let asked_about = match check {
        Check::Challenge(_) => Arc::new(Request {
            mode: Mode::LookUp,
            ..request.without_password()
        }),
        Check::Password | Check::Existence => Arc::clone(&request),
    };
    let operation = match check {
        Check::Password => Operation::Verify,
        Check::Existence | Check::Challenge(_) => Operation::LookUp,
    };
    let mut clock = login.clock(Stage::Backends);
    let mut unsettled = Unsettled::default();
    let mut settled = None;
    for member in &stages.backends {
        let name = member.plugin.name();
        if settled.is_some() || login.expired() {
            clock.skipped(name);
            continue;
        }
        let call = Call {
            request: Arc::clone(&asked_about),
            ..login.call()
        };
        let question = Question::Backend(operation.clone());
        let mut asked = ask(member.plugin.as_ref(), Stage::Backends, question, call).await;
        match asked.answer {
            Ok(Answer::Backend(BackendAnswer::User(user))) => {
                let (word, finding) = judge(&user, check, attribute);
                asked.trace.verdict = word.to_owned();
                match finding {
                    Finding::Settled(verdict, password) => {
                        let authenticated =
                            verdict == Verdict::Accept && request.mode == Mode::Verify;
                        adopt(login, name, *user, authenticated, attribute);
                        login.recovered_password = password;
                        settled = Some(verdict);
                    }
                    Finding::Unknown => unsettled.unknown_user = true,
                    Finding::Unsupported(why) => {
                        let session = &request.session;
                        tracing::warn!(
                            session,
                            plugin = name,
                            why,
                            "A challenge cannot be checked"
                        );
                        asked.trace.error = Some(why);
                        unsettled.failed = true;
                    }
                }
                clock.push(asked.trace);
            }
            Ok(_) => clock.push(asked.trace),
            Err(on_error) => {
                clock.push(asked.trace);
                match on_error {
                    OnError::TemporaryFailure => unsettled.failed = true,
                    OnError::Reject => unsettled.failed_as_reject = true,
                    OnError::Skip => {}
                }
            }
        }
        login.keep(asked.context, asked.log_fields);
    }
    clock.finish_into(&mut login.trace);
    Found {
        is_certain: settled.is_some() || (!unsettled.failed && !unsettled.failed_as_reject),
        verdict: settled.unwrap_or_else(|| unsettled.verdict()),
    }
}

/// The answer in one word, and what it comes to. A user without an account (no account field named,
/// or nothing in the attribute that it names) counts as not found, as in Nauthilus.
fn judge(
    user: &BackendUser,
    check: Check<'_>,
    password_attribute: Option<&str>,
) -> (&'static str, Finding) {
    let settled = |verdict| Finding::Settled(verdict, None);
    if !user.found {
        return ("unknown-user", Finding::Unknown);
    }
    if first_text(&user.attributes, &user.account_field).is_empty() {
        return ("no-account", Finding::Unknown);
    }
    match check {
        Check::Existence => ("found", settled(Verdict::Accept)),
        Check::Password if user.authenticated => ("authenticated", settled(Verdict::Accept)),
        Check::Password => ("wrong-password", settled(Verdict::Reject)),
        Check::Challenge(challenge) => {
            match challenge::stored_password(&user.attributes, password_attribute) {
                Err(why) => ("temporary-failure", Finding::Unsupported(why)),
                Ok(password) if challenge.is_answered_with(password.0.expose()) => {
                    let finding = Finding::Settled(Verdict::Accept, Some(password));
                    ("authenticated", finding)
                }
                Ok(_) => ("wrong-password", settled(Verdict::Reject)),
            }
        }
    }
}

/// Takes over what the deciding backend knows.
fn adopt(
    login: &mut Login,
    backend: &str,
    mut user: BackendUser,
    authenticated: bool,
    password_attribute: Option<&str>,
) {
    challenge::hide(&mut user.attributes, password_attribute);
    let progress = &mut login.progress;
    progress.user_found = true;
    progress.authenticated = authenticated;
    progress.account = first_text(&user.attributes, &user.account_field);
    progress.unique_user_id = first_text(&user.attributes, &user.unique_user_id_field);
    progress.display_name = first_text(&user.attributes, &user.display_name_field);
    progress.account_field = user.account_field;
    progress.totp_secret_field = user.totp_secret_field;
    progress.totp_recovery_field = user.totp_recovery_field;
    progress.attributes = user.attributes;
    progress.backend = backend.to_owned();
}

/// All accounts of all backends, in order, duplicates kept; nothing when one of them fails.
pub(super) async fn list_accounts(login: &mut Login, members: &[Member]) -> (Verdict, Vec<String>) {
    let mut clock = login.clock(Stage::Backends);
    let mut accounts = Vec::new();
    let mut failed = None;
    for member in members {
        if failed.is_some() || login.expired() {
            clock.skipped(member.plugin.name());
            continue;
        }
        let question = Question::Backend(Operation::ListAccounts);
        let asked = ask(
            member.plugin.as_ref(),
            Stage::Backends,
            question,
            login.call(),
        )
        .await;
        clock.push(asked.trace);
        login.keep(asked.context, asked.log_fields);
        match asked.answer {
            Ok(Answer::Backend(BackendAnswer::Accounts(more))) => accounts.extend(more),
            Ok(_) | Err(OnError::Skip) => {}
            Err(OnError::TemporaryFailure) => failed = Some(Verdict::TemporaryFailure),
            Err(OnError::Reject) => failed = Some(Verdict::Reject),
        }
    }
    clock.finish_into(&mut login.trace);
    match failed {
        Some(verdict) => (verdict, Vec::new()),
        None => (Verdict::Accept, accounts),
    }
}
