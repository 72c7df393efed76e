//! What the routes share: the generation in force, settings, and the services beside the pipeline.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use arc_swap::ArcSwap;
use axum::http::HeaderValue;
use tokio_util::task::TaskTracker;

use super::{
    admin::Reload,
    concurrency::Concurrency,
    listen::{Certificates, RateLimits},
    lockout::Lockouts,
};
use crate::{
    backend_io::{
        dns::Resolver,
        http,
        ldap::{LdapClient, ServerStatus},
        sql,
    },
    config::{PluginSource, Server, ServerLimits},
    control::brute_force,
    jobs::{JobLimits, Jobs},
    observe::Observer,
    pipeline::{Pipeline, Plugin, PostActions, PostLimits, PostListener},
    store::Store,
    upstream,
};

/// A hook, where it answers.
#[derive(Clone)]
pub struct Hook {
    /// Who answers.
    pub plugin: Arc<dyn Plugin>,
    /// Type of the answer, unless the hook names one.
    pub content_type: Option<HeaderValue>,
}

/// Every hook of a generation.
#[derive(Default)]
pub struct HookTable {
    /// By method (upper case) and location (below `/api/v1/custom/`, no leading slash).
    pub locations: HashMap<(String, String), Hook>,
    /// By method and absolute path; asked where nothing else answers.
    pub aliases: HashMap<(String, String), Hook>,
}

impl HookTable {
    /// Every hook's plugin, once per place where it answers below the prefix.
    pub fn plugins(&self) -> impl Iterator<Item = &Arc<dyn Plugin>> {
        self.locations.values().map(|hook| &hook.plugin)
    }
}

/// What a reload replaces as a whole. A request keeps the generation that it began with.
pub struct Generation {
    /// Decides logins.
    pub pipeline: Arc<Pipeline>,
    /// Answers other requests.
    pub hooks: HookTable,
    /// The number under which clients know each backend, by plugin name; see [`backend_number`].
    pub backend_numbers: BTreeMap<String, u8>,
    /// Counts failed logins, if that is configured.
    pub brute_force: Option<Arc<brute_force::Control>>,
    /// `server`, as this generation has it.
    pub server: Server,
    /// `limits`, as this generation has them.
    pub limits: ServerLimits,
}

/// Which generation serves, and whether the last reload went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Number of the generation in force, from 1.
    pub generation: u64,
    /// When it came into force.
    pub loaded_at: SystemTime,
    /// Why the last reload was refused, one line; nothing if it went well. Holds no secrets, but may
    /// name files and users.
    pub last_reload_error: Option<String>,
}

impl Health {
    /// A generation that came into force now.
    pub fn serving(generation: u64) -> Self {
        Self {
            generation,
            loaded_at: SystemTime::now(),
            last_reload_error: None,
        }
    }
}

/// The number that Nauthilus gives a kind of backend, member `backend` of a success.
pub fn backend_number(source: &PluginSource) -> u8 {
    match source {
        PluginSource::Script { .. } => 3,
        PluginSource::Builtin(_) | PluginSource::Component(_) => 7,
    }
}

/// Everything that routes need.
pub struct State {
    /// The generation in force.
    pub generation: ArcSwap<Generation>,
    /// Of the generation in force; for `/healthz` and metrics.
    pub health: ArcSwap<Health>,
    /// For `/healthz`.
    pub store: Arc<dyn Store>,
    /// Hears of every login.
    pub observer: Arc<Observer>,
    /// Runs what comes after the answer.
    pub post_actions: Arc<PostActions>,
    /// What administrators started and do not wait for.
    pub jobs: Arc<Jobs>,
    /// The servers behind the proxies.
    pub upstreams: Arc<upstream::Current>,
    /// The certificates of the listeners; a reload replaces them.
    pub certificates: Certificates,
    pub(super) reload: OnceLock<Arc<dyn Reload>>,
    /// Asks name servers for plugins; for `/healthz`.
    pub(super) resolver: OnceLock<Arc<Resolver>>,
    ldap: OnceLock<Arc<LdapClient>>,
    pub(super) databases: OnceLock<sql::Registry>,
    destinations: OnceLock<http::Registry>,
    pub(super) concurrency: Arc<Concurrency>,
    pub(super) lockouts: Lockouts,
    pub(super) rate_limits: RateLimits,
    /// Logins in work, also those whose client has hung up.
    pub(super) logins: TaskTracker,
}

impl State {
    /// Puts the parts together. Must be called within a tokio runtime, which runs the post actions.
    pub fn new(
        generation: Generation,
        store: Arc<dyn Store>,
        observer: Arc<Observer>,
    ) -> Arc<Self> {
        Self::with_upstreams(generation, store, observer, Arc::default())
    }

