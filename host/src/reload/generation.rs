//! One generation: the pipeline and the hooks that one configuration describes, loaded.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::{StreamExt, future::BoxFuture, stream};

use super::{LoadProblem, memories::remember};
use crate::{
    config::{Config, MasterUsers, PluginConfig, PluginEntry, PluginSource},
    control::brute_force,
    engine::PluginKind,
    pipeline::{self, Lease, Member, Pipeline, Plugin, Stages},
    store::Store,
};

/// Everything that one configuration loads. Requests that began with one generation end with it.
pub struct Generation {
    /// What it was made from.
    pub config: Arc<Config>,
    /// Decides logins.
    pub pipeline: Arc<Pipeline>,
    /// Answer requests at their locations.
    pub hooks: Vec<Hook>,
    /// Counts failed logins, if that is configured.
    pub brute_force: Option<Arc<brute_force::Control>>,
}

/// A loaded hook.
pub struct Hook {
    /// Below `/api/v1/custom/`, without slashes at its ends.
    pub location: String,
    /// Upper case.
    pub method: String,
    /// Who answers.
    pub plugin: Arc<dyn Plugin>,
}

/// One plugin that is to be loaded.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// What it must be.
    pub kind: PluginKind,
    /// Where its code is.
    pub source: PluginSource,
    /// What it is told, may and may use.
    pub config: PluginConfig,
}

/// Whoever turns plugins into something that can be asked: the engine, or a test.
pub trait LoadPlugin: Send + Sync {
    /// Loads one plugin, or says everything that is wrong with it.
    fn load(&self, wanted: Wanted) -> BoxFuture<'_, Result<Arc<dyn Plugin>, Vec<LoadProblem>>>;
}

impl Generation {
    /// Loads all plugins, as many at the same time as there are cores. What it remembers of users for
    /// longer than a login is in `store`.
    ///
    /// # Errors
    ///
    /// All problems of all plugins, in configuration order.
    pub async fn load(
        config: Arc<Config>,
        loader: &dyn LoadPlugin,
        store: &Arc<dyn Store>,
    ) -> Result<Self, Vec<LoadProblem>> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let results: Vec<_> = stream::iter(wanted(&config))
            .map(|wanted| async {
                let name = wanted.name.clone();
                (name, loader.load(wanted).await)
            })
            .buffered(cores)
            .collect()
            .await;
        let mut plugins = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, result) in results {
            match result {
                Ok(plugin) => {
                    plugins.insert(name, plugin);
                }
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() {
            Self::assemble(config, &plugins, store).map_err(|problem| vec![problem])
        } else {
            Err(problems)
        }
    }

    fn assemble(
        config: Arc<Config>,
        plugins: &BTreeMap<String, Arc<dyn Plugin>>,
        store: &Arc<dyn Store>,
    ) -> Result<Self, LoadProblem> {
        let plugin = |entry: &PluginEntry| {
            plugins
                .get(&entry.name)
                .cloned()
                .ok_or_else(|| LoadProblem::code(&entry.name, "was not loaded"))
        };
        let member = |entry: &PluginEntry| {
            Ok::<_, LoadProblem>(Member {
                plugin: plugin(entry)?,
                when_no_auth: entry.when_no_auth,
                when_authenticated: entry.when_authenticated,
                when_unauthenticated: entry.when_unauthenticated,
                protocols: entry.protocols.clone(),
                cached: entry.cached,
                cache_name: entry.cache_name.clone(),
            })
        };
        let members =
            |entries: &[PluginEntry]| entries.iter().map(member).collect::<Result<Vec<_>, _>>();
        let pipeline = &config.pipeline;
        let mut stages = Stages {
            password_attribute: config.server.password_attribute.clone(),
            sequential: pipeline.sequential,
            features: members(&pipeline.features)?,
            controls: members(&pipeline.controls)?,
            backends: members(&pipeline.backends)?,
            cache: None,
            brute_force: None,
            masters: pipeline.master_users.as_ref().and_then(masters),
            filters: members(&pipeline.filters)?,
            actions: pipeline
                .actions
                .iter()
                .map(|action| Ok((action.event, member(&action.plugin)?)))
                .collect::<Result<_, LoadProblem>>()?,
            cache_flush: pipeline
                .cache_flush
                .iter()
                .map(plugin)
                .collect::<Result<_, _>>()?,
            memories: Vec::new(),
        };
        remember(&mut stages, &config, store);
        let hooks = pipeline
            .hooks
            .iter()
            .map(|hook| {
                Ok(Hook {
                    location: hook.location.clone(),
                    method: hook.method.clone(),
                    plugin: plugin(&hook.plugin)?,
                })
            })
            .collect::<Result<_, LoadProblem>>()?;
        Ok(Self {
            pipeline: Arc::new(Pipeline::new(stages)),
            hooks,
            brute_force: None,
            config,
        })
    }

    /// Counts failed logins where `node` does, if the configuration wants it. To be called before it
    /// serves.
    pub(super) fn count_failures(&mut self, node: &Arc<brute_force::Node>) {
        let Some(config) = &self.config.brute_force else {
            return;
        };
        let control = Arc::new(brute_force::Control::new(config, Arc::clone(node)));
        if let Some(pipeline) = Arc::get_mut(&mut self.pipeline) {
            pipeline.count_failures(Arc::clone(&control) as Arc<dyn pipeline::BruteForce>);
            pipeline.remember(Arc::clone(&control) as Arc<dyn pipeline::Forget>);
        }
        self.brute_force = Some(control);
    }

    /// Has everything that begins in this generation hold `lease`. To be called before it serves.
    pub(super) fn hold(&mut self, lease: Lease) {
        if let Some(pipeline) = Arc::get_mut(&mut self.pipeline) {
            pipeline.hold(lease);
        }
    }
}

