//! A store whose process is killed keeps every change that it acknowledged.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::Arc,
};

use bulkhead::store::{Key, RedbStore, Store};

const PATH: &str = "BULKHEAD_TEST_STORE";

fn key() -> Key {
    Key::new("crash", "count")
}

/// Not a test of its own: the process that is killed. Prints each acknowledged sum.
#[tokio::test]
#[ignore = "run by the test below"]
async fn victim() {
    let Some(path) = std::env::var_os(PATH) else {
        return;
    };
    let store: Arc<dyn Store> = Arc::new(RedbStore::open(path.as_ref()).unwrap());
    let mut output = std::io::stdout();
    loop {
        let sum = store.increment(key(), 1, None).await.unwrap();
        writeln!(output, "acknowledged {sum}").unwrap();
        output.flush().unwrap();
    }
}

#[tokio::test]
async fn acknowledged_counts_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let mut least = 0;
    for round in 1..=5 {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store_crash::victim", "--ignored", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        let mut last = 0;
        let mut seen = 0;
        while seen < 20 * round {
            let line = lines.next().unwrap().unwrap();
            if let Some((_, sum)) = line.rsplit_once("acknowledged ") {
                last = sum.parse::<i64>().unwrap();
                seen += 1;
            }
        }
        // SIGKILL
        victim.kill().unwrap();
        victim.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            if let Some((_, sum)) = line.rsplit_once("acknowledged ")
                && let Ok(sum) = sum.parse::<i64>()
            {
                last = last.max(sum);
            }
        }
        let store: Arc<dyn Store> = Arc::new(RedbStore::open(&path).unwrap());
        let found = store.increment(key(), 0, None).await.unwrap();
        // One change may have been on disk, but not acknowledged yet.
        assert!(found == last || found == last + 1, "{found} after {last}");
        assert!(found > least);
        least = found;
    }
}
