//! Loads every plugin of a configuration and asks each one harmless question, without any effect
//! outside: the store is an empty one in memory, HTTP requests, SQL statements and look-ups of names are
//! refused, and directories are unavailable.
//!
//! A plugin that fails because it was refused something may be right: it is not reported, unless it
//! trapped or broke the contract, which nothing outside should bring it to.

mod refusing;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Instant,
};

use futures_util::{StreamExt, stream};
use zeroize::Zeroizing;

use super::{
    LoadProblem, Wanted,
    engine_loader::problems,
    generation::wanted,
    services::{self, Clients},
};
use crate::{
    auth::{Client, Event, HookRequest, Mode, Request, Tls},
    backend_io::{
        geoip::Databases,
        http,
        ldap::{LdapClient, Unwatched},
        sql,
    },
    capability::Services,
    config::Config,
    engine::{Engine, EngineSettings, PluginKind, PluginSpec},
    observe::metrics::{PluginMetrics, ServerMetrics},
    pipeline::{Call, Context, Failure, FailureKind, Operation, Plugin, Question},
    store::MemoryStore,
};
use refusing::{NoDirectory, Refusal, Refusing, RefusingSql};

/// Who is asked about. Nobody has this name.
const USER: &str = "bulkhead-check";

/// What a dry run found.
#[derive(Default)]
pub struct DryRun {
    /// What keeps the configuration from being used.
    pub problems: Vec<LoadProblem>,
    /// What is probably wrong, but need not be.
    pub doubts: Vec<LoadProblem>,
}

/// Loads all plugins, as many at the same time as there are cores, and asks each one about a user that
/// does not exist: backends whether they know it, features and filters for their verdict, actions and
/// hooks to run. Init plugins run too. No password is shown to anybody.
pub async fn dry_run(config: Config) -> DryRun {
    let mut found = DryRun::default();
    let secrets = secrets(&config, &mut found);
    if let Err(wrong) = LdapClient::new(&config.ldap, Arc::new(Unwatched)) {
        let problems = wrong.into_iter().map(LoadProblem::server);
        found.problems.extend(problems);
    }
    let settings = EngineSettings {
        cache_directory: Some(config.cache_directory.clone()),
        limits: &config.limits,
    };
    let engine = match Engine::new(settings) {
        Ok(engine) => engine,
        Err(why) => {
            found.problems.push(LoadProblem::server(why.to_string()));
            return found;
        }
    };
    if !found.problems.is_empty() {
        return found;
    }
    let databases = Databases::new(Box::new(|_, _| {}));
    match databases.prepare(&config.geoip) {
        Ok(prepared) => prepared.commit(),
        Err(problems) => {
            let problems = problems.into_iter().map(LoadProblem::server);
            found.problems.extend(problems);
            return found;
        }
    }
    let trial = Trial {
        config: &config,
        engine,
        secrets,
        databases,
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let results: Vec<DryRun> = stream::iter(wanted(&config))
        .map(|wanted| trial.plugin(wanted))
        .buffered(cores)
        .collect()
        .await;
    for one in results {
        found.problems.extend(one.problems);
        found.doubts.extend(one.doubts);
    }
    found
}

fn secrets(config: &Config, found: &mut DryRun) -> BTreeMap<String, Zeroizing<Vec<u8>>> {
    let mut secrets = BTreeMap::new();
    for (name, source) in &config.secrets {
        match source.read() {
            Ok(value) => {
                secrets.insert(name.clone(), value);
            }
            Err(why) => {
                let message = format!("the secret `{name}` cannot be read: {why}");
                found.problems.push(LoadProblem::server(message));
            }
        }
    }
    secrets
}

struct Trial<'a> {
    config: &'a Config,
    engine: Engine,
    secrets: BTreeMap<String, Zeroizing<Vec<u8>>>,
    databases: Arc<Databases>,
}

