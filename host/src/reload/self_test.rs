//! The last test before a generation serves: the administrator's example logins.
//!
//! They run through the pipeline as logins do, but nobody hears of them: no login line, no decision log,
//! no post actions. Plugins see `self-test` as the service of the request.

use std::{sync::Arc, time::Instant};

use futures_util::{StreamExt, stream};
use svix_ksuid::{Ksuid, KsuidLike};

use super::{Generation, LoadProblem};
use crate::{
    auth::{Caching, Client, Password, Request, Tls},
    config::{ExampleLogin, ExamplePassword},
    observe::render_trace,
};

/// The service of requests that are example logins.
const SERVICE: &str = "self-test";

/// Runs `reload.logins`, as many at the same time as there are cores, each with the deadline of a
/// request. Returns one problem for each that is not decided as expected.
pub async fn self_test(generation: &Generation) -> Vec<LoadProblem> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let logins = &generation.config.reload.logins;
    let problems: Vec<_> = stream::iter(logins.iter().cloned().enumerate())
        .map(|(index, login)| check(generation, index, login))
        .buffered(cores)
        .collect()
        .await;
    problems.into_iter().flatten().collect()
}

async fn check(generation: &Generation, index: usize, login: ExampleLogin) -> Option<LoadProblem> {
    let user = &login.username;
    let password = match password(&login) {
        Ok(password) => password,
        Err(why) => {
            let message = format!(
                "the password of example login {index} (user `{user}`) cannot be read: {why}"
            );
            return Some(LoadProblem::example_login(index, message));
        }
    };
    let request = Arc::new(request(&login, password));
    let started = Instant::now();
    let deadline = started + generation.config.server.request_timeout;
    let outcome = generation
        .pipeline
        .try_out(Arc::clone(&request), deadline)
        .await;
    let got = outcome.decision.verdict;
    let expected = login.expect;
    tracing::info!(
        session = request.session,
        username = user,
        expected = expected.as_str(),
        got = got.as_str(),
        latency_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "Self-test: an example login was decided"
    );
    if got == expected {
        return None;
    }
    let message = format!(
        "example login {index} (user `{user}`) must end as {}, but it ended as {}",
        expected.as_str(),
        got.as_str()
    );
    let trace = render_trace(&outcome.decision, &outcome.trace);
    let help = format!("this is how it was decided:\n{}", trace.trim_end());
    Some(LoadProblem::example_login(index, message).with_help(help))
}

fn password(login: &ExampleLogin) -> std::io::Result<Option<Arc<Password>>> {
    Ok(match &login.password {
        None => None,
        Some(ExamplePassword::Written(password)) => Some(Arc::clone(password)),
        Some(ExamplePassword::Source(source)) => {
            let mut value = source.read()?;
            Some(Arc::new(Password::new(std::mem::take(&mut *value))))
        }
    })
}

fn request(login: &ExampleLogin, password: Option<Arc<Password>>) -> Request {
    Request {
        session: Ksuid::now(None).to_string(),
        service: SERVICE.to_owned(),
        protocol: login.protocol.clone(),
        method: "plain".to_owned(),
        username: login.username.clone(),
        password,
        mode: login.mode,
        login_attempt: 1,
        client: Client {
            address: login.client_ip.clone(),
            ..Client::default()
        },
        tls: login.tls.then(|| Tls {
            secured: "on".to_owned(),
            ..Tls::default()
        }),
        caching: Caching::NONE,
        ..Request::default()
    }
}
