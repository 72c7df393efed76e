//! Hosts that are written as names.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bulkhead::backend_io::{http::NameLookup, probe::Probe};
use futures_util::future::BoxFuture;

use crate::{
    fake::says,
    targets::{check_named, target, words},
};

struct Known(Vec<IpAddr>);

impl NameLookup for Known {
    fn lookup(&self, name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, String>> {
        assert_eq!(name, "imap.example.org");
        let found = self.0.clone();
        Box::pin(async move { Ok(found) })
    }
}

/// Never answers, and counts who asks.
#[derive(Clone, Default)]
struct Stuck(Arc<AtomicUsize>);

impl NameLookup for Stuck {
    fn lookup(&self, _: String) -> BoxFuture<'static, Result<Vec<IpAddr>, String>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::pending())
    }
}

fn named(port: u16, rest: &str) -> String {
    format!("{{protocol: imap, host: imap.example.org, port: {port}{rest}}}")
}

#[tokio::test]
async fn the_first_address_that_answers_is_the_one() {
    let address = says("* OK hi\r\n").await;
    let keys = named(address.port(), ", connect_timeout: 3s");
    for ips in [
        vec!["127.0.0.1"],
        // Nobody listens at the first two.
        vec!["127.0.0.2", "::1", "127.0.0.1"],
    ] {
        let ips = ips.iter().map(|ip| ip.parse().unwrap()).collect();
        let result = check_named(&keys, Known(ips)).await;
        assert_eq!(result.unwrap(), address);
    }
}

#[tokio::test]
async fn a_name_without_an_address_is_a_failure() {
    let result = check_named(&named(143, ""), Known(Vec::new())).await;
    assert_eq!(words(&result), "connect name-lookup", "{result:?}");
}

#[tokio::test]
async fn a_lookup_that_hangs_ends_in_time_and_is_not_begun_again_meanwhile() {
    let stuck = Stuck::default();
    let target = target(&named(143, ", connect_timeout: 100ms"));
    let probe = Probe::with_lookup(target, Arc::new(stuck.clone())).unwrap();
    let began = Instant::now();
    for _ in 0..3 {
        let result = probe.run(false).await;
        assert_eq!(words(&result), "connect timed-out", "{result:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(3));
    assert_eq!(stuck.0.load(Ordering::SeqCst), 1);
}
