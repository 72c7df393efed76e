//! The store on Redis: one server, a primary with replicas, Sentinel or Cluster.
//!
//! Promises: a step is one `MULTI` or one script, so it is atomic, and takes one round trip; no operation
//! takes longer than `operation_timeout`; what may have been done already is not done again unless that
//! makes no difference. Nothing is connected before it is needed, so that a server starts without Redis.

mod batch;
mod client;
mod dial;
mod encode;
mod failure;
mod key;
mod link;
mod listener;
mod map;
mod node;
mod numbers;
mod probe;
mod reply;
mod script;
mod topology;

use std::sync::Arc;

use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};

pub use self::numbers::StoreNumbers;
use self::{
    batch::Batch,
    client::{Client, Request},
    dial::Dial,
    failure::Failure,
    listener::Listener,
    map::Map,
    node::Node,
    numbers::Numbers,
    script::Scripts,
    topology::{Plan, Source, Topology},
};
use super::{
    Call, Command, Key, Limits, Procedure, Reply, Store, StoreError, Subscription,
    procedure::refuse_keys,
};
use crate::config::{RedisConfig, RedisServers};

/// Keys and values on Redis.
pub struct RedisStore {
    prefix: String,
    limits: Limits,
    client: Arc<Client>,
    scripts: Scripts,
    listener: Listener,
}

impl RedisStore {
    /// Reads the files of `tls`; connects to nobody.
    ///
    /// # Errors
    /// What is wrong with the files, and what to do.
    pub fn new(config: &RedisConfig) -> Result<Self, String> {
        let tls = config.tls.as_ref().map(dial::connector).transpose()?;
        let numbers = Arc::new(Numbers::default());
        let dial = Arc::new(Dial {
            tls: tls.clone(),
            login: dial::login(
                config.username.as_deref(),
                config.password.as_ref(),
                config.database_number,
            ),
            timeout: config.dial_timeout,
        });
        let source = match &config.servers {
            RedisServers::Standalone { primary, replicas } => {
                Source::Fixed(Map::single(primary.clone(), replicas.clone()))
            }
            RedisServers::Cluster { nodes } => Source::Cluster(nodes.clone()),
            RedisServers::Sentinel {
                master,
                sentinels,
                username,
                password,
            } => {
                let dial = Arc::new(Dial {
                    tls,
                    login: dial::login(username.as_deref(), password.as_ref(), 0),
                    timeout: config.dial_timeout,
                });
                let node =
                    |address| Arc::new(Node::new(address, dial.clone(), 1, false, numbers.clone()));
                Source::Sentinels {
                    master: master.clone(),
                    sentinels: sentinels.iter().cloned().map(node).collect(),
                }
            }
        };
        let topology = Topology::new(Plan {
            source,
            dial,
            connections: config.pool_size,
            read_from_replicas: config.read_from_replicas,
            patience: config.read_timeout,
            numbers: numbers.clone(),
        });
        let client = Arc::new(Client::new(config, topology, numbers));
        Ok(Self {
            listener: Listener::new(&config.prefix, config.read_timeout, client.topology.clone()),
            prefix: config.prefix.clone(),
            limits: Limits::default(),
            client,
            scripts: Scripts::default(),
        })
    }

    /// The same store with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// What has happened since the start, and what is open now.
    pub(super) fn counted(&self) -> StoreNumbers {
        StoreNumbers {
            subscribed: self.listener.is_subscribed(),
            subscriptions_lost: self.listener.lost(),
            ..self.client.numbers()
        }
    }

    /// To the subscribers in this process alone, without asking Redis.
    pub(super) fn deliver(&self, channel: &str, message: Vec<u8>) {
        self.listener.deliver(channel, message);
    }

    async fn step(&self, commands: Vec<Command>) -> Result<Vec<Reply>, StoreError> {
        let is_cluster = self.client.topology.is_cluster();
        let mut batch = Batch::new(&self.prefix, &self.limits, is_cluster, &commands);
        let requests = batch.requests();
        if !requests.is_empty() {
            let _place = self.client.place().await?;
            let (done, waits): (Vec<_>, Vec<_>) =
                join_all(requests.iter().map(|one| self.client.perform(one)))
                    .await
                    .into_iter()
                    .unzip();
            let waits = waits.into_iter().max().unwrap_or(0);
            self.client.numbers.round_trips(waits);
            for answer in done {
                batch.take(answer?)?;
            }
        }
        Ok(batch.replies())
    }

