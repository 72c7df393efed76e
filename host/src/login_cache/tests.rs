//! The cache as the pipeline sees it: nodes on one store, and a backend that counts.
#![allow(clippy::unwrap_used, clippy::panic)]

mod forgetting;
mod keeping;
mod outages;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use super::*;
use crate::{
    auth::{Attribute, Client, Request, Value},
    pipeline::{BackendUser, ContextChange, Forget, Forgot, Keeper, Subject},
    store::MemoryStore,
};

const MINUTE: Duration = Duration::from_secs(60);

/// Users and their passwords, and how often it was asked.
#[derive(Default)]
struct Backend {
    users: Mutex<BTreeMap<String, Vec<String>>>,
    asked: AtomicUsize,
}

impl Backend {
    fn of(users: &[(&str, &[&str])]) -> Arc<Self> {
        let backend = Self::default();
        for (user, passwords) in users {
            backend.set(user, passwords);
        }
        Arc::new(backend)
    }

    fn set(&self, user: &str, passwords: &[&str]) {
        let passwords = passwords.iter().map(|one| (*one).to_owned()).collect();
        self.users
            .lock()
            .unwrap()
            .insert(user.to_owned(), passwords);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// The account of `alias-NAME` is NAME.
    fn find(&self, request: &Request) -> Finding {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let users = self.users.lock().unwrap();
        let name = &request.username;
        let password = request.password.as_ref().unwrap().expose();
        let user = users.get(name).map(|passwords| {
            let account = name.strip_prefix("alias-").unwrap_or(name);
            BackendUser {
                found: true,
                authenticated: passwords.iter().any(|one| one.as_bytes() == password),
                account_field: "account".to_owned(),
                attributes: vec![Attribute {
                    name: "account".to_owned(),
                    values: vec![Value::Text(account.to_owned())],
                }],
                ..BackendUser::default()
            }
        });
        Finding {
            conclusion: match &user {
                Some(user) if user.authenticated => Conclusion::Accepted,
                Some(_) => Conclusion::WrongPassword,
                None => Conclusion::UnknownUser,
            },
            known: user.map(|user| Known {
                backend: "users".to_owned(),
                user,
            }),
            context: vec![ContextChange::Set("rt".to_owned(), vec![0xa0].into())],
            certain: true,
        }
    }
}

/// One node.
struct Node {
    cache: Cache,
    backend: Arc<Backend>,
}

/// Kept in memory and in the store, wrong passwords too.
fn settings() -> config::Cache {
    config::Cache {
        negative_ttl: MINUTE,
        negative_in_store: true,
        secret: Some(Arc::new(Password::new(b"0123456789abcdef".to_vec()))),
        ..config::Cache::default()
    }
}

/// Nothing in memory.
fn only_in_store() -> config::Cache {
    config::Cache {
        memory_ttl: Duration::ZERO,
        negative_ttl: Duration::ZERO,
        ..settings()
    }
}

/// Nothing in the store.
fn only_in_memory() -> config::Cache {
    config::Cache {
        secret: None,
        ..settings()
    }
}

fn memory_store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

fn login(username: &str, password: &str) -> Request {
    Request {
        username: username.to_owned(),
        protocol: "imap".to_owned(),
        password: Some(Arc::new(Password::new(password.as_bytes().to_vec()))),
        client: Client {
            address: "192.0.2.1".to_owned(),
            ..Client::default()
        },
        ..Request::default()
    }
}

/// Where the answer came from, and what it was.
type Said = (Option<CacheSource>, Conclusion);

const ACCEPTED: Said = (None, Conclusion::Accepted);
const WRONG: Said = (None, Conclusion::WrongPassword);
const UNKNOWN: Said = (None, Conclusion::UnknownUser);

fn from(source: CacheSource, (_, conclusion): Said) -> Said {
    (Some(source), conclusion)
}

impl Node {
    fn new(config: &config::Cache, store: &Arc<dyn Store>, backend: &Arc<Backend>) -> Self {
        Self {
            cache: Cache::new(config, Arc::clone(store)),
            backend: Arc::clone(backend),
        }
    }

    async fn ask(&self, request: Request) -> (Arc<Request>, CacheAnswer) {
        let request = Arc::new(request);
        let question = CacheQuestion {
            request: Arc::clone(&request),
            backends: vec![Keeper {
                backend: "users".to_owned(),
                cache_name: None,
            }],
            deadline: Instant::now() + MINUTE,
        };
        (request, self.cache.ask(question).await)
    }

    /// One login, as the pipeline does it; what is kept is in its place afterwards.
    async fn decide(&self, request: Request) -> Said {
        let said = match self.ask(request).await {
            (_, CacheAnswer::Known(finding, source)) => (Some(source), finding.conclusion),
            (request, CacheAnswer::Ask(asking)) => {
                let finding = Arc::new(self.backend.find(&request));
                asking.found(&finding);
                (None, finding.conclusion)
            }
        };
        self.settle().await;
        said
    }

    async fn log_in(&self, username: &str, password: &str) -> Said {
        self.decide(login(username, password)).await
    }

    /// Until everything that was found is in the store, and the other nodes heard of it.
    async fn settle(&self) {
        while self.cache.shared.writes.available_permits() < WRITES {
            tokio::task::yield_now().await;
        }
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    async fn flush(&self, user: &str) -> Forgot {
        let subject = Subject {
            user: user.to_owned(),
            ..Subject::default()
        };
        let forgot = self.cache.forget(&subject).await.unwrap();
        self.settle().await;
        forgot
    }
}
