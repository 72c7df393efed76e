//! The cache before the backends: what they said of a password, in this process and in the store.
//!
//! Implements [`LoginCache`]. Knows nothing of filters, features and answers to clients. Promises:
//!
//! - Only what a backend would say again is kept: no outage, nothing uncertain, nothing of filters.
//! - Of those who ask the same at the same time one asks the backends, whether or not the store works.
//! - A store that fails or stalls costs a login at most `store_timeout`, and changes no decision.
//! - A password that was never seen is always asked about: after a change the new one works at once.
//! - What is forgotten (`flush`) stays forgotten, also for nodes and logins that are slow, and for nodes that
//!   did not hear of it: while a node hears nothing of others, its memory answers nobody.

mod digest;
mod entry;
mod flights;
mod flush;
mod in_store;
mod memory;
mod news;
mod outage;
mod seal;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{runtime::Handle, sync::Semaphore};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::{
    digest::Digests,
    flights::{FlightKey, Flights, Lead, Turn},
    in_store::{InStore, Place, Standing},
    memory::Memory,
    news::{News, NodeId},
};
use crate::{
    auth::{Caching, Password},
    config,
    pipeline::{
        Asking, CacheAnswer, CacheQuestion, CacheSource, Conclusion, Finding, Known, LoginCache,
    },
    store::Store,
};

/// Findings on their way into the store; while so many are, others are not kept there.
const WRITES: usize = 256;

/// The cache of one generation: another configuration of backends begins with an empty memory.
pub struct Cache {
    shared: Arc<Shared>,
    /// Ends the listening to other nodes.
    _listening: DropGuard,
}

struct Shared {
    digests: Digests,
    memory: Option<Memory>,
    store: Option<InStore>,
    /// To and from other nodes.
    news: News,
    /// Other nodes are heard: what is in memory, nobody has flushed.
    hears: AtomicBool,
    flights: Arc<Flights>,
    writes: Arc<Semaphore>,
    runtime: Handle,
}

impl Cache {
    /// An empty memory before what the store holds already. Must be called within a tokio runtime.
    pub fn new(config: &config::Cache, store: Arc<dyn Store>) -> Self {
        let secret = config.secret.as_deref();
        let of_this_process = Password::new(rand::random::<[u8; 32]>().to_vec());
        let keeps = !config.store_ttl.is_zero();
        let news = News::new(Arc::clone(&store), NodeId::random(), secret.is_some());
        let shared = Arc::new(Shared {
            digests: Digests::new(secret.unwrap_or(&of_this_process)),
            memory: Memory::new(config.memory_ttl, config.negative_ttl, config.memory_bytes),
            store: secret
                .filter(|_| keeps)
                .map(|secret| InStore::new(config, secret, store)),
            news,
            hears: AtomicBool::new(false),
            flights: Arc::default(),
            writes: Arc::new(Semaphore::new(WRITES)),
            runtime: Handle::current(),
        });
        let end = CancellationToken::new();
        let listen = shared.news.listen(&shared);
        tokio::spawn(end.clone().run_until_cancelled_owned(listen));
        Self {
            shared,
            _listening: end.drop_guard(),
        }
    }
}

impl LoginCache for Cache {
    fn ask(&self, question: CacheQuestion) -> BoxFuture<'_, CacheAnswer> {
        Box::pin(async move { self.shared.ask(question).await })
    }
}

impl Shared {
    async fn ask(self: &Arc<Self>, question: CacheQuestion) -> CacheAnswer {
        let request = &question.request;
        let caching = request.caching;
        let Some(password) = request
            .password
            .as_deref()
            .filter(|_| caching != Caching::NONE)
        else {
            return CacheAnswer::Ask(Box::new(Nobody));
        };
        let key = FlightKey {
            user: self.digests.user(&request.username),
            login: self.digests.login(request, &question.backends),
            password: self.digests.password(&request.username, password),
            may: (caching.memory, caching.store),
        };
        loop {
            if let Some(finding) = self.remembered(caching, &key) {
                return CacheAnswer::Known(finding, CacheSource::Memory);
            }
            let lead = match self.flights.join(key) {
                Turn::Lead(lead) => lead,
                Turn::Follow(follow) => match follow.outcome().await {
                    Some(finding) => return CacheAnswer::Known(finding, CacheSource::Shared),
                    None => continue,
                },
            };
            // The last one may have landed in between.
            if let Some(finding) = self.remembered(caching, &key) {
                return CacheAnswer::Known(finding, CacheSource::Memory);
            }
            return self.lead(question, key, lead).await;
        }
    }

