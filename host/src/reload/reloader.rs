//! Builds the next generation beside the one that serves, and swaps.
//!
//! Either everything of the next generation is in force afterwards (but what only a restart can change,
//! which is named), or nothing has changed and the outcome says why. Knows neither routes nor signals:
//! whoever serves implements [`Front`], and what has files of its own outside of the pipeline
//! (certificates) implements [`External`].

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use super::{
    Cause, Generation, LoadProblem, Refused, ReloadOutcome, Reloaded, Running, Wishes,
    engine_loader::EngineLoader,
    outcome,
    restart::keep_fixed,
    self_test::self_test,
    server::{self, Built},
    to_diagnostics,
    watch::{Watch, WatchSet},
};
use crate::config::{self, Config, Diagnostic};

/// Whoever serves what is built.
pub trait Front: Send + Sync {
    /// A reload begins.
    fn begins(&self) {}
    /// Puts a generation in force: each request that comes after this is served by it.
    fn serve(&self, generation: Generation, number: u64);
    /// A reload has ended, well or not.
    fn ended(&self, _outcome: &ReloadOutcome) {}
}

/// Something outside of the pipeline that a configuration describes, such as certificates.
pub trait External: Send + Sync {
    /// Reads and checks what the next configuration names; nothing is changed yet. All problems at
    /// once, in words for an administrator.
    ///
    /// # Errors
    /// Everything that stands in the way.
    fn prepare(&self, config: &Config) -> Result<Commit, Vec<String>>;
}

/// Puts in force what was prepared. Cannot fail.
pub type Commit = Box<dyn FnOnce() + Send>;

/// The running generation, and how to get to the next.
pub struct Reloader {
    /// Its configuration has the running values of what only a restart changes.
    running: Running,
    front: Box<dyn Front>,
    externals: Vec<Box<dyn External>>,
    watch: Option<Watch>,
}

/// A generation that passed everything.
struct Next {
    built: Built,
    commits: Vec<Commit>,
    warnings: Vec<String>,
}

impl Reloader {
    /// For a server whose first generation serves already.
    pub fn new(
        running: Running,
        front: Box<dyn Front>,
        externals: Vec<Box<dyn External>>,
        watch: Option<Watch>,
    ) -> Self {
        let mut reloader = Self {
            running,
            front,
            externals,
            watch,
        };
        reloader.look_after(reloader.watched(), reloader.running.read_at);
        reloader
    }

    /// Reloads at each wish, until nobody is left who could have one.
    pub async fn run(mut self, mut wishes: Wishes) {
        while let Some(round) = wishes.next().await {
            let outcome = Arc::new(self.reload(round.cause()).await);
            round.grant(&outcome);
        }
    }

    async fn reload(&mut self, cause: Cause) -> ReloadOutcome {
        let started = Instant::now();
        let read_at = SystemTime::now();
        self.front.begins();
        let (result, set) = match self.build(read_at).await {
            Ok(next) => {
                let set = WatchSet::of(&next.built.generation.config, &next.built.running.folders);
                (Ok(self.swap(next)), set)
            }
            Err((problems, set)) => (Err(Refused { problems }), set),
        };
        let outcome = ReloadOutcome {
            cause,
            took: started.elapsed(),
            result,
        };
        report(&outcome, self.running.lease.number());
        self.front.ended(&outcome);
        self.look_after(set, read_at);
        outcome
    }

    /// Everything up to the swap. What fails says what to watch until it is mended.
    async fn build(&self, read_at: SystemTime) -> Result<Next, (Vec<Diagnostic>, WatchSet)> {
        let loaded = match self.read().await {
            Ok(loaded) => loaded,
            Err(problems) => return Err((problems, self.watched())),
        };
        let mut config = loaded.config;
        let mut warnings: Vec<_> = loaded.warnings.iter().map(outcome::line).collect();
        for key in keep_fixed(&mut config, &self.running.config) {
            warnings.push(format!(
                "`{key}` has changed, but keeps its old value until Bulkhead is restarted"
            ));
        }
        // Also what the broken configuration names: that is where it will be mended.
        let watched = self.watched().and(WatchSet::of(&config, &[]));
        match self.make(config, read_at).await {
            Ok((built, commits)) => Ok(Next {
                built,
                commits,
                warnings,
            }),
            Err(problems) => Err((to_diagnostics(&problems, &loaded.places), watched)),
        }
    }

