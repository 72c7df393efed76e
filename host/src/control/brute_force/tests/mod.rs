//! The control's rules, on the stores that live in a process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod forget;
mod lua;
mod model;
mod model_of;
mod outages;
mod parallel;
mod rules;
mod shared_key;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Control, Node};
use crate::{
    auth::{Client, Password, Request},
    config::{BruteForce, Bucket},
    pipeline::{BruteForce as _, Counted, FailedLogin, Standing, Uncertain},
    store::{ManualClock, MemoryStore, Store},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Which password a test's login gives.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Given {
    Right,
    /// Of a user whom a backend knows.
    Wrong(&'static str),
    /// Of a user whom nobody knows.
    Unknown(&'static str),
}

/// What became of a login.
#[derive(Debug, PartialEq)]
enum Came {
    /// The control had nothing to do with it.
    Past,
    Through,
    Counted(Counted),
    Banned {
        bucket: String,
        failures: u32,
        is_new: bool,
    },
    Nowhere(String),
}

impl Came {
    fn is_banned(&self) -> bool {
        matches!(self, Self::Banned { .. })
    }
}

/// Rules without a memory of bans of their own, and without repeated passwords.
fn rules(buckets: Vec<Bucket>) -> BruteForce {
    BruteForce {
        buckets,
        repeated_allowed: 0,
        decision_cache: Duration::ZERO,
        ..BruteForce::default()
    }
}

/// Five failures of an IPv4 address within an hour.
fn hosts() -> Bucket {
    Bucket {
        name: "hosts".to_owned(),
        period: HOUR,
        ban_time: 8 * HOUR,
        prefix: 32,
        ipv4: true,
        ipv6: false,
        failed_requests: 5,
        protocols: Vec::new(),
        oidc_clients: Vec::new(),
    }
}

fn control(config: &BruteForce, store: &Arc<dyn Store>) -> Control {
    Control::new(config, Node::new(Arc::clone(store)))
}

fn in_memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

fn with_clock() -> (Arc<dyn Store>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    // Not at the beginning of a period, and not at that of time.
    clock.advance(1000 * HOUR);
    (Arc::new(MemoryStore::with_clock(clock.clone())), clock)
}

fn request(username: &str, password: &str, client: &str) -> Request {
    Request {
        username: username.to_owned(),
        password: Some(Arc::new(Password::new(password.as_bytes().to_vec()))),
        protocol: "imap".to_owned(),
        client: Client {
            address: client.to_owned(),
            ..Client::default()
        },
        ..Request::default()
    }
}

fn soon() -> Instant {
    Instant::now() + 20 * SECOND
}

/// As the pipeline would: asks, and tells what came of the password.
async fn attempt(control: &Control, request: &Request, given: Given) -> Came {
    let clearance = match control.check(request, soon()).await {
        Standing::Exempt => return Came::Past,
        Standing::Clear(clearance) => clearance,
        Standing::Banned(ban) => {
            return Came::Banned {
                bucket: ban.bucket,
                failures: ban.failures,
                is_new: !ban.repeating,
            };
        }
        Standing::Uncertain(Uncertain(why)) => return Came::Nowhere(why),
    };
    if given == Given::Right {
        let account = Some(request.username.as_str());
        control.succeeded(request, account, soon()).await;
        return Came::Through;
    }
    let failed = FailedLogin {
        request,
        account: matches!(given, Given::Wrong(_)).then_some(request.username.as_str()),
        clearance,
    };
    match control.failed(failed, soon()).await {
        Ok(counted) => Came::Counted(counted),
        Err(Uncertain(why)) => Came::Nowhere(why),
    }
}

async fn log_in(control: &Control, username: &str, given: Given, client: &str) -> Came {
    let password = match given {
        Given::Right => "right",
        Given::Wrong(password) | Given::Unknown(password) => password,
    };
    attempt(control, &request(username, password, client), given).await
}

/// So many failures of one unknown user.
async fn fail(control: &Control, client: &str, times: u32) {
    for _ in 0..times {
        let came = log_in(control, "nobody", Given::Unknown("guess"), client).await;
        assert!(matches!(came, Came::Counted(_)), "{came:?}");
    }
}

async fn is_banned(control: &Control, client: &str) -> bool {
    log_in(control, "alice", Given::Right, client)
        .await
        .is_banned()
}
