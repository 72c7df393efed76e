//! What the routes share: the generation in force, settings, and the services beside the pipeline.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::http::HeaderValue;
use tokio_util::task::TaskTracker;

use super::concurrency::Concurrency;
use crate::{
    config::{PluginSource, Server, ServerLimits},
    observe::Observer,
    pipeline::{Pipeline, Plugin, PostActions},
    store::Store,
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

/// What a reload replaces as a whole. A request keeps the generation that it began with.
pub struct Generation {
    /// Decides logins.
    pub pipeline: Arc<Pipeline>,
    /// Answers other requests.
    pub hooks: HookTable,
    /// The number under which clients know each backend, by plugin name; see [`backend_number`].
    pub backend_numbers: BTreeMap<String, u8>,
    /// `server`, as this generation has it.
    pub server: Server,
    /// `limits`, as this generation has them.
    pub limits: ServerLimits,
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
    /// For `/healthz`.
    pub store: Arc<dyn Store>,
    /// Hears of every login.
    pub observer: Arc<Observer>,
    /// Runs what comes after the answer.
    pub post_actions: Arc<PostActions>,
    pub(super) concurrency: Arc<Concurrency>,
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
        let limits = &generation.limits;
        let post_actions = PostActions::new(
            limits.post_actions,
            limits.post_action_timeout,
            tokio::runtime::Handle::current(),
        );
        Arc::new(Self {
            concurrency: Arc::new(Concurrency::new(limits.concurrent_requests)),
            generation: ArcSwap::from_pointee(generation),
            store,
            observer,
            post_actions: Arc::new(post_actions),
            logins: TaskTracker::new(),
        })
    }

    /// Puts a new generation in force. Requests that run finish with the old one.
    pub fn swap(&self, generation: Generation) {
        self.generation.store(Arc::new(generation));
    }

    /// To be called when [`super::serve`] has returned: lets logins end whose clients have hung up,
    /// gives post actions up to `grace` to end, and writes what the decision log still holds.
    pub async fn close(&self, grace: Duration) {
        self.logins.close();
        // They have deadlines, so this is a matter of `request_timeout`.
        self.logins.wait().await;
        self.post_actions.drain(grace).await;
        let observer = Arc::clone(&self.observer);
        if tokio::task::spawn_blocking(move || observer.close())
            .await
            .is_err()
        {
            tracing::error!("The decision log could not be closed");
        }
    }
}