impl Trial<'_> {
    async fn plugin(&self, wanted: Wanted) -> DryRun {
        let refused = Arc::new(AtomicBool::new(false));
        let (name, kind) = (wanted.name.clone(), wanted.kind);
        let question = self.question(&wanted);
        let loaded = self
            .engine
            .load(PluginSpec {
                name: wanted.name,
                kind,
                source: wanted.source,
                config: wanted.config,
                secrets: self.secrets.clone(),
                services: Arc::new(self.services(&refused)),
            })
            .await;
        let plugin = match loaded {
            Ok(plugin) => plugin,
            Err(why) => return could_not_load(problems(&name, why), refused.load(Relaxed)),
        };
        let deadline = Instant::now() + self.config.limits.load_timeout;
        let ran = match question {
            Some(question) => plugin.run(question, call(deadline)).await,
            None => plugin.run_init(deadline).await,
        };
        match ran.answer {
            Ok(_) => DryRun::default(),
            Err(failure) => judge(&name, kind, &failure, refused.load(Relaxed)),
        }
    }

    /// What a plugin is asked; init plugins are not asked but run.
    fn question(&self, wanted: &Wanted) -> Option<Question> {
        let pipeline = &self.config.pipeline;
        Some(match wanted.kind {
            PluginKind::Feature => Question::Feature,
            PluginKind::Backend => Question::Backend(Operation::LookUp),
            PluginKind::Filter => Question::Filter,
            PluginKind::Action => {
                let mut actions = pipeline.actions.iter();
                let action = actions.find(|action| action.plugin.name == wanted.name);
                Question::Action(action.map_or(Event::Post, |action| action.event))
            }
            PluginKind::Hook => {
                let mut hooks = pipeline.hooks.iter();
                let hook = hooks.find(|hook| hook.plugin.name == wanted.name)?;
                Question::Hook(Arc::new(HookRequest {
                    session: USER.to_owned(),
                    method: hook.method.clone(),
                    path: format!("/api/v1/custom/{}", hook.location),
                    client_address: "127.0.0.1".to_owned(),
                    ..HookRequest::default()
                }))
            }
            PluginKind::Init | PluginKind::CacheFlush => return None,
        })
    }

    /// The real ones, but nothing leaves this process.
    fn services(&self, refused: &Arc<AtomicBool>) -> Services {
        let metrics = PluginMetrics::new(self.config.limits.metric_series);
        let clients = Clients {
            ldap: Arc::new(NoDirectory(Arc::clone(refused))),
            names: Arc::new(Refusal(Arc::clone(refused))),
            databases: Arc::clone(&self.databases),
            sql: sql::Registry::new(Arc::new(ServerMetrics::default())),
            http: http::Registry::new(Arc::new(|_| {})),
        };
        let store = Arc::new(MemoryStore::new());
        let real = services::services(self.config, store, metrics, clients);
        Services {
            http: Arc::new(Refusing {
                real: real.http,
                refused: Arc::clone(refused),
            }),
            sql: Arc::new(RefusingSql(Arc::clone(refused))),
            ..real
        }
    }
}

fn could_not_load(problems: Vec<LoadProblem>, refused: bool) -> DryRun {
    let (problems, doubts) = match refused {
        // It may want to fetch something while it is set up.
        true => (Vec::new(), problems),
        false => (problems, Vec::new()),
    };
    DryRun { problems, doubts }
}

