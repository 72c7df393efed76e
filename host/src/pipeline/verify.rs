//! The password check as a whole: the cache, the backends, and the detour of master users.
//!
//! What the cache says is treated exactly as if the backends had said it at this moment: filters run, and
//! a reject counts as what it is.

use std::{sync::Arc, time::Instant};

use super::{
    CacheAnswer, CacheQuestion, CacheSource, Conclusion, Finding, Keeper, Known, Stages,
    attributes::first_text,
    backends,
    login::{Login, StageClock},
    master::MasterUsers,
};
use crate::auth::{Mode, PluginTrace, Request, Stage, Usage, Value};

/// The name under which traces show the cache.
const CACHE: &str = "cache";

/// Checks the password, or in mode `no-auth` finds the user, and takes over what the backends know.
pub(super) async fn check(login: &mut Login, stages: &Stages) -> Conclusion {
    let request = Arc::clone(&login.request);
    // The answer to a challenge would make the master's password that of the target.
    if request.mode == Mode::Verify
        && request.challenge.is_none()
        && let Some(masters) = &stages.masters
        && let Some(names) = masters.split(&request.username)
    {
        let master = Arc::new(request.about(names.master));
        let target = Arc::new(Request {
            mode: Mode::LookUp,
            ..request.about(names.target).without_password()
        });
        return check_master(login, stages, masters, &master, &target).await;
    }
    let finding = find(login, stages, &request).await;
    take_over(login, &finding, request.mode == Mode::Verify)
}

/// The master's password lets the target in, if the master is one and the target exists. From here on
/// the login is the target's.
async fn check_master(
    login: &mut Login,
    stages: &Stages,
    masters: &MasterUsers,
    master: &Arc<Request>,
    target: &Arc<Request>,
) -> Conclusion {
    let field = (
        "master_user".to_owned(),
        Value::Text(master.username.clone()),
    );
    login.log_fields.push(field);
    // The refusal must not tell an allowed network from a wrong password.
    if !masters.allows_client(&master.client.address) {
        return Conclusion::WrongPassword;
    }
    let finding = find(login, stages, master).await;
    login.left_out = !finding.certain;
    if finding.conclusion != Conclusion::Accepted {
        return finding.conclusion;
    }
    let account = finding.known.as_ref().map(Known::account);
    if !account.is_some_and(|account| masters.allows_account(&account)) {
        return Conclusion::WrongPassword;
    }
    // What the backends said of the master is no answer about the target.
    login.answered_by = None;
    login.request = Arc::new(login.request.about(&target.username));
    let (finding, _) = backends::find_user(login, stages, target).await;
    take_over(login, &finding, true)
}

/// What the backends say, or would say.
async fn find(login: &mut Login, stages: &Stages, request: &Arc<Request>) -> Arc<Finding> {
    let by_password =
        request.mode == Mode::Verify && request.challenge.is_none() && !request.lacks_password();
    let serving = || {
        let members = stages.backends.iter();
        members.filter(|member| member.serves(&request.protocol))
    };
    let may_keep = by_password && serving().all(|member| member.cached);
    let Some(cache) = stages.cache.as_ref().filter(|_| may_keep) else {
        let (finding, password) = backends::find_user(login, stages, request).await;
        login.recovered_password = password;
        return Arc::new(finding);
    };
    let question = CacheQuestion {
        request: Arc::clone(request),
        backends: serving()
            .map(|member| Keeper {
                backend: member.plugin.name().to_owned(),
                cache_name: member.cache_name.clone(),
            })
            .collect(),
        deadline: login.deadline,
    };
    let clock = login.clock(Stage::Cache);
    let since_began = login.elapsed();
    let asked = Instant::now();
    let deadline = tokio::time::Instant::from_std(login.deadline);
    let answer = tokio::time::timeout_at(deadline, cache.ask(question)).await;
    let word = match &answer {
        Ok(CacheAnswer::Known(_, CacheSource::Memory)) => "memory",
        Ok(CacheAnswer::Known(_, CacheSource::Store)) => "store",
        Ok(CacheAnswer::Known(_, CacheSource::Shared)) => "shared",
        Ok(CacheAnswer::Ask(_)) => "miss",
        Err(_) => "late",
    };
    trace(login, clock, word, since_began, asked);
    match answer {
        Ok(CacheAnswer::Known(finding, source)) => {
            login.answered_by = Some(source);
            login.context.apply(finding.context.iter().cloned());
            finding
        }
        Ok(CacheAnswer::Ask(asking)) => {
            let (finding, password) = backends::find_user(login, stages, request).await;
            login.recovered_password = password;
            let finding = Arc::new(finding);
            // Who was cut short by his own deadline has found out nothing for others.
            if !login.expired() {
                asking.found(&finding);
            }
            finding
        }
        Err(_) => Arc::new(Finding {
            conclusion: Conclusion::Unavailable,
            known: None,
            context: Vec::new(),
            certain: false,
        }),
    }
}

fn trace(
    login: &mut Login,
    mut clock: StageClock,
    word: &str,
    started: std::time::Duration,
    asked: Instant,
) {
    clock.push(PluginTrace {
        plugin: CACHE.to_owned(),
        verdict: word.to_owned(),
        started,
        usage: Usage {
            // Zero would mean that it was not asked.
            elapsed: asked.elapsed().max(std::time::Duration::from_nanos(1)),
            ..Usage::default()
        },
        ..PluginTrace::default()
    });
    clock.finish_into(&mut login.trace);
}

/// Takes over what the deciding backend knows.
fn take_over(login: &mut Login, finding: &Finding, with_password: bool) -> Conclusion {
    login.left_out = !finding.certain;
    let Some(Known { backend, user }) = &finding.known else {
        return finding.conclusion;
    };
    let progress = &mut login.progress;
    progress.user_found = true;
    progress.authenticated = with_password && finding.conclusion == Conclusion::Accepted;
    progress.account = first_text(&user.attributes, &user.account_field);
    progress.unique_user_id = first_text(&user.attributes, &user.unique_user_id_field);
    progress.display_name = first_text(&user.attributes, &user.display_name_field);
    progress.account_field.clone_from(&user.account_field);
    progress
        .totp_secret_field
        .clone_from(&user.totp_secret_field);
    progress
        .totp_recovery_field
        .clone_from(&user.totp_recovery_field);
    progress.attributes.clone_from(&user.attributes);
    progress.backend.clone_from(backend);
    finding.conclusion
}
