//! Messages on channels: one connection of its own, for all channels that somebody listens to.
//!
//! Promises: whoever listens is told what is published from the moment on at which the server has
//! confirmed it, and again after the connection broke or the primary changed; what was published in
//! between is lost, and they are told that it may be. A server that vanished without a word is noticed
//! within [`TICK`] and the time for an answer. Nobody waits for a slow listener.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::StreamExt;
use redis::aio::{PubSub, PubSubSink};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};

use super::{
    failure::{Failure, Kind},
    key, link,
    topology::Topology,
};
use crate::{
    config::RedisAddress,
    store::{Subscription, embedded::Topics},
};

/// How often the connection is tried, and channels that nobody listens to any more are left.
const TICK: Duration = Duration::from_secs(2);
/// The wait after the first failure; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// Longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Who listens, and the task that serves them.
pub(super) struct Listener {
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    /// What channel names begin with.
    prefix: String,
    topology: Arc<Topology>,
    topics: Topics,
    /// For one answer.
    patience: Duration,
    /// There is another channel.
    changed: Notify,
    /// Channels that a server has confirmed, at some time.
    confirmed: watch::Sender<HashSet<String>>,
    /// There is a connection on which all that is wanted is heard.
    subscribed: AtomicBool,
    /// Such connections that ended.
    lost: AtomicU64,
}

/// A connection that is subscribed.
struct Subscribed {
    sink: PubSubSink,
    server: RedisAddress,
    channels: HashSet<String>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            task.abort();
        }
    }
}

impl Listener {
    /// Connects when somebody listens. `patience` is for one answer.
    pub(super) fn new(prefix: &str, patience: Duration, topology: Arc<Topology>) -> Self {
        Self {
            shared: Arc::new(Shared {
                prefix: key::channel(prefix, ""),
                topology,
                topics: Topics::deaf(),
                patience,
                changed: Notify::new(),
                confirmed: watch::Sender::default(),
                subscribed: AtomicBool::new(false),
                lost: AtomicU64::new(0),
            }),
            task: Mutex::default(),
        }
    }

    /// Messages on the channel. Must be called within a tokio runtime.
    pub(super) fn subscribe(&self, channel: &str) -> Subscription {
        let receiver = self.shared.topics.subscribe(channel);
        self.shared.changed.notify_one();
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_none()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            *task = Some(runtime.spawn(serve(self.shared.clone())));
        }
        receiver
    }

    /// True while messages are heard.
    pub(super) fn is_subscribed(&self) -> bool {
        self.shared.subscribed.load(Relaxed)
    }

    /// How often they could no longer be heard.
    pub(super) fn lost(&self) -> u64 {
        self.shared.lost.load(Relaxed)
    }

    /// To the listeners here.
    pub(super) fn deliver(&self, channel: &str, message: Vec<u8>) {
        self.shared.topics.publish(channel, message);
    }

    /// Waits until a server has confirmed the channel, if somebody here listens to it; not for long.
    pub(super) async fn settle(&self, channel: &str) {
        if !self
            .shared
            .topics
            .names()
            .iter()
            .any(|name| name == channel)
        {
            return;
        }
        let mut confirmed = self.shared.confirmed.subscribe();
        let is_confirmed = confirmed.wait_for(|channels| channels.contains(channel));
        // If it takes longer, the message may be missed: that is what listeners must expect.
        let _ = tokio::time::timeout(self.shared.patience, is_confirmed).await;
    }
}

/// Runs until it is aborted.
async fn serve(shared: Arc<Shared>) {
    let mut failures = 0_u32;
    loop {
        if shared.topics.names().is_empty() {
            shared.forget();
            shared.changed.notified().await;
            continue;
        }
        let ended = match shared.connect().await {
            Ok((subscribed, messages)) => {
                failures = 0;
                shared.listen(subscribed, messages).await
            }
            Err(failure) => failure,
        };
        if shared.subscribed.swap(false, Relaxed) {
            shared.lost.fetch_add(1, Relaxed);
        }
        shared.topics.all_deaf();
        if ended.kind != Kind::Elsewhere {
            tracing::warn!(error = ended.text, "No messages from Redis at the moment");
        }
        let wait = FIRST_WAIT
            .saturating_mul(1 << failures.min(16))
            .min(LONGEST_WAIT);
        failures = failures.saturating_add(1);
        tokio::time::sleep(wait).await;
    }
}

