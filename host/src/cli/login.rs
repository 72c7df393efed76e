//! `bulkhead login`: one request without a listener, with its trace.

use std::{
    io::Read,
    net::IpAddr,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use svix_ksuid::{Ksuid, KsuidLike};

use super::{exit, report};
use crate::{
    auth::{Caching, Client, Mode, Password, Request, StageTrace, Tls},
    observe::{self, LoginRecord},
    pipeline::Outcome,
    reload::{self, StoreUse},
};

/// Decide one login and print how it was decided
///
/// Loads the configuration as `serve` does, asks the pipeline one question without a listener, waits
/// for the post actions, and prints the decision and what every plugin said and used. If a server uses
/// the store at the same time, the login sees an empty store instead.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  bulkhead login -c bulkhead.yaml --user alice --password-stdin < password
  bulkhead login -c bulkhead.yaml --user alice --no-auth --json

Exit codes: 0 accepted, 1 rejected, 64 wrong command line, 75 temporary failure, 78 the configuration
is wrong")]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", env = "BULKHEAD_CONFIG")]
    config: PathBuf,
    /// Who wants to log in
    #[arg(short, long, value_name = "NAME")]
    user: String,
    #[command(flatten)]
    password: PasswordSource,
    /// The protocol that the user would speak
    #[arg(long, value_name = "NAME", default_value = "imap")]
    protocol: String,
    /// Where the user would come from
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    client_ip: IpAddr,
    /// Say that the user's connection is not encrypted
    #[arg(long)]
    cleartext: bool,
    /// Print a JSON object: the record of the decision log, `attributes` and `post_actions`
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct PasswordSource {
    /// The password; other users of the machine can see it while the command runs
    #[arg(long, value_name = "PASSWORD")]
    password: Option<String>,
    /// Read the password from standard input; one line end at its end does not count
    #[arg(long)]
    password_stdin: bool,
    /// Find the account without checking a password
    #[arg(long)]
    no_auth: bool,
}

pub(super) fn run(arguments: Arguments) -> ExitCode {
    let loaded = match report::load(&arguments.config) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    if let Err(why) = observe::init(&loaded.config.observe) {
        report::error(&format!("cannot start logging: {why}"));
        return ExitCode::from(exit::INTERNAL);
    }
    let json = arguments.json;
    let request = match request(arguments) {
        Ok(request) => Arc::new(request),
        Err(why) => {
            report::error(&format!("cannot read the password: {why}"));
            return ExitCode::from(exit::NO_INPUT);
        }
    };
    let runtime = match report::runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let config = loaded.config;
    let timeout = config.server.request_timeout;
    let post_timeout = config.limits.post_action_timeout;
    let code = runtime.block_on(async {
        let running = match reload::start(config, StoreUse::ConfiguredIfFree).await {
            Ok(running) => running,
            Err(problems) => {
                report::diagnostics(&reload::to_diagnostics(&problems, &loaded.places));
                return report::exit_code(&problems);
            }
        };
        let started = Instant::now();
        let outcome = running
            .generation
            .pipeline
            .try_out(Arc::clone(&request), started + timeout)
            .await;
        let latency = started.elapsed();
        print(&request, outcome, latency, post_timeout, json).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

fn request(arguments: Arguments) -> std::io::Result<Request> {
    let password = match arguments.password {
        PasswordSource {
            password: Some(text),
            ..
        } => Some(text.into_bytes()),
        PasswordSource {
            password_stdin: true,
            ..
        } => Some(read_password()?),
        PasswordSource { .. } => None,
    };
    Ok(Request {
        session: Ksuid::now(None).to_string(),
        service: "login".to_owned(),
        protocol: arguments.protocol,
        method: "plain".to_owned(),
        username: arguments.user,
        mode: match password {
            Some(_) => Mode::Verify,
            None => Mode::LookUp,
        },
        password: password.map(|bytes| Arc::new(Password::new(bytes))),
        login_attempt: 1,
        client: Client {
            address: arguments.client_ip.to_canonical().to_string(),
            ..Client::default()
        },
        tls: (!arguments.cleartext).then(|| Tls {
            secured: "on".to_owned(),
            ..Tls::default()
        }),
        caching: Caching::NONE,
        ..Request::default()
    })
}

fn read_password() -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Longer ones are no passwords: a wrong file was given.
    std::io::stdin().take(64 << 10).read_to_end(&mut bytes)?;
    let line = bytes
        .strip_suffix(b"\r\n")
        .or_else(|| bytes.strip_suffix(b"\n"))
        .map_or(bytes.len(), <[u8]>::len);
    bytes.truncate(line);
    Ok(bytes)
}

async fn print(
    request: &Request,
    outcome: Outcome,
    latency: Duration,
    post_timeout: Duration,
    json: bool,
) -> ExitCode {
    let record = LoginRecord::new(request, &outcome, latency);
    let Outcome {
        decision,
        mut trace,
        post,
        ..
    } = outcome;
    let verdict = decision.verdict;
    let post: Option<StageTrace> = match post.is_empty() {
        true => None,
        false => Some(post.run(post_timeout).await),
    };
    if json {
        let attributes: serde_json::Map<_, _> = decision
            .public_attributes()
            .map(|attribute| {
                let values = serde_json::to_value(&attribute.values).unwrap_or_default();
                (attribute.name.clone(), values)
            })
            .collect();
        let mut object = serde_json::to_value(&record).unwrap_or_default();
        if let Some(object) = object.as_object_mut() {
            object.insert("attributes".to_owned(), attributes.into());
            object.insert("accounts".to_owned(), decision.accounts.into());
            let post = serde_json::to_value(&post).unwrap_or_default();
            object.insert("post_actions".to_owned(), post);
        }
        report::json(&object);
    } else {
        trace.stages.extend(post);
        report::output(&observe::render_trace(&decision, &trace));
    }
    exit::of_verdict(verdict)
}
