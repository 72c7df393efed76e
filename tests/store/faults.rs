//! What looks like Redis and is none, or is sick: always an outage, never an answer, never for long.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use bulkhead::config::RedisConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{address, eventually, key, store, why};

const SECOND: Duration = Duration::from_secs(1);

/// Listens, and answers every read with these bytes; closes instead if there are none.
async fn fake(answer: &'static [u8]) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicU64::new(0));
    let counter = connections.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, SeqCst);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(1..) = stream.read(&mut buffer).await {
                    if answer.is_empty() || stream.write_all(answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, connections)
}

fn config(at: SocketAddr) -> RedisConfig {
    let mut config = RedisConfig::standalone(address(at));
    config.operation_timeout = SECOND;
    config.read_timeout = SECOND / 4;
    config.write_timeout = SECOND / 4;
    config.dial_timeout = SECOND / 2;
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_an_outage() {
    for answer in [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(),
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"*1000000000\r\n",
        b"$-5\r\n",
        b":\r\n",
        b"+PONG\r\n+PONG\r\n+PONG\r\n",
        b"-ERR max number of clients reached\r\n",
        b"-LOADING Redis is loading the dataset in memory\r\n",
        b"",
    ] {
        let (at, _) = fake(answer).await;
        let store = store(&config(at));
        let started = Instant::now();
        why(store.increment(key("n"), 1, None).await);
        why(store.check().await);
        let took = started.elapsed();
        assert!(took < 3 * SECOND, "{took:?} {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_costs_the_time_of_one_operation() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = store(&config(listener.local_addr().unwrap()));
    let started = Instant::now();
    why(store.get(key("k")).await);
    let took = started.elapsed();
    assert!(took < 2 * SECOND, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_flaps_is_not_stormed() {
    let (at, connections) = fake(b"").await;
    let mut config = config(at);
    config.pool_size = 1;
    let store = store(&config);
    let started = Instant::now();
    let mut asked = 0;
    while started.elapsed() < 3 * SECOND {
        let many = (0..50).map(|_| store.get(key("k")));
        let done = futures_util::future::join_all(many).await;
        assert!(done.into_iter().all(|one| one.is_err()));
        asked += 50;
        tokio::time::sleep(SECOND / 100).await;
    }
    let connections = connections.load(SeqCst);
    assert!(asked > 500, "{asked}");
    assert!(
        connections < 30,
        "{connections} connections for {asked} operations"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_too_late_is_nobody_elses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let served = Arc::new(AtomicU64::new(0));
    let counter = served.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counter = counter.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                    let asked = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    if asked.contains("PING") {
                        stream.write_all(b"+PONG\r\n").await.unwrap();
                        continue;
                    }
                    // The first question is answered late, and with its own name.
                    if counter.fetch_add(1, SeqCst) == 0 {
                        tokio::time::sleep(SECOND / 2).await;
                    }
                    let name = asked.trim_end().rsplit(':').next().unwrap();
                    let answer = format!("${}\r\n{name}\r\n", name.len());
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    let mut config = config(at);
    (config.pool_size, config.max_retries) = (1, 0);
    let store = store(&config);
    let text = why(store.get(key("first")).await);
    assert!(text.contains("did not answer within 250 ms"), "{text}");
    for name in ["second", "third"] {
        eventually("an answer", async || {
            let answer = store.get(key(name)).await;
            if let Ok(value) = &answer {
                assert_eq!(value.as_deref(), Some(name.as_bytes()));
            }
            answer.is_ok()
        })
        .await;
    }
}
