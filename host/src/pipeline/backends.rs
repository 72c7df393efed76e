//! The backend stage: who knows this user, and is the password right?
//!
//! Backends are asked in configuration order, those that serve the login's protocol. The first that
//! accepts accepts; the first that knows the user and not the password rejects. A backend that fails
//! hands the question to the next, and if nobody settles it, the login is a temporary failure: an outage
//! must never look like a wrong password, whatever stands beside it in the list. Accounts are listed by
//! all or by none.
//!
//! When the client has answered a challenge (APOP, CRAM-MD5), backends are asked who the user is; the
//! password that they supply with it is compared here, and goes no further.

use std::sync::Arc;

use super::{
    Answer, BackendAnswer, BackendUser, Call, Conclusion, Finding, Known, Member, OnError,
    Operation, Question, Stages, ask::ask, attributes::first_text, challenge, login::Login,
};
use crate::auth::{Challenge, Mode, RecoveredPassword, Request, Stage, Verdict};

/// The protocol of lists for which the caller names none.
const LISTING: &str = "account-provider";

/// What is known when no backend has settled the question yet.
#[derive(Default)]
struct Unsettled {
    /// A backend does not know the user.
    unknown_user: bool,
    /// A backend with `on_error: tempfail` failed.
    failed: bool,
    /// A backend with `on_error: reject` failed.
    failed_as_reject: bool,
    /// A backend with `on_error: skip` failed.
    skipped: bool,
}

impl Unsettled {
    /// A failure outweighs "unknown here": the backend that failed may know the user. Without any
    /// answer at all nobody can say.
    fn conclusion(&self) -> Conclusion {
        if self.failed {
            Conclusion::Unavailable
        } else if self.failed_as_reject {
            Conclusion::FailedAsReject
        } else if self.unknown_user {
            Conclusion::UnknownUser
        } else {
            Conclusion::Unavailable
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
enum Said {
    Settled(Conclusion, Option<RecoveredPassword>),
    Unknown,
    /// The user is known, and yet nobody can say; why.
    Unsupported(String),
}

/// Checks the password of the request, or in mode `no-auth` finds the user. `request` may be another one
/// than the login's: a part of it.
pub(super) async fn find_user(
    login: &mut Login,
    stages: &Stages,
    request: &Arc<Request>,
) -> (Finding, Option<RecoveredPassword>) {
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
        Check::Password | Check::Existence => Arc::clone(request),
    };
    let operation = match check {
        Check::Password => Operation::Verify,
        Check::Existence | Check::Challenge(_) => Operation::LookUp,
    };
    let mut clock = login.clock(Stage::Backends);
    let mut unsettled = Unsettled::default();
    let mut settled = None;
    let mut context = Vec::new();
    let mut asked_one = false;
    for member in &stages.backends {
        let name = member.plugin.name();
        if settled.is_some() || login.expired() || !member.serves(&request.protocol) {
            clock.skipped(name);
            continue;
        }
        asked_one = true;
        let call = Call {
            request: Arc::clone(&asked_about),
            ..login.call()
        };
        let question = Question::Backend(operation.clone());
        let mut asked = ask(member.plugin.as_ref(), Stage::Backends, question, call).await;
        match asked.answer {
            Ok(Answer::Backend(BackendAnswer::User(mut user))) => {
                let (word, said) = judge(&user, check, attribute);
                asked.trace.verdict = word.to_owned();
                match said {
                    Said::Settled(conclusion, password) => {
                        challenge::hide(&mut user.attributes, attribute);
                        let backend = name.to_owned();
                        let user = *user;
                        settled = Some((conclusion, Known { backend, user }, password));
                    }
                    Said::Unknown => unsettled.unknown_user = true,
                    Said::Unsupported(why) => {
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
                    OnError::Skip => unsettled.skipped = true,
                }
            }
        }
        context.extend(asked.context.iter().cloned());
        login.keep(asked.context, asked.log_fields);
    }
    clock.finish_into(&mut login.trace);
    if !asked_one && !login.expired() {
        tracing::error!(
            session = request.session,
            protocol = request.protocol,
            "No backend serves this protocol: see `protocols` in `pipeline.backends`"
        );
    }
    let certain = !(unsettled.failed || unsettled.failed_as_reject || unsettled.skipped);
    let (conclusion, known, password) = match settled {
        Some((conclusion, known, password)) => (conclusion, Some(known), password),
        None => (unsettled.conclusion(), None, None),
    };
    let finding = Finding {
        conclusion,
        known,
        context,
        certain,
    };
    (finding, password)
}

/// The answer in one word, and what it comes to. A user without an account (no account field named,
/// or nothing in the attribute that it names) counts as not found, as in Nauthilus.
fn judge(
    user: &BackendUser,
    check: Check<'_>,
    password_attribute: Option<&str>,
) -> (&'static str, Said) {
    let settled = |conclusion| Said::Settled(conclusion, None);
    if !user.found {
        return ("unknown-user", Said::Unknown);
    }
    if first_text(&user.attributes, &user.account_field).is_empty() {
        return ("no-account", Said::Unknown);
    }
    match check {
        Check::Existence => ("found", settled(Conclusion::Accepted)),
        Check::Password if user.authenticated => ("authenticated", settled(Conclusion::Accepted)),
        Check::Password => ("wrong-password", settled(Conclusion::WrongPassword)),
        Check::Challenge(challenge) => {
            match challenge::stored_password(&user.attributes, password_attribute) {
                Err(why) => ("temporary-failure", Said::Unsupported(why)),
                Ok(password) if challenge.is_answered_with(password.0.expose()) => {
                    let said = Said::Settled(Conclusion::Accepted, Some(password));
                    ("authenticated", said)
                }
                Ok(_) => ("wrong-password", settled(Conclusion::WrongPassword)),
            }
        }
    }
}

/// All accounts of all backends, in order, duplicates kept; nothing when one of them fails. A caller that
/// names a protocol gets the accounts of those that serve it.
pub(super) async fn list_accounts(login: &mut Login, members: &[Member]) -> (Verdict, Vec<String>) {
    let mut clock = login.clock(Stage::Backends);
    let mut accounts = Vec::new();
    let mut failed = None;
    let protocol = login.request.protocol.clone();
    for member in members {
        let serves = protocol == LISTING || member.serves(&protocol);
        if failed.is_some() || login.expired() || !serves {
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