    /// The same before servers that are checked.
    pub fn with_upstreams(
        generation: Generation,
        store: Arc<dyn Store>,
        observer: Arc<Observer>,
        upstreams: Arc<upstream::Current>,
    ) -> Arc<Self> {
        let limits = &generation.limits;
        let job_limits = JobLimits {
            jobs: limits.jobs,
            timeout: limits.job_timeout,
            lifetime: limits.job_lifetime,
        };
        let runtime = tokio::runtime::Handle::current();
        let jobs = Arc::new(Jobs::new(Arc::clone(&store), job_limits, runtime));
        let post_actions = PostActions::new(post_limits(limits), tokio::runtime::Handle::current())
            .reporting_to(Arc::clone(&observer) as Arc<dyn PostListener>);
        Arc::new(Self {
            certificates: Certificates::default(),
            reload: OnceLock::new(),
            resolver: OnceLock::new(),
            ldap: OnceLock::new(),
            databases: OnceLock::new(),
            destinations: OnceLock::new(),
            concurrency: Arc::new(Concurrency::new(limits.concurrent_requests)),
            lockouts: Lockouts::new(limits.rate_limit_addresses),
            rate_limits: RateLimits::default(),
            generation: ArcSwap::from_pointee(generation),
            health: ArcSwap::from_pointee(Health::serving(1)),
            store,
            jobs,
            upstreams,
            observer,
            post_actions: Arc::new(post_actions),
            logins: TaskTracker::new(),
        })
    }

    /// Puts a new generation in force. Requests that run finish with the old one; what is counted (requests
    /// in work, rates, guesses) goes on being counted.
    pub fn swap(&self, generation: Generation, number: u64) {
        let limits = &generation.limits;
        self.concurrency.set_max(limits.concurrent_requests);
        self.post_actions.set_timeout(limits.post_action_timeout);
        self.generation.store(Arc::new(generation));
        self.health.store(Arc::new(Health::serving(number)));
    }

    /// Remembers why a reload was refused. The generation in force stays.
    pub fn reload_refused(&self, why: String) {
        self.health.rcu(|health| Health {
            last_reload_error: Some(why.clone()),
            ..Health::clone(health)
        });
    }

    /// Names the one who reloads when a caller asks for it. Only the first one counts.
    pub fn reload_with(&self, reload: Arc<dyn Reload>) {
        let _ = self.reload.set(reload);
    }

    /// Names the resolver whose state `/healthz` shows. Only the first one counts.
    pub fn resolve_with(&self, resolver: Arc<Resolver>) {
        let _ = self.resolver.set(resolver);
    }

    /// Names the directories for `/healthz` and metrics. Only the first one counts.
    pub fn show_directories(&self, ldap: Arc<LdapClient>) {
        let _ = self.ldap.set(ldap);
    }

    /// How the servers of all directories stand.
    pub(super) fn directories(&self) -> Vec<ServerStatus> {
        self.ldap
            .get()
            .map(|ldap| ldap.status())
            .unwrap_or_default()
    }

    /// Has `/healthz` and `/metrics` show how these databases are. Only the first call counts.
    pub fn watch_databases(&self, databases: sql::Registry) {
        let _ = self.databases.set(databases);
    }

    /// How the SQL databases in use are.
    pub(super) fn databases(&self) -> Vec<sql::Condition> {
        self.databases
            .get()
            .map(sql::Registry::conditions)
            .unwrap_or_default()
    }

    /// Has `/healthz` and `/metrics` show how plugins' destinations are. Only the first call counts.
    pub fn watch_destinations(&self, destinations: http::Registry) {
        let _ = self.destinations.set(destinations);
    }

    /// How the destinations are that plugins send requests to.
    pub(super) fn destinations(&self) -> Vec<http::Condition> {
        self.destinations
            .get()
            .map(http::Registry::conditions)
            .unwrap_or_default()
    }

    /// To be called when [`super::serve`] has returned: lets logins end whose clients have hung up,
    /// gives post actions and jobs their grace, and writes what the decision log still holds.
    pub async fn close(&self) {
        self.logins.close();
        // They have deadlines, so this is a matter of `request_timeout`.
        self.logins.wait().await;
        let grace = self.generation.load().limits.post_action_grace;
        tokio::join!(self.post_actions.drain(grace), self.jobs.drain(grace));
        let observer = Arc::clone(&self.observer);
        if tokio::task::spawn_blocking(move || observer.close())
            .await
            .is_err()
        {
            tracing::error!("The decision log could not be closed");
        }
    }
}

fn post_limits(limits: &ServerLimits) -> PostLimits {
    PostLimits {
        actions: limits.post_actions,
        logins: limits.post_action_workers,
        timeout: limits.post_action_timeout,
    }
}