    fn remembered(&self, caching: Caching, key: &FlightKey) -> Option<Arc<Finding>> {
        let may_answer = caching.memory && self.hears.load(Ordering::Acquire);
        let memory = self.memory.as_ref().filter(|_| may_answer)?;
        memory.get(key)
    }

    /// Asks the store, for all who wait.
    async fn lead(
        self: &Arc<Self>,
        question: CacheQuestion,
        key: FlightKey,
        lead: Lead,
    ) -> CacheAnswer {
        let caching = question.request.caching;
        let mut kept = None;
        if let Some(store) = &self.store {
            let place = store.place(&self.digests, &question, key.user, key.password);
            if let Some(found) = store.find(&place, question.deadline).await {
                // What made this process doubt may still be on its way into the store.
                let is_certain = !self
                    .memory
                    .as_ref()
                    .is_some_and(|memory| memory.doubts(&key));
                let usable = caching.store && is_certain;
                if let Some(finding) = found.finding.filter(|_| usable) {
                    let finding = Arc::new(finding);
                    self.land(lead, &key, &finding, caching.keep);
                    return CacheAnswer::Known(finding, CacheSource::Store);
                }
                kept = Some((place, found.standing));
            }
        }
        CacheAnswer::Ask(Box::new(Leader {
            shared: Arc::clone(self),
            key,
            lead,
            keep: caching.keep,
            kept,
        }))
    }

    /// Tells everybody who waits, and remembers it here. True if it may be kept elsewhere too.
    fn land(&self, lead: Lead, key: &FlightKey, finding: &Arc<Finding>, keep: bool) -> bool {
        let keep = keep && is_worth_keeping(finding);
        let landed = lead.land(finding, || {
            if let Some(memory) = self.memory.as_ref().filter(|_| keep) {
                let account = finding.known.as_ref().map(Known::account);
                let account = account.map(|account| self.digests.user(&account));
                memory.keep(key, account, finding);
            }
        });
        landed && keep
    }

    /// Behind the login's back: nobody waits for the store once the backends have answered.
    fn keep(self: &Arc<Self>, place: Place, standing: Standing, finding: Arc<Finding>) {
        let Ok(turn) = Arc::clone(&self.writes).try_acquire_owned() else {
            return;
        };
        let shared = Arc::clone(self);
        self.runtime.spawn(async move {
            let _turn = turn;
            let Some(store) = &shared.store else {
                return;
            };
            let news = store.keep(&shared.digests, &place, standing, &finding);
            if news.await {
                shared.news.users_changed(&[place.user()]).await;
            }
        });
    }
}

/// Whether the backends would say it again.
fn is_worth_keeping(finding: &Finding) -> bool {
    use Conclusion::{Accepted, UnknownUser, WrongPassword};
    finding.certain && matches!(finding.conclusion, Accepted | WrongPassword | UnknownUser)
}

/// The one who asks the backends.
struct Leader {
    shared: Arc<Shared>,
    key: FlightKey,
    lead: Lead,
    keep: bool,
    /// Where the store keeps it, if the store could be asked.
    kept: Option<(Place, Standing)>,
}

impl Asking for Leader {
    fn found(self: Box<Self>, finding: &Arc<Finding>) {
        let Self {
            shared,
            key,
            lead,
            keep,
            kept,
        } = *self;
        if shared.land(lead, &key, finding, keep)
            && let Some((place, standing)) = kept
        {
            shared.keep(place, standing, Arc::clone(finding));
        }
    }
}

/// Somebody who wants nothing of a cache.
struct Nobody;

impl Asking for Nobody {
    fn found(self: Box<Self>, _: &Arc<Finding>) {}
}

/// Up to a tenth less, at random: what was kept together does not go together.
fn jittered(ttl: Duration) -> Duration {
    ttl.mul_f64(1.0 - rand::random::<f64>() / 10.0)
}
