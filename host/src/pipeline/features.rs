//! The stages of features and of controls: who may stop a login before its password is looked at.
//!
//! Controls are features in sequence, in a stage of their own after the features; a feature that aborts
//! skips them, and so does a control that aborts those after it.
//!
//! In parallel every feature is waited for, and the strongest verdict counts, whatever the order in
//! which answers arrive: reject, then temporary failure, then abort, then pass. Among equals the
//! first in configuration order decides and names the event. In sequence the first verdict that is
//! not pass ends the stage.
//!
//! "In parallel" means on one task: what features wait for overlaps, what they compute does not. That
//! is as fast as spawning for all but features that compute for long, and cancels with the request.
//!
//! The first status message in configuration order wins, also when its plugin passed: it is what a
//! reject by a later stage tells the client.

use super::{
    Answer, FeatureAnswer, FeatureVerdict, Member, OnError, Question, Stages,
    ask::{Asked, ask},
    login::Login,
};
use crate::auth::{Event, Stage};

/// What the stage came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ending {
    /// No objection.
    Continue,
    /// A feature asked to skip what is left before the password check.
    Abort,
    /// The login is rejected; the event's actions run.
    Reject(Option<Event>),
    /// The login ends in a temporary failure; the event's actions run.
    TemporaryFailure(Option<Event>),
}

/// Asks the features, then the controls.
pub(super) async fn run(login: &mut Login, stages: &Stages) -> Ending {
    let ending = ask_all(login, Stage::Features, &stages.features, stages.sequential).await;
    match ending {
        Ending::Continue => ask_all(login, Stage::Controls, &stages.controls, true).await,
        Ending::Abort if stages.controls.is_empty() => ending,
        Ending::Abort => {
            let mut clock = login.clock(Stage::Controls);
            for member in &stages.controls {
                clock.skipped(member.plugin.name());
            }
            clock.finish_into(&mut login.trace);
            ending
        }
        Ending::Reject(_) | Ending::TemporaryFailure(_) => ending,
    }
}

/// Asks the plugins of one stage.
async fn ask_all(login: &mut Login, stage: Stage, members: &[Member], sequential: bool) -> Ending {
    if members.is_empty() {
        return Ending::Continue;
    }
    let mut clock = login.clock(stage);
    let mode = login.request.mode;
    let mut tally = Tally::default();
    if sequential {
        for member in members {
            if tally.decided() || login.expired() || !member.applies_as_feature(mode) {
                clock.skipped(member.plugin.name());
                continue;
            }
            let asked = ask(
                member.plugin.as_ref(),
                stage,
                Question::Feature,
                login.call(),
            )
            .await;
            clock.push(asked.trace.clone());
            tally.count(login, member.plugin.name(), asked);
        }
    } else {
        let call = login.call();
        let answers = futures_util::future::join_all(members.iter().map(|member| {
            let call = call.clone();
            async move {
                if !member.applies_as_feature(mode) {
                    return None;
                }
                let plugin = member.plugin.as_ref();
                Some(ask(plugin, stage, Question::Feature, call).await)
            }
        }))
        .await;
        for (member, answer) in members.iter().zip(answers) {
            match answer {
                Some(asked) => {
                    clock.push(asked.trace.clone());
                    tally.count(login, member.plugin.name(), asked);
                }
                None => clock.skipped(member.plugin.name()),
            }
        }
    }
    clock.finish_into(&mut login.trace);
    tally.end(login)
}

/// One verdict that is not pass.
struct Objection {
    feature: String,
    event: Option<Event>,
    message: Option<String>,
}

#[derive(Default)]
struct Tally {
    reject: Option<Objection>,
    temporary_failure: Option<Objection>,
    aborted: bool,
    message: Option<String>,
}

impl Tally {
    fn decided(&self) -> bool {
        self.reject.is_some() || self.temporary_failure.is_some() || self.aborted
    }

    fn count(&mut self, login: &mut Login, name: &str, asked: Asked) {
        login.keep(asked.context, asked.log_fields);
        match asked.answer {
            Ok(Answer::Feature(answer)) => {
                self.count_answer(name, &answer);
                login.response_headers.extend(answer.response_headers);
                if self.message.is_none() {
                    self.message = answer.status_message;
                }
            }
            // `ask` lets nothing else through.
            Ok(_) | Err(OnError::TemporaryFailure) => self.fail(name),
            Err(OnError::Reject) => {
                // A failure is no trigger: no event, so no actions.
                self.reject.get_or_insert(Objection {
                    feature: name.to_owned(),
                    event: None,
                    message: None,
                });
            }
            Err(OnError::Skip) => {}
        }
    }

    fn count_answer(&mut self, name: &str, answer: &FeatureAnswer) {
        let objection = || Objection {
            feature: name.to_owned(),
            event: Some(answer.event),
            message: answer.status_message.clone(),
        };
        match answer.verdict {
            FeatureVerdict::Pass => {}
            FeatureVerdict::Abort => self.aborted = true,
            FeatureVerdict::Reject => {
                self.reject.get_or_insert_with(objection);
            }
            FeatureVerdict::TemporaryFailure => {
                self.temporary_failure.get_or_insert_with(objection);
            }
        }
    }

    fn fail(&mut self, name: &str) {
        self.temporary_failure.get_or_insert(Objection {
            feature: name.to_owned(),
            event: None,
            message: None,
        });
    }

    fn end(self, login: &mut Login) -> Ending {
        if let Some(message) = self.message
            && login.progress.status_message.is_empty()
        {
            login.progress.status_message = message;
        }
        if let Some(objection) = self.reject {
            login.progress.feature = objection.feature;
            Ending::Reject(objection.event)
        } else if let Some(objection) = self.temporary_failure {
            login.progress.feature = objection.feature;
            login.progress.status_message = objection.message.clone().unwrap_or_default();
            login.temporary_failure_message = objection.message;
            Ending::TemporaryFailure(objection.event)
        } else if self.aborted {
            Ending::Abort
        } else {
            Ending::Continue
        }
    }
}