/// How master logins are written, as the pipeline takes them apart.
fn masters(users: &MasterUsers) -> Option<pipeline::MasterUsers> {
    let (before, between, behind, master_first) = users.parts()?;
    Some(pipeline::MasterUsers {
        before: before.to_owned(),
        between: between.to_owned(),
        behind: behind.to_owned(),
        master_first,
        accounts: users.accounts.clone(),
        networks: users.networks.clone(),
    })
}

/// All plugins of the pipeline, in configuration order.
pub(super) fn wanted(config: &Config) -> Vec<Wanted> {
    let pipeline = &config.pipeline;
    let of_kind = |kind, entries: Vec<&PluginEntry>| {
        entries
            .into_iter()
            .map(|entry| Wanted {
                name: entry.name.clone(),
                kind,
                source: entry.source.clone(),
                config: config.plugins.get(&entry.name).cloned().unwrap_or_default(),
            })
            .collect::<Vec<_>>()
    };
    [
        of_kind(PluginKind::Init, pipeline.init.iter().collect()),
        of_kind(PluginKind::Feature, pipeline.features.iter().collect()),
        of_kind(PluginKind::Feature, pipeline.controls.iter().collect()),
        of_kind(PluginKind::Backend, pipeline.backends.iter().collect()),
        of_kind(PluginKind::Filter, pipeline.filters.iter().collect()),
        of_kind(
            PluginKind::Action,
            pipeline
                .actions
                .iter()
                .map(|action| &action.plugin)
                .collect(),
        ),
        of_kind(
            PluginKind::Hook,
            pipeline.hooks.iter().map(|hook| &hook.plugin).collect(),
        ),
        of_kind(
            PluginKind::CacheFlush,
            pipeline.cache_flush.iter().collect(),
        ),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use std::{
        path::Path,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::reload::Place;
    use crate::{
        config,
        pipeline::{Call, Failure, FailureKind, OnError, Question, Ran},
        store::MemoryStore,
    };

    struct Nobody(String);

    impl Plugin for Nobody {
        fn name(&self) -> &str {
            &self.0
        }
        fn on_error(&self) -> OnError {
            OnError::TemporaryFailure
        }
        fn run(&self, _: Question, _: Call) -> BoxFuture<'_, Ran> {
            Box::pin(async {
                Ran {
                    answer: Err(Failure {
                        kind: FailureKind::NotReady,
                        message: String::new(),
                    }),
                    context: Vec::new(),
                    log_fields: Vec::new(),
                    usage: crate::auth::Usage::default(),
                }
            })
        }
    }

    /// Refuses plugins whose name begins with `bad`; counts how many load at the same time.
    #[derive(Default)]
    struct Fake {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    impl LoadPlugin for Fake {
        fn load(&self, wanted: Wanted) -> BoxFuture<'_, Result<Arc<dyn Plugin>, Vec<LoadProblem>>> {
            Box::pin(async move {
                let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(now, Ordering::SeqCst);
                tokio::task::yield_now().await;
                self.now.fetch_sub(1, Ordering::SeqCst);
                if wanted.name.starts_with("bad") {
                    let name = &wanted.name;
                    return Err(vec![
                        LoadProblem::code(name, "does not load"),
                        LoadProblem::configuration(name, "networks[0]", "is no network"),
                    ]);
                }
                Ok(Arc::new(Nobody(wanted.name)) as Arc<dyn Plugin>)
            })
        }
    }

    fn store() -> Arc<dyn Store> {
        Arc::new(MemoryStore::new())
    }

    fn parsed(yaml: &str) -> config::Loaded {
        config::parse(Path::new("/etc/bulkhead.yaml"), yaml)
            .unwrap_or_else(|all| panic!("{}", config::render(&all, false)))
    }

    const TWO_BAD: &str = r#"
pipeline:
  features: [{name: bad-one, component: "builtin:tls-required"}]
  backends: [{name: users, component: "builtin:users-file"}]
  filters: [{name: bad-two, component: "builtin:allow-nets"}]
plugins:
  bad-two: {configuration: {networks: [nonsense]}}
"#;

    #[tokio::test]
    async fn all_problems_of_all_plugins_are_reported_in_order() {
        let config = Arc::new(parsed(TWO_BAD).config);
        let problems = Generation::load(config, &Fake::default(), &store())
            .await
            .err()
            .unwrap();
        let places: Vec<_> = problems.into_iter().map(|one| one.place).collect();
        let code = |plugin: &str| Place::Code {
            plugin: plugin.to_owned(),
        };
        let configuration = |plugin: &str| Place::Configuration {
            plugin: plugin.to_owned(),
            path: "networks[0]".to_owned(),
        };
        assert_eq!(
            places,
            [
                code("bad-one"),
                configuration("bad-one"),
                code("bad-two"),
                configuration("bad-two")
            ]
        );
    }

    #[tokio::test]
    async fn problems_point_to_the_place_in_the_file() {
        let loaded = parsed(TWO_BAD);
        let problems = Generation::load(Arc::new(loaded.config), &Fake::default(), &store())
            .await
            .err()
            .unwrap();
        let diagnostics = super::super::to_diagnostics(&problems, &loaded.places);
        let positions: Vec<_> = diagnostics
            .iter()
            .map(|one| one.position().unwrap())
            .collect();
        // No entry in `plugins`: the place where the pipeline names the code.
        assert_eq!(positions, [(3, 41), (3, 41), (5, 40), (7, 40)]);
    }

    #[tokio::test]
    async fn plugins_load_side_by_side_but_not_more_than_there_are_cores() {
        let hooks: String = (0..50)
            .map(|number| {
                format!(
                    "    - {{name: hook-{number}, location: l{number}, component: \"/bin/sh\"}}\n"
                )
            })
            .collect();
        let config = Arc::new(parsed(&format!("pipeline:\n  hooks:\n{hooks}")).config);
        let fake = Fake::default();
        let generation = Generation::load(config, &fake, &store())
            .await
            .unwrap_or_else(|_| panic!());
        assert_eq!(generation.hooks.len(), 50);
        assert_eq!(generation.hooks[7].location, "l7");
        let cores = std::thread::available_parallelism().unwrap().get();
        assert_eq!(fake.most.load(Ordering::SeqCst), cores.min(50));
    }
}
