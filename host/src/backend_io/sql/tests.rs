//! A database of hosts that do as they are told: who is asked, what is sent twice, and what never is.

#![allow(clippy::unwrap_used)]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;

use super::{
    failed::Failed,
    link::{Answer, Connect, Link, Most},
    node::Node,
    statement::Statement,
    *,
};
use crate::config::SqlDatabase;

/// What a host does next.
#[derive(Clone, Debug)]
enum Next {
    /// Answers a statement.
    Answer,
    /// Ends it like this.
    Fail(Failed),
    /// Never answers.
    Stall,
    /// Refuses a connection.
    Refuse(Failed),
    /// Fails when it is asked whether it is there.
    NoPing,
}

/// A host: what it will do, and what it was asked. Without orders it answers.
#[derive(Clone, Default)]
struct Host(Arc<Mutex<(VecDeque<Next>, Vec<&'static str>)>>);

impl Host {
    fn told(orders: &[Next]) -> Self {
        let host = Self::default();
        host.tell(orders);
        host
    }

    fn tell(&self, orders: &[Next]) {
        self.0.lock().unwrap().0.extend(orders.iter().cloned());
    }

    /// What it was asked since the last look.
    fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap().1)
    }

    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().1.push(what);
    }

    /// The next order, if it is meant for this step.
    fn next(&self, fits: fn(&Next) -> bool) -> Option<Next> {
        let mut state = self.0.lock().unwrap();
        match state.0.front() {
            Some(next) if fits(next) => state.0.pop_front(),
            _ => None,
        }
    }
}

impl Connect for Host {
    fn connect(&self, _: bool) -> BoxFuture<'_, Result<Box<dyn Link>, Failed>> {
        Box::pin(async move {
            self.note("connect");
            match self.next(|next| matches!(next, Next::Refuse(_))) {
                Some(Next::Refuse(failed)) => Err(failed),
                _ => Ok(Box::new(self.clone()) as Box<dyn Link>),
            }
        })
    }
}