impl Shared {
    /// Connects to a primary. In a cluster every node gets every message.
    async fn connect(&self) -> Result<(Subscribed, redis::aio::PubSubStream), Failure> {
        self.topology.refresh().await;
        let map = self.topology.map().await?;
        let primaries = map.primaries();
        let server = self
            .topology
            .choose(&primaries)
            .map(|shard| shard.primary.clone())
            .ok_or_else(|| Failure::new(Kind::Unreachable, "there is no Redis server"))?;
        let dial = self.topology.dial();
        let name = server.to_string();
        let opening = async {
            let stream = dial.stream(&server).await?;
            let opened = PubSub::new(&dial.login, stream).await;
            opened.map_err(|error| link::refused(&error, &name))
        };
        let (sink, messages) = tokio::time::timeout(dial.timeout, opening)
            .await
            .unwrap_or_else(|_| {
                let waited = format!("no answer within {} ms", dial.timeout.as_millis());
                Err(Failure::unreachable(&name, &waited))
            })?
            .split();
        let mut subscribed = Subscribed {
            sink,
            server,
            channels: HashSet::new(),
        };
        self.follow(&mut subscribed).await?;
        Ok((subscribed, messages))
    }

    /// Passes messages on until the connection is of no more use. Returns why.
    async fn listen(
        &self,
        mut subscribed: Subscribed,
        mut messages: redis::aio::PubSubStream,
    ) -> Failure {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                message = messages.next() => match message {
                    Some(message) => {
                        self.pass_on(&message);
                        Ok(())
                    }
                    None => Err(Failure::unreachable(
                        &subscribed.server.to_string(),
                        "it closed the connection for messages",
                    )),
                },
                () = self.changed.notified() => self.follow(&mut subscribed).await,
                _ = ticks.tick() => self.look_after(&mut subscribed).await,
            };
            if let Err(failure) = done {
                return failure;
            }
        }
    }

    fn pass_on(&self, message: &redis::Msg) {
        let name = message.get_channel_name();
        if let Some(channel) = name.strip_prefix(&self.prefix) {
            self.topics
                .publish(channel, message.get_payload_bytes().to_vec());
        }
    }

    /// Subscribes to what is new, and leaves what nobody listens to.
    async fn follow(&self, subscribed: &mut Subscribed) -> Result<(), Failure> {
        let wanted: HashSet<String> = self.topics.names().into_iter().collect();
        for channel in wanted.difference(&subscribed.channels) {
            let name = format!("{}{channel}", self.prefix);
            let done = subscribed.sink.subscribe(name);
            self.wait_for(&subscribed.server, done).await?;
        }
        for channel in subscribed.channels.difference(&wanted) {
            let name = format!("{}{channel}", self.prefix);
            self.topics.hears([channel], false);
            let done = subscribed.sink.unsubscribe(name);
            self.wait_for(&subscribed.server, done).await?;
        }
        subscribed.channels = wanted;
        // Also of one that was left and found again meanwhile.
        self.subscribed.store(true, Relaxed);
        self.topics.hears(&subscribed.channels, true);
        self.confirmed.send_if_modified(|confirmed| {
            let differs = *confirmed != subscribed.channels;
            confirmed.clone_from(&subscribed.channels);
            differs
        });
        Ok(())
    }

    /// Sees whether the server still answers, and is the right one.
    async fn look_after(&self, subscribed: &mut Subscribed) -> Result<(), Failure> {
        self.follow(subscribed).await?;
        let answered = subscribed.sink.ping::<redis::Value>();
        self.wait_for(&subscribed.server, answered).await?;
        let map = self.topology.map().await?;
        let primaries = map.primaries();
        if primaries
            .iter()
            .any(|shard| shard.primary == subscribed.server)
        {
            return Ok(());
        }
        Err(Failure::new(Kind::Elsewhere, "there is another primary"))
    }

    async fn wait_for<T>(
        &self,
        server: &RedisAddress,
        answer: impl Future<Output = redis::RedisResult<T>>,
    ) -> Result<T, Failure> {
        let name = server.to_string();
        match tokio::time::timeout(self.patience, answer).await {
            Ok(answer) => answer.map_err(|error| link::refused(&error, &name)),
            Err(_) => Err(Failure::stalled(&name, self.patience)),
        }
    }

    fn forget(&self) {
        self.confirmed.send_if_modified(|confirmed| {
            confirmed.clear();
            false
        });
    }
}
