//! A running server with the policy of `policy`, on a loopback port of its own.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bulkhead::{
    api::{self, ConnectionLimits, Generation, State},
    auth::Password,
    config::{BasicAuth, Observe, Server, ServerLimits},
    observe::Observer,
    pipeline::Pipeline,
    store::{Command, Key, MemoryStore, Procedure, Reply, Store, StoreError, Subscription},
};
use futures_util::future::BoxFuture;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::policy::{self, Seen};

/// What a test may change before the server starts.
pub struct Setup {
    pub server: Server,
    pub limits: ServerLimits,
    pub observe: Observe,
    pub connections: ConnectionLimits,
}

pub struct Running {
    pub address: SocketAddr,
    pub seen: Arc<Seen>,
    pub state: Arc<State>,
    pub store: Arc<FakeStore>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Setup {
    pub fn new() -> Self {
        Self {
            server: Server {
                request_timeout: Duration::from_secs(5),
                trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
                ..Server::default()
            },
            limits: ServerLimits {
                body_bytes: 64 << 10,
                concurrent_requests: 3000,
                context_bytes: 1 << 20,
                store_value_bytes: 1 << 20,
                store_members: 1000,
                store_memory_bytes: 1 << 26,
                password_threads: 1,
                password_queue: 1,
                password_memory_bytes: 1 << 20,
                password_rounds: 1,
                component_bytes: 1 << 20,
                instances: 10,
                load_timeout: Duration::from_secs(1),
                metric_series: 10,
                post_actions: 10,
                post_action_timeout: Duration::from_secs(5),
                ..ServerLimits::default()
            },
            observe: Observe {
                log_level: "info".to_owned(),
                log_json: false,
                decision_log: None,
                ..Observe::default()
            },
            connections: ConnectionLimits::default(),
        }
    }

    pub fn with_credentials(mut self) -> Self {
        self.server.basic_auth = Some(BasicAuth {
            username: "dovecot".to_owned(),
            password: Arc::new(Password::new(b"between servers".to_vec())),
        });
        self
    }

    /// Listens on a loopback port with [`Self::connections`].
    pub async fn start(self) -> Running {
        let limits = self.connections;
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        self.run(address, move |state, shutdown| {
            api::serve_with(listener, state, limits, shutdown)
        })
    }

    /// Listens on what `server.listeners` says, with the limits of `limits`.
    pub async fn listen(self) -> Running {
        let bound = api::listen::open(&self.server).unwrap();
        self.serve(bound)
    }

    pub fn serve(self, bound: Vec<api::listen::Bound>) -> Running {
        let address = bound.iter().find_map(api::listen::Bound::tcp_address);
        let address = address.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
        self.run(address, move |state, shutdown| {
            api::serve(bound, state, shutdown)
        })
    }

    fn run<F>(
        self,
        address: SocketAddr,
        serve: impl FnOnce(Arc<State>, BoxFuture<'static, ()>) -> F,
    ) -> Running
    where
        F: Future<Output = std::io::Result<()>> + Send + 'static,
    {
        let seen = Arc::new(Seen::default());
        let generation = Generation {
            brute_force: None,
            pipeline: Arc::new(Pipeline::new(policy::stages(&seen))),
            hooks: policy::hooks(),
            backend_numbers: BTreeMap::from([("users".to_owned(), 3)]),
            server: self.server,
            limits: self.limits,
        };
        let store = Arc::new(FakeStore::default());
        let observer = Arc::new(Observer::new(&self.observe).unwrap());
        let state = State::new(generation, Arc::clone(&store) as Arc<dyn Store>, observer);
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let served = serve(Arc::clone(&state), Box::pin(shutdown));
        Running {
            address,
            seen,
            state,
            store,
            stop: Some(stop),
            serving: tokio::spawn(async { served.await.unwrap() }),
        }
    }
}

impl Running {
    /// Tells the server to stop, without waiting for it.
    pub fn begin_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Stops the server cleanly.
    pub async fn stop(mut self) {
        if self.stop.is_some() {
            self.begin_stop();
        }
        self.serving.await.unwrap();
        self.state.close().await;
    }
}

/// The credentials of [`Setup::with_credentials`].
pub const CREDENTIALS: &str = "Authorization: Basic ZG92ZWNvdDpiZXR3ZWVuIHNlcnZlcnM=\r\n";

/// A store in memory, or a broken one.
#[derive(Default)]
pub struct FakeStore {
    pub broken: AtomicBool,
    memory: MemoryStore,
}

impl FakeStore {
    fn unless_broken<'a, T: Send + 'a>(
        &self,
        done: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        if self.broken.load(Ordering::SeqCst) {
            return Box::pin(async { Err(StoreError::Unavailable("disk on fire".to_owned())) });
        }
        done
    }
}

impl Store for FakeStore {
    fn run(&self, commands: Vec<Command>) -> BoxFuture<'_, Result<Vec<Reply>, StoreError>> {
        self.unless_broken(self.memory.run(commands))
    }

    fn call(
        &self,
        procedure: &'static Procedure,
        keys: Vec<Key>,
        arguments: Vec<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Reply, StoreError>> {
        self.unless_broken(self.memory.call(procedure, keys, arguments))
    }

    fn publish(&self, channel: &str, message: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.unless_broken(self.memory.publish(channel, message))
    }

    fn subscribe(&self, channel: &str) -> Subscription {
        self.memory.subscribe(channel)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.unless_broken(self.memory.check())
    }
}