    /// Procedures side by side, and how often a server was waited for.
    async fn side_by_side(&self, calls: Vec<Call>) -> Vec<Result<Reply, StoreError>> {
        let _place = match self.client.place().await {
            Ok(place) => place,
            Err(failure) => return vec![Err(failure.into()); calls.len()],
        };
        let (replies, waits): (Vec<_>, Vec<_>) =
            join_all(calls.into_iter().map(|call| self.alone(call)))
                .await
                .into_iter()
                .unzip();
        let waits = waits.into_iter().max().unwrap_or(0);
        self.client.numbers.round_trips(waits);
        replies
    }

    /// One procedure, for which the caller has a place, and how often a server was waited for.
    async fn alone(&self, call: Call) -> (Result<Reply, StoreError>, u64) {
        // As a cluster would, so that nobody finds it out there only.
        if let Some(refusal) = refuse_keys(&call.keys) {
            return (Ok(refusal), 0);
        }
        let (done, waits) = self.client.perform(&self.request(call)).await;
        let reply = done.and_then(|answer| {
            let value = answer.values.into_iter().next();
            let value = value.unwrap_or(redis::Value::Nil);
            reply::of_procedure(value, &answer.server)
        });
        (reply.map_err(StoreError::from), waits)
    }

    fn request(&self, call: Call) -> Request {
        let Call {
            procedure,
            keys,
            arguments,
        } = call;
        let names: Vec<_> = keys
            .iter()
            .map(|key| key::bytes(&self.prefix, key))
            .collect();
        let slot = names.first().map_or(0, |name| key::slot(name));
        let mut cmd = redis::cmd("EVALSHA");
        cmd.arg(&*self.scripts.digest(procedure))
            .arg(names.len())
            .arg(names)
            .arg(arguments);
        Request {
            slot,
            commands: vec![cmd],
            script: Some(procedure.lua),
            only_reads: false,
            repeatable: false,
        }
    }

    async fn send(&self, channel: &str, message: Vec<u8>) -> Result<(), StoreError> {
        // Who has just subscribed here hears it.
        self.listener.settle(channel).await;
        let name = key::channel(&self.prefix, channel);
        let mut cmd = redis::cmd("PUBLISH");
        cmd.arg(&name).arg(message);
        let request = Request {
            // Every node of a cluster passes it on: channels are spread over all.
            slot: key::slot(name.as_bytes()),
            commands: vec![cmd],
            script: None,
            only_reads: false,
            repeatable: false,
        };
        self.ask(request).await.map(drop)
    }

    /// One request, in its place among all.
    async fn ask(&self, request: Request) -> Result<client::Answer, StoreError> {
        let _place = self.client.place().await?;
        let (done, waits) = self.client.perform(&request).await;
        self.client.numbers.round_trips(waits);
        Ok(done?)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        Self::Unavailable(failure.text)
    }
}

impl Store for RedisStore {
    fn run(&self, commands: Vec<Command>) -> BoxFuture<'_, Result<Vec<Reply>, StoreError>> {
        if let Some(refusals) = self.limits.refuse_step(&commands) {
            return futures_util::future::ready(Ok(refusals)).boxed();
        }
        self.step(commands).boxed()
    }

    fn call(
        &self,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Reply, StoreError>> {
        let call = Call {
            procedure,
            keys,
            arguments,
        };
        async move {
            let mut replies = self.side_by_side(vec![call]).await;
            replies.pop().unwrap_or(Ok(Reply::Nothing))
        }
        .boxed()
    }

    fn call_all(&self, calls: Vec<Call>) -> BoxFuture<'_, Vec<Result<Reply, StoreError>>> {
        self.side_by_side(calls).boxed()
    }

    fn publish(&self, channel: &str, message: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        let channel = channel.to_owned();
        async move { self.send(&channel, message).await }.boxed()
    }

    fn subscribe(&self, channel: &str) -> Subscription {
        self.listener.subscribe(channel)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        probe::check(&self.client, &self.prefix).boxed()
    }

    fn numbers(&self) -> Option<StoreNumbers> {
        Some(self.counted())
    }
}
