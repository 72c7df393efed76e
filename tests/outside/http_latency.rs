//! What a request costs on a connection that is kept. Run it with
//! `cargo test -p bulkhead --test outside http_latency -- --ignored --nocapture`.

use std::time::Instant;

use bulkhead::backend_io::http::{HttpClient, HttpEgress};

use crate::server::{answer, get, grant_to, ok, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a check"]
async fn kept_connection_on_loopback() {
    let address = answer(|_, _| ok("hello")).await;
    let egress = HttpEgress::compile(&grant_to(address)).unwrap();
    let client = HttpClient::new(vec![]);
    let url = format!("http://{address}/");
    let mut times = Vec::new();
    for _ in 0..5000 {
        let started = Instant::now();
        client.send(&egress, get(&url), soon()).await.unwrap();
        times.push(started.elapsed());
    }
    times.sort_unstable();
    println!(
        "p50 {:?}, p99 {:?}",
        times[times.len() / 2],
        times[times.len() * 99 / 100]
    );
}
