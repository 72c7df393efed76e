//! The filter stage: what becomes of the backends' verdict.
//!
//! All filters that apply are asked side by side with the same view. A reject by any of them is the
//! last word, also beside one that failed: what one filter forbids, the outage of another does not
//! make uncertain. Otherwise a temporary failure of any wins; then an accept by one that holds
//! `may-accept`; then the backends' verdict stands. The first status message in configuration order
//! wins, and replaces one that a feature has set.

use super::{
    Answer, FilterVerdict, Member, OnError, Question,
    ask::ask,
    attributes::{Change, merge},
    login::Login,
};
use crate::auth::{Mode, Stage, Verdict};

/// Asks the filters about the backends' verdict.
pub(super) async fn run(login: &mut Login, members: &[Member], backends: Verdict) -> Verdict {
    if members.is_empty() {
        return backends;
    }
    let mut clock = login.clock(Stage::Filters);
    let mode = login.request.mode;
    let authenticated = login.progress.authenticated;
    let call = login.call();
    let answers = futures_util::future::join_all(members.iter().map(|member| {
        let call = call.clone();
        async move {
            if !member.applies_as_filter(mode, authenticated) {
                return None;
            }
            let plugin = member.plugin.as_ref();
            Some(ask(plugin, Stage::Filters, Question::Filter, call).await)
        }
    }))
    .await;

    let mut tally = Tally::default();
    let mut changes = Vec::new();
    for (member, answer) in members.iter().zip(answers) {
        let Some(asked) = answer else {
            clock.skipped(member.plugin.name());
            continue;
        };
        clock.push(asked.trace);
        login.keep(asked.context, asked.log_fields);
        match asked.answer {
            Ok(Answer::Filter(answer)) => {
                match answer.verdict {
                    FilterVerdict::Keep => {}
                    FilterVerdict::Accept => tally.accept |= member.plugin.may_accept(),
                    FilterVerdict::Reject => tally.reject = true,
                    FilterVerdict::TemporaryFailure => {
                        tally.temporary_failure = true;
                        if tally.temporary_failure_message.is_none() {
                            tally
                                .temporary_failure_message
                                .clone_from(&answer.status_message);
                        }
                    }
                }
                if tally.message.is_none() {
                    tally.message = answer.status_message;
                }
                login.response_headers.extend(answer.response_headers);
                changes.push(Change {
                    add: answer.add_attributes,
                    remove: answer.remove_attributes,
                });
            }
            // `ask` lets nothing else through.
            Ok(_) | Err(OnError::TemporaryFailure) => tally.temporary_failure = true,
            Err(OnError::Reject) => tally.reject = true,
            Err(OnError::Skip) => {}
        }
    }
    clock.finish_into(&mut login.trace);
    login.progress.attributes = merge(std::mem::take(&mut login.progress.attributes), changes);
    tally.end(login, mode, backends)
}

#[derive(Default)]
struct Tally {
    reject: bool,
    temporary_failure: bool,
    accept: bool,
    message: Option<String>,
    temporary_failure_message: Option<String>,
}

impl Tally {
    fn end(self, login: &mut Login, mode: Mode, backends: Verdict) -> Verdict {
        if let Some(message) = self.message {
            login.progress.status_message = message;
        }
        if self.reject {
            Verdict::Reject
        } else if self.temporary_failure {
            login.temporary_failure_message = self.temporary_failure_message;
            Verdict::TemporaryFailure
        } else if self.accept && backends == Verdict::Reject {
            login.progress.authenticated = mode == Mode::Verify;
            Verdict::Accept
        } else {
            backends
        }
    }
}
