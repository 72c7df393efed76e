//! The backend stage: who knows this user, and is the password right?
//!
//! Backends are asked in configuration order. The first that accepts accepts; the first that knows
//! the user and not the password rejects. A backend that fails hands the question to the next, and
//! if nobody settles it, the login is a temporary failure: an outage must never look like a wrong
//! password, whatever stands beside it in the list. Accounts are listed by all or by none.

use super::{
    Answer, BackendAnswer, BackendUser, Member, OnError, Operation, Question, ask::ask,
    attributes::first_text, login::Login,
};
use crate::auth::{Mode, Stage, Verdict};

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

/// Checks the password, or in mode `no-auth` finds the user.
pub(super) async fn find_user(login: &mut Login, members: &[Member]) -> Verdict {
    let look_up = login.request.mode != Mode::Verify;
    let operation = if look_up {
        Operation::LookUp
    } else {
        Operation::Verify
    };
    let mut clock = login.clock(Stage::Backends);
    let mut unsettled = Unsettled::default();
    let mut settled = None;
    for member in members {
        let name = member.plugin.name();
        if settled.is_some() || login.expired() {
            clock.skipped(name);
            continue;
        }
        let question = Question::Backend(operation.clone());
        let mut asked = ask(
            member.plugin.as_ref(),
            Stage::Backends,
            question,
            login.call(),
        )
        .await;
        match asked.answer {
            Ok(Answer::Backend(BackendAnswer::User(user))) => {
                let (word, verdict) = judge(&user, look_up);
                asked.trace.verdict = word.to_owned();
                clock.push(asked.trace);
                match verdict {
                    Some(verdict) => {
                        adopt(login, name, *user, look_up);
                        settled = Some(verdict);
                    }
                    None => unsettled.unknown_user = true,
                }
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
    settled.unwrap_or_else(|| unsettled.verdict())
}

/// The answer in one word, and what it settles. A user without an account (no account field named,
/// or nothing in the attribute that it names) counts as not found, as in Nauthilus.
fn judge(user: &BackendUser, look_up: bool) -> (&'static str, Option<Verdict>) {
    let account = first_text(&user.attributes, &user.account_field);
    if !user.found {
        ("unknown-user", None)
    } else if account.is_empty() {
        ("no-account", None)
    } else if look_up {
        ("found", Some(Verdict::Accept))
    } else if user.authenticated {
        ("authenticated", Some(Verdict::Accept))
    } else {
        ("wrong-password", Some(Verdict::Reject))
    }
}

/// Takes over what the deciding backend knows.
fn adopt(login: &mut Login, backend: &str, user: BackendUser, look_up: bool) {
    let progress = &mut login.progress;
    progress.user_found = true;
    progress.authenticated = user.authenticated && !look_up;
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