    async fn read(&self) -> Result<config::Loaded, Vec<Diagnostic>> {
        let file = self.running.config.file.clone();
        let reading = tokio::task::spawn_blocking(move || config::load(&file));
        reading.await.unwrap_or_else(|defect| {
            let source = config::Source::new(&self.running.config.file, "");
            let message = format!("the configuration cannot be read: {defect}");
            Err(vec![Diagnostic::about_file(source, message, "")])
        })
    }

    async fn make(
        &self,
        config: Config,
        read_at: SystemTime,
    ) -> Result<(Built, Vec<Commit>), Vec<LoadProblem>> {
        let mut commits = self.prepare(&config)?;
        commits.push(self.open_databases(&config).await?);
        let built = self.load(config, read_at).await?;
        match self_test(&built.generation).await {
            wrong if wrong.is_empty() => Ok((built, commits)),
            wrong => Err(wrong),
        }
    }

    async fn load(&self, config: Config, read_at: SystemTime) -> Result<Built, Vec<LoadProblem>> {
        let running = self.running.plugins.clone();
        let services = Arc::clone(&self.running.services);
        let engine = self.running.engine.clone();
        let loader = EngineLoader::new(engine, services, &config, running)?;
        let register = Arc::clone(&self.running.register);
        let failures = Arc::clone(&self.running.failures);
        let number = self.running.lease.number() + 1;
        let databases = Arc::clone(&self.running.databases);
        server::build(
            Arc::new(config),
            loader,
            databases,
            register,
            failures,
            number,
            read_at,
        )
        .await
    }

    /// Reads the files that have changed. Look-ups see them only when the generation is in force.
    async fn open_databases(&self, config: &Config) -> Result<Commit, Vec<LoadProblem>> {
        let databases = Arc::clone(&self.running.databases);
        let wanted = config.geoip.clone();
        let opening = tokio::task::spawn_blocking(move || databases.prepare(&wanted));
        match opening.await {
            Ok(Ok(prepared)) => Ok(Box::new(move || prepared.commit())),
            Ok(Err(problems)) => Err(problems.into_iter().map(LoadProblem::server).collect()),
            Err(defect) => Err(vec![LoadProblem::server(format!(
                "the databases of `geoip` cannot be read: {defect}"
            ))]),
        }
    }

    fn prepare(&self, config: &Config) -> Result<Vec<Commit>, Vec<LoadProblem>> {
        let mut commits = Vec::new();
        let mut problems = Vec::new();
        for external in &self.externals {
            match external.prepare(config) {
                Ok(commit) => commits.push(commit),
                Err(found) => problems.extend(found.into_iter().map(LoadProblem::server)),
            }
        }
        match problems.is_empty() {
            true => Ok(commits),
            false => Err(problems),
        }
    }

    fn swap(&mut self, next: Next) -> Reloaded {
        let Built {
            generation,
            running,
            made,
        } = next.built;
        let number = running.lease.number();
        let reloaded = Reloaded {
            number,
            reused: running.plugins.len().saturating_sub(made.len()),
            loaded: made,
            warnings: next.warnings,
        };
        running.lease.begin();
        self.running.lease.retire();
        for commit in next.commits {
            commit();
        }
        self.front.serve(generation, number);
        // The last hold on what only the old generation had, but for requests that run.
        self.running = running;
        reloaded
    }

    fn look_after(&mut self, set: WatchSet, read_at: SystemTime) {
        if let Some(watch) = &mut self.watch {
            watch.update(set, read_at);
        }
    }

    fn watched(&self) -> WatchSet {
        WatchSet::of(&self.running.config, &self.running.folders)
    }
}

fn report(outcome: &ReloadOutcome, serving: u64) {
    let cause = outcome.cause.as_str();
    let took_ms = u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX);
    match &outcome.result {
        Ok(reloaded) => {
            for warning in &reloaded.warnings {
                tracing::warn!("{warning}");
            }
            let number = reloaded.number;
            let loaded = reloaded.loaded.join(" ");
            let reused = reloaded.reused;
            tracing::info!(cause, took_ms, loaded, reused, "Generation {number} serves");
        }
        Err(refused) => {
            for problem in refused.problems.iter().filter(|one| one.is_error()) {
                let help = problem.help.as_deref().unwrap_or_default();
                tracing::error!(help, "{}", outcome::line(problem));
            }
            tracing::error!(
                cause,
                took_ms,
                problems = refused.problems.len(),
                "The reload was refused: generation {serving} goes on serving"
            );
        }
    }
}