/// What a failure of a plugin that was loaded says about the configuration.
fn judge(name: &str, kind: PluginKind, failure: &Failure, refused: bool) -> DryRun {
    let asked = match kind {
        PluginKind::Init => "run",
        PluginKind::Hook => "asked with an empty request",
        _ => "asked about a user that does not exist",
    };
    let problem = |help: &str| {
        let message = format!("when it is {asked}, it fails: {failure}");
        LoadProblem::code(name, message).with_help(help)
    };
    let mut found = DryRun::default();
    match failure.kind {
        FailureKind::Plugin if lacks_its_function(failure) => {
            let message = failure.message.clone();
            let help = "define it, or configure the script as what it is";
            let problem = LoadProblem::code(name, message).with_help(help);
            found.problems.push(problem);
        }
        FailureKind::Trap | FailureKind::Contract if !refused => {
            found.problems.push(problem("mend the plugin"));
        }
        FailureKind::Trap | FailureKind::Contract => {
            let help = "the outside is out of reach in a check; a plugin must bear that";
            found.doubts.push(problem(help));
        }
        // Ended by what the check denies it, and not by itself.
        _ if refused => {}
        // Loading the configuration would fail in the same way.
        FailureKind::Plugin if kind == PluginKind::Init => {
            let message = format!("its init failed: {failure}");
            found.problems.push(LoadProblem::code(name, message));
        }
        FailureKind::Plugin => {
            let help = "each such login would be a temporary failure, or what `on_error` says";
            found.doubts.push(problem(help));
        }
        FailureKind::CpuTime
        | FailureKind::WallClock
        | FailureKind::Memory
        | FailureKind::Boundary
        | FailureKind::HostCalls => {
            let help =
                format!("raise its limits under `plugins.{name}.limits`, or make it do less");
            found.doubts.push(problem(&help));
        }
        // These say something about this machine at this moment.
        FailureKind::Overloaded | FailureKind::NotReady => {}
    }
    found
}

/// The Lua runtime's words for a script without an entry function. An error of the script itself
/// begins with its chunk and line.
fn lacks_its_function(failure: &Failure) -> bool {
    ["the script does not define", "the script defines n"]
        .iter()
        .any(|words| failure.message.starts_with(words))
}

fn call(deadline: Instant) -> Call {
    let request = Request {
        session: USER.to_owned(),
        service: "check".to_owned(),
        protocol: "imap".to_owned(),
        method: "plain".to_owned(),
        username: USER.to_owned(),
        mode: Mode::LookUp,
        login_attempt: 1,
        client: Client {
            address: "127.0.0.1".to_owned(),
            ..Client::default()
        },
        tls: Some(Tls {
            secured: "on".to_owned(),
            ..Tls::default()
        }),
        ..Request::default()
    };
    Call {
        request: Arc::new(request),
        progress: Arc::default(),
        context: Context::default(),
        deadline,
        began: Instant::now(),
        trace: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Problems and doubts that a failure is.
    fn judged(
        kind: PluginKind,
        failure: FailureKind,
        message: &str,
        refused: bool,
    ) -> (usize, usize) {
        let failure = Failure {
            kind: failure,
            message: message.to_owned(),
        };
        let found = judge("users", kind, &failure, refused);
        (found.problems.len(), found.doubts.len())
    }

    #[test]
    fn a_failure_counts_by_what_can_be_known_of_its_cause() {
        use FailureKind::{Contract, CpuTime, Overloaded, Plugin, Trap, WallClock};
        let missing = "the script defines neither `a` nor `b`";
        for (failure, message, refused, problems, doubts) in [
            (Plugin, missing, false, 1, 0),
            (Plugin, missing, true, 1, 0),
            (Plugin, "users.lua:3: no answer", false, 0, 1),
            (Plugin, "users.lua:3: no answer", true, 0, 0),
            (Trap, "it trapped", false, 1, 0),
            (Trap, "it trapped", true, 0, 1),
            (Contract, "it broke the contract", false, 1, 0),
            (CpuTime, "too long", false, 0, 1),
            (WallClock, "too long", true, 0, 0),
            (Overloaded, "", false, 0, 0),
        ] {
            let found = judged(PluginKind::Backend, failure, message, refused);
            assert_eq!(found, (problems, doubts), "{failure:?} {message} {refused}");
        }
    }

    #[test]
    fn a_failing_init_plugin_is_a_problem_unless_it_was_refused_something() {
        let init = |refused| judged(PluginKind::Init, FailureKind::Plugin, "no table", refused);
        assert_eq!(init(false), (1, 0));
        assert_eq!(init(true), (0, 0));
    }
}
