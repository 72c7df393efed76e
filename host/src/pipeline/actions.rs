//! The action stage: reactions that the answer waits for.
//!
//! Actions of an event run one after the other in configuration order, each with the context that
//! the one before left. An action has no say: its failure is logged and traced, and changes nothing.

use super::{Member, Question, ask::ask, login::Login};
use crate::auth::{Event, Stage};

/// Runs the actions of the event, as long as there is time.
pub(super) async fn run(login: &mut Login, members: &[(Event, Member)], event: Event) {
    let mut clock = login.clock(Stage::Actions);
    for (_, member) in members.iter().filter(|(on, _)| *on == event) {
        if login.expired() {
            clock.skipped(member.plugin.name());
            continue;
        }
        let question = Question::Action(event);
        let asked = ask(
            member.plugin.as_ref(),
            Stage::Actions,
            question,
            login.call(),
        )
        .await;
        clock.push(asked.trace);
        login.keep(asked.context, asked.log_fields);
    }
    clock.finish_into(&mut login.trace);
}