impl Link for Host {
    fn run<'a>(&'a mut self, _: &'a Statement, _: Most) -> BoxFuture<'a, Result<Answer, Failed>> {
        Box::pin(async move {
            self.note("run");
            match self.next(|next| matches!(next, Next::Answer | Next::Fail(_) | Next::Stall)) {
                Some(Next::Fail(failed)) => Err(failed),
                Some(Next::Stall) => std::future::pending().await,
                _ => Ok(Answer::default()),
            }
        })
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<(), Failed>> {
        Box::pin(async move {
            self.note("ping");
            match self.next(|next| matches!(next, Next::NoPing)) {
                Some(_) => Err(broken()),
                None => Ok(()),
            }
        })
    }
}

/// Nobody listens.
struct Deaf;

impl Listener for Deaf {
    fn asked(&self, _: &str, _: &'static str, _: Duration) {}
    fn left_alone(&self, _: &str) {}
}

fn broken() -> Failed {
    Failed::Connection("it broke".to_owned())
}

fn config() -> SqlDatabase {
    SqlDatabase {
        name: "mail".to_owned(),
        failures: 2,
        cool_down: Duration::from_secs(3600),
        connect_timeout: Duration::from_secs(2),
        query_timeout: Duration::from_secs(2),
        wait_timeout: Duration::from_millis(100),
        connections: 1,
        ..SqlDatabase::default()
    }
}

fn database(hosts: &[Host]) -> Database {
    let config = Arc::new(config());
    let nodes = |read_only: bool| {
        let node = |host: &Host| {
            let connector = Box::new(host.clone());
            Node::new("host".to_owned(), &config, connector, read_only).unwrap()
        };
        hosts.iter().map(node).collect::<Vec<_>>()
    };
    let (readers, writers) = (nodes(true), nodes(false));
    Database::of(Arc::clone(&config), readers, writers, Arc::new(Deaf))
}

fn pieces() -> Vec<Piece> {
    vec![Piece::Text("SELECT 1".to_owned())]
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

async fn read(database: &Database) -> Result<(), SqlError> {
    database.query(true, pieces(), soon()).await.map(|_| ())
}

async fn change(database: &Database) -> Result<(), SqlError> {
    database.execute(pieces(), soon()).await.map(|_| ())
}

#[tokio::test]
async fn a_connection_serves_again() {
    let host = Host::default();
    let database = database(std::slice::from_ref(&host));
    read(&database).await.unwrap();
    read(&database).await.unwrap();
    assert_eq!(host.asked(), ["connect", "run", "run"]);
}

#[tokio::test]
async fn a_connection_that_broke_while_unused_is_replaced_at_once() {
    for failed in [broken(), Failed::Stale("forgotten".to_owned())] {
        let host = Host::told(&[Next::Answer, Next::Fail(failed)]);
        let database = database(std::slice::from_ref(&host));
        read(&database).await.unwrap();
        read(&database).await.unwrap();
        assert_eq!(host.asked(), ["connect", "run", "run", "connect", "run"]);
    }
}

#[tokio::test]
async fn a_new_connection_that_breaks_is_not_tried_again_but_the_next_host_is() {
    let (first, second) = (Host::told(&[Next::Fail(broken())]), Host::default());
    let one = database(std::slice::from_ref(&first));
    assert!(matches!(read(&one).await, Err(SqlError::Unavailable(_))));
    assert_eq!(first.asked(), ["connect", "run"]);
    first.tell(&[Next::Fail(broken())]);
    let both = database(&[first.clone(), second.clone()]);
    read(&both).await.unwrap();
    assert_eq!(first.asked(), ["connect", "run"]);
    assert_eq!(second.asked(), ["connect", "run"]);
}

#[tokio::test]
async fn what_the_database_refuses_is_nobody_elses_business() {
    let refused = Failed::Statement("no such table".to_owned());
    let (first, second) = (Host::told(&[Next::Fail(refused)]), Host::default());
    let database = database(&[first.clone(), second.clone()]);
    let outcome = read(&database).await;
    assert_eq!(outcome, Err(SqlError::Failed("no such table".to_owned())));
    assert!(second.asked().is_empty());
    read(&database).await.unwrap();
    assert_eq!(first.asked(), ["connect", "run", "run"]);
}

#[tokio::test]
async fn a_change_is_never_sent_twice() {
    let (first, second) = (
        Host::told(&[Next::Answer, Next::Fail(broken())]),
        Host::default(),
    );
    let database = database(&[first.clone(), second.clone()]);
    change(&database).await.unwrap();
    assert_eq!(first.asked(), ["connect", "run"]);
    assert!(matches!(
        change(&database).await,
        Err(SqlError::Unavailable(_))
    ));
    // Before it was sent, the connection was asked whether it is there.
    assert_eq!(first.asked(), ["ping", "run"]);
    assert!(second.asked().is_empty());
}

#[tokio::test]
async fn a_change_that_was_not_sent_may_go_elsewhere() {
    let host = Host::told(&[Next::Answer, Next::NoPing]);
    let database = database(std::slice::from_ref(&host));
    change(&database).await.unwrap();
    change(&database).await.unwrap();
    assert_eq!(host.asked(), ["connect", "run", "ping", "connect", "run"]);
}

#[tokio::test]
async fn silence_is_a_timeout_and_the_connection_is_given_up() {
    let host = Host::told(&[Next::Stall]);
    let database = database(std::slice::from_ref(&host));
    assert_eq!(read(&database).await, Err(SqlError::TimedOut));
    read(&database).await.unwrap();
    assert_eq!(host.asked(), ["connect", "run", "connect", "run"]);
}

#[tokio::test]
async fn failures_in_a_row_open_the_circuit_and_then_nobody_is_asked() {
    let host = Host::told(&[Next::Refuse(broken()), Next::Refuse(broken())]);
    let database = database(std::slice::from_ref(&host));
    for _ in 0..2 {
        assert!(read(&database).await.is_err());
    }
    assert_eq!(host.asked(), ["connect", "connect"]);
    assert_eq!(database.left_alone(), 1);
    let Err(SqlError::Unavailable(text)) = read(&database).await else {
        unreachable!("the circuit is closed")
    };
    assert!(text.contains("left alone"), "{text}");
    assert!(host.asked().is_empty());
    assert!(database.problem().unwrap().contains("left alone"));
}

#[tokio::test]
async fn a_crowd_and_slow_statements_open_no_circuit() {
    for next in [
        Next::Refuse(Failed::Full("too many".to_owned())),
        Next::Fail(Failed::TooSlow),
        Next::Fail(Failed::Statement("no".to_owned())),
    ] {
        let host = Host::told(&vec![next; 5]);
        let database = database(std::slice::from_ref(&host));
        for _ in 0..5 {
            assert!(read(&database).await.is_err());
        }
        assert_eq!(database.left_alone(), 0);
        read(&database).await.unwrap();
    }
}

#[tokio::test]
async fn who_finds_no_free_connection_is_told_so_and_nothing_is_sent() {
    let host = Host::told(&[Next::Stall]);
    let database = database(std::slice::from_ref(&host));
    let (first, second) = tokio::join!(read(&database), read(&database));
    let mut outcomes = [first, second];
    outcomes.sort_by_key(|outcome| format!("{outcome:?}"));
    assert_eq!(outcomes[0], Err(SqlError::TimedOut));
    let Err(SqlError::Unavailable(text)) = &outcomes[1] else {
        unreachable!("{outcomes:?}")
    };
    assert!(text.contains("in use"), "{text}");
    assert_eq!(host.asked(), ["connect", "run"]);
}

#[tokio::test]
async fn no_wait_outlasts_the_deadline_and_a_hurry_blames_nobody() {
    let host = Host::told(&[Next::Stall, Next::Stall, Next::Stall]);
    let database = database(&[host]);
    for _ in 0..3 {
        let began = Instant::now();
        let deadline = began + Duration::from_millis(50);
        let outcome = database.query(true, pieces(), deadline).await;
        assert!(outcome.is_err());
        assert!(began.elapsed() < Duration::from_secs(1));
    }
    assert_eq!(database.left_alone(), 0);
}

#[tokio::test]
async fn a_probe_finds_out_before_a_login_does() {
    let host = Host::told(&[Next::Refuse(broken())]);
    let database = database(&[host]);
    assert_eq!(database.problem(), None);
    database.probe().await;
    assert!(database.problem().unwrap().contains("it broke"));
    database.probe().await;
    assert_eq!(database.problem(), None);
}

#[tokio::test]
async fn databases_are_shared_while_their_configuration_is_the_same() {
    let registry = Registry::new(Arc::new(Deaf));
    let sqlite = |rows| {
        Arc::new(SqlDatabase {
            kind: crate::config::SqlKind::Sqlite,
            path: "nowhere.db".into(),
            rows,
            ..config()
        })
    };
    let first = registry.open(&sqlite(1)).unwrap();
    let same = registry.open(&sqlite(1)).unwrap();
    let other = registry.open(&sqlite(2)).unwrap();
    assert!(Arc::ptr_eq(&first, &same) && !Arc::ptr_eq(&first, &other));
    assert_eq!(registry.conditions().len(), 2);
    drop((first, same, other));
    let gone = async {
        while !registry.conditions().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone)
        .await
        .unwrap();
}
