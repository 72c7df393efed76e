//! A store whose process is killed keeps every change that it acknowledged, and no part of a step.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command as Process, Stdio},
    sync::Arc,
};

use bulkhead::store::{
    Command, HashCommand, Key, RedbStore, Reply, SetCommand, SortedCommand, Store,
};

const PATH: &str = "BULKHEAD_TEST_STORE";
/// Clients that change the store at the same time.
const CLIENTS: usize = 4;

fn key(client: usize, name: &str) -> Key {
    Key::tagged("crash", format!("client {client}"), name)
}

/// A failed login: a counter, a ban, and an event in a window.
fn step(client: usize, number: i64) -> Vec<Command> {
    let name = number.to_string().into_bytes();
    vec![
        Command::Increment {
            key: key(client, "count"),
            by: 1,
            ttl: None,
        },
        Command::OnHash(
            key(client, "bans"),
            HashCommand::Set(vec![(name.clone(), b"banned".to_vec())]),
        ),
        Command::OnSet(key(client, "seen"), SetCommand::Add(vec![name.clone()])),
        Command::OnSorted(
            key(client, "window"),
            SortedCommand::Add(vec![(number as f64, name)]),
        ),
    ]
}

/// How many logins each part of the steps tells of.
async fn found(store: &dyn Store, client: usize) -> [i64; 4] {
    let commands = vec![
        Command::Increment {
            key: key(client, "count"),
            by: 0,
            ttl: None,
        },
        Command::OnHash(key(client, "bans"), HashCommand::Length),
        Command::OnSet(key(client, "seen"), SetCommand::Length),
        Command::OnSorted(key(client, "window"), SortedCommand::Length),
    ];
    let replies = store.run(commands).await.unwrap().into_iter();
    let numbers: Vec<i64> = replies
        .map(|reply| match reply {
            Reply::Integer(number) => number,
            other => panic!("{other:?}"),
        })
        .collect();
    numbers.try_into().unwrap()
}

/// Not a test of its own: the process that is killed. Prints each acknowledged change.
#[tokio::test]
#[ignore = "run by the test below"]
async fn victim() {
    let Some(path) = std::env::var_os(PATH) else {
        return;
    };
    let store: Arc<dyn Store> = Arc::new(RedbStore::open(path.as_ref()).unwrap());
    let clients = (0..CLIENTS).map(|client| {
        let store = store.clone();
        async move {
            let [mut number, ..] = found(store.as_ref(), client).await;
            loop {
                number += 1;
                let replies = store.run(step(client, number)).await.unwrap();
                assert_eq!(replies[0], Reply::Integer(number));
                let mut output = std::io::stdout().lock();
                writeln!(output, "acknowledged {client} {number}").unwrap();
                output.flush().unwrap();
            }
        }
    });
    futures_util::future::join_all(clients).await;
}

/// Which client's change was acknowledged.
fn acknowledged(line: &str) -> Option<(usize, i64)> {
    let (_, rest) = line.rsplit_once("acknowledged ")?;
    let (client, number) = rest.split_once(' ')?;
    Some((client.parse().ok()?, number.parse().ok()?))
}

#[tokio::test]
async fn acknowledged_bans_and_counts_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let mut last = [0; CLIENTS];
    for round in 1..=5 {
        let mut victim = Process::new(std::env::current_exe().unwrap())
            .args(["--exact", "store_crash::victim", "--ignored", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let before = last;
        let mut seen = 0;
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        // After the kill, what was printed before it is still read; its last line may be cut off.
        for line in lines.map_while(Result::ok) {
            let Some((client, number)) = acknowledged(&line) else {
                continue;
            };
            last[client] = last[client].max(number);
            seen += 1;
            if seen == 40 * round {
                // SIGKILL
                victim.kill().unwrap();
            }
        }
        victim.wait().unwrap();
        assert!(seen >= 40 * round, "it ended by itself");
        assert!(last.iter().zip(before).all(|(last, before)| *last > before));

        let store: Arc<dyn Store> = Arc::new(RedbStore::open(&path).unwrap());
        for (client, last) in last.iter_mut().enumerate() {
            let found = found(store.as_ref(), client).await;
            let [count, ..] = found;
            assert_eq!(found, [count; 4], "a step is there or not");
            // One change may have been on disk, but not acknowledged yet.
            assert!(
                count == *last || count == *last + 1,
                "{count} after {last} of client {client}"
            );
            *last = count;
        }
    }
}
