//! A thousand logins at the same time, on several nodes that share one store.

use super::*;
use crate::{
    control::brute_force::rule,
    store::{Command, HashCommand, RedbStore, Reply},
};

const NODES: usize = 4;
const LOGINS: usize = 1000;
/// Failures that lead to a ban.
const LIMIT: u32 = 300;

/// What the bucket has counted in its two latest periods.
async fn counted(store: &Arc<dyn Store>, control: &Control, client: &str) -> u64 {
    let attempt = rule::attempt(&control.config, &request("a", "b", client)).unwrap();
    let fields = vec![b"current".to_vec(), b"previous".to_vec()];
    let command = Command::OnHash(attempt.buckets().remove(0), HashCommand::GetMany(fields));
    let Reply::List(values) = store.run(vec![command]).await.unwrap().remove(0) else {
        panic!("no list");
    };
    let number = |reply: &Reply| match reply {
        Reply::Bytes(bytes) => String::from_utf8_lossy(bytes).parse::<u64>().unwrap(),
        _ => 0,
    };
    values.iter().map(number).sum()
}

async fn no_failure_is_lost_and_a_ban_is_news_once(store: Arc<dyn Store>) {
    let bucket = Bucket {
        failed_requests: LIMIT,
        prefix: 24,
        period: 24 * HOUR,
        ..hosts()
    };
    let config = rules(vec![bucket]);
    let nodes: Vec<_> = (0..NODES)
        .map(|_| Arc::new(control(&config, &store)))
        .collect();
    let tasks = (0..LOGINS).map(|number| {
        let control = Arc::clone(&nodes[number % NODES]);
        tokio::spawn(async move {
            // Two networks; addresses that differ.
            let client = format!("192.0.{}.{}", number % 2, number % 200);
            let user = format!("user{number}");
            let came = log_in(&control, &user, Given::Unknown("guess"), &client).await;
            (number % 2, came)
        })
    });
    let mut let_through = [0; 2];
    let mut news = [0; 2];
    for done in futures_util::future::join_all(tasks).await {
        match done.unwrap() {
            (network, Came::Counted(_)) => let_through[network] += 1,
            (network, Came::Banned { is_new, .. }) => news[network] += u32::from(is_new),
            (_, other) => panic!("{other:?}"),
        }
    }
    for network in 0..2 {
        let client = format!("192.0.{network}.1");
        assert!(let_through[network] >= u64::from(LIMIT));
        assert_eq!(
            counted(&store, &nodes[0], &client).await,
            let_through[network]
        );
        for control in &nodes {
            let came = log_in(control, "alice", Given::Right, &client).await;
            let Came::Banned { is_new, .. } = came else {
                panic!("{came:?}");
            };
            news[network] += u32::from(is_new);
        }
        assert_eq!(news[network], 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_memory_no_failure_is_lost() {
    no_failure_is_lost_and_a_ban_is_news_once(in_memory()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_disk_no_failure_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(&folder.path().join("store.redb")).unwrap();
    no_failure_is_lost_and_a_ban_is_news_once(Arc::new(store)).await;
}
