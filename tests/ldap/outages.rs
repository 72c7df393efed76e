//! A directory that restarts, stalls or disappears behind an open connection, and comes back.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bulkhead::backend_io::{BreakerState, ldap::LdapError};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{by_uid, check, client, pool, slapd, soon};

#[tokio::test]
async fn after_a_restart_the_next_question_is_answered_without_a_failure() {
    let mut slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    for _ in 0..3 {
        assert_eq!(check(&client, "secret of alice").await, Ok(true));
        let found = client.search(&by_uid("alice"), soon()).await.unwrap();
        assert_eq!(found.entries.len(), 1);
        slapd.stop();
        slapd.restart();
    }
}

#[tokio::test]
async fn a_directory_that_is_down_is_an_outage_until_it_is_up() {
    let mut slapd = slapd();
    let client = client(&pool(&slapd.uri()));
    assert_eq!(check(&client, "secret of alice").await, Ok(true));
    slapd.stop();
    let checked = check(&client, "secret of alice").await;
    assert!(
        matches!(checked, Err(LdapError::Unavailable(_))),
        "{checked:?}"
    );
    let searched = client.search(&by_uid("alice"), soon()).await;
    assert!(
        matches!(searched, Err(LdapError::Unavailable(_))),
        "{searched:?}"
    );
    slapd.restart();
    assert_eq!(check(&client, "secret of alice").await, Ok(true));
}

#[tokio::test]
async fn a_restart_within_the_retries_is_not_noticed() {
    let mut slapd = slapd();
    let uri = slapd.uri();
    let admin = crate::support::ADMIN;
    let client = client(&format!(
        "uris: [\"{uri}\"], {admin}, retries: 10, retry_delay: 50ms, breaker_failures: 1000"
    ));
    slapd.stop();
    let asked = tokio::spawn({
        let client = Arc::clone(&client);
        async move { check(&client, "secret of alice").await }
    });
    let restarted = tokio::task::spawn_blocking(move || {
        slapd.restart();
        slapd
    });
    let _slapd = restarted.await.unwrap();
    assert_eq!(asked.await.unwrap(), Ok(true));
}

#[tokio::test]
async fn a_directory_that_stalls_is_an_outage_in_time() {
    let slapd = slapd();
    let client = client(&format!(
        "{}, bind_timeout: 500ms, search_timeout: 500ms, connect_timeout: 500ms",
        pool(&slapd.uri())
    ));
    assert_eq!(check(&client, "secret of alice").await, Ok(true));
    client.search(&by_uid("alice"), soon()).await.unwrap();
    slapd.stall();
    let began = Instant::now();
    assert_eq!(
        check(&client, "secret of alice").await,
        Err(LdapError::TimedOut)
    );
    let searched = client.search(&by_uid("alice"), soon()).await;
    assert_eq!(searched, Err(LdapError::TimedOut));
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    slapd.wake();
    assert_eq!(check(&client, "secret of alice").await, Ok(true));
    client.search(&by_uid("alice"), soon()).await.unwrap();
}

/// Between client and directory; once it is cut, bytes vanish and nobody hears of it, as behind a firewall
/// that has forgotten its connections.
async fn relay(to: SocketAddr) -> (SocketAddr, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let cut = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&cut);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let is_cut = Arc::clone(&switch);
            tokio::spawn(async move {
                let (mut near_in, mut near_out) = near.into_split();
                let (mut far_in, mut far_out) = TcpStream::connect(to).await.unwrap().into_split();
                let back = Arc::clone(&is_cut);
                let there = async {
                    let mut bytes = [0; 4096];
                    while let Ok(read @ 1..) = near_in.read(&mut bytes).await {
                        if !is_cut.load(Relaxed) {
                            far_out.write_all(&bytes[..read]).await.unwrap();
                        }
                    }
                };
                let back = async {
                    let mut bytes = [0; 4096];
                    while let Ok(read @ 1..) = far_in.read(&mut bytes).await {
                        if !back.load(Relaxed) && near_out.write_all(&bytes[..read]).await.is_err()
                        {
                            return;
                        }
                    }
                };
                tokio::join!(there, back);
            });
        }
    });
    (address, cut)
}

#[tokio::test]
async fn a_half_open_connection_costs_one_timeout_and_is_not_used_again() {
    let slapd = slapd();
    let (address, cut) = relay(slapd.address()).await;
    let client = client(&format!(
        "{}, bind_timeout: 300ms, search_timeout: 300ms, connect_timeout: 300ms",
        pool(&format!("ldap://{address}"))
    ));
    assert_eq!(check(&client, "secret of alice").await, Ok(true));
    client.search(&by_uid("alice"), soon()).await.unwrap();
    cut.store(true, Relaxed);
    assert_eq!(
        check(&client, "secret of alice").await,
        Err(LdapError::TimedOut)
    );
    let searched = client.search(&by_uid("alice"), soon()).await;
    assert_eq!(searched, Err(LdapError::TimedOut));
    cut.store(false, Relaxed);
    assert_eq!(check(&client, "secret of alice").await, Ok(true));
    client.search(&by_uid("alice"), soon()).await.unwrap();
}

#[tokio::test]
async fn the_probe_closes_the_breaker_before_a_user_has_to_try() {
    let mut slapd = slapd();
    let client = client(&format!(
        "{}, breaker_failures: 2, breaker_cool_down: 200ms, probe_interval: 100ms, probe_timeout: 1s",
        pool(&slapd.uri())
    ));
    client.start_probes();
    let until = async |what: &str, ready: &dyn Fn() -> bool| {
        let end = Instant::now() + Duration::from_secs(20);
        while !ready() {
            assert!(Instant::now() < end, "never {what}: {:?}", client.status());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    until("up", &|| {
        client.status()[0].probe.as_ref().is_some_and(Result::is_ok)
    })
    .await;
    slapd.stop();
    until("open", &|| client.status()[0].breaker == BreakerState::Open).await;
    assert!(!client.status()[0].is_up());
    slapd.restart();
    until("up again", &|| client.status()[0].is_up()).await;
    assert_eq!(check(&client, "secret of alice").await, Ok(true));
}
