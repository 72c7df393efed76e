//! Servers that come, go and hang, as the checks see them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bulkhead::{
    config::HealthChecks,
    observe::metrics::ServerMetrics,
    upstream::{Choice, Life, Upstreams},
};

use crate::{
    fake::Switched,
    targets::{at, section},
};

/// Checks follow each other quickly.
const PACE: &str = "connect_interval: 100ms, deep_interval: 100ms, connect_timeout: 300ms";
/// How long something may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

fn checks(rest: &str, servers: &[&Switched]) -> HealthChecks {
    let targets: Vec<_> = servers
        .iter()
        .map(|server| at("imap", server.address, ""))
        .collect();
    section(&format!("{PACE}{rest}, targets: [{}]", targets.join(", ")))
}

fn begin(checks: &HealthChecks, before: &Upstreams) -> Upstreams {
    Upstreams::start(checks, before, &ServerMetrics::default())
}

fn lives(upstreams: &Upstreams) -> Vec<Life> {
    let statuses = upstreams.statuses();
    statuses.iter().map(|status| status.life).collect()
}

async fn until(what: &str, ready: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !ready() {
        assert!(Instant::now() < end, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn chosen(upstreams: &Upstreams) -> Option<u16> {
    match upstreams.choose("IMAP", "alice") {
        Choice::Server { address, .. } => Some(address.port()),
        Choice::NoneAlive => None,
        Choice::Unchecked => panic!("nobody checks IMAP"),
    }
}

#[tokio::test]
async fn a_server_is_used_until_it_is_found_dead_and_again_when_it_is_back() {
    let (one, two) = (Switched::start().await, Switched::start().await);
    let upstreams = begin(
        &checks(", selection: priority", &[&one, &two]),
        &Upstreams::default(),
    );
    // Nothing was checked yet.
    assert_eq!(lives(&upstreams), [Life::Unknown; 2]);
    assert_eq!(chosen(&upstreams), Some(one.address.port()));
    until("both live", || lives(&upstreams) == [Life::Alive; 2]).await;
    one.refuse();
    until("the first is dead", || {
        chosen(&upstreams) == Some(two.address.port())
    })
    .await;
    let status = upstreams.statuses().remove(0);
    let (_, why) = status.last_failure.unwrap();
    assert!(why.contains("closed today"), "{why}");
    two.hang();
    until("both are dead", || chosen(&upstreams).is_none()).await;
    assert_eq!(lives(&upstreams), [Life::Dead; 2]);
    one.greet();
    until("the first is back", || {
        chosen(&upstreams) == Some(one.address.port())
    })
    .await;
    assert_eq!(upstreams.choose("pop3", "alice"), Choice::Unchecked);
}

#[tokio::test]
async fn one_that_hangs_delays_nobody() {
    let (stuck, good) = (Switched::start().await, Switched::start().await);
    stuck.hang();
    let mut checks = checks("", &[&stuck, &good]);
    checks.targets[0].connect_timeout = Duration::from_secs(600);
    let upstreams = begin(&checks, &Upstreams::default());
    until("many checks of the good one", || good.visits() >= 5).await;
    assert_eq!(stuck.visits(), 1);
    // Not found dead yet: that takes its time.
    assert_eq!(lives(&upstreams), [Life::Unknown, Life::Alive]);
}

#[tokio::test]
async fn so_many_checks_in_a_row_must_fail_and_so_many_pass() {
    let server = Switched::start().await;
    let keys = ", failure_threshold: 4, recovery_threshold: 3";
    let upstreams = begin(&checks(keys, &[&server]), &Upstreams::default());
    until("it lives", || lives(&upstreams) == [Life::Alive]).await;
    let before = server.visits();
    server.refuse();
    until("it is dead", || lives(&upstreams) == [Life::Dead]).await;
    // A check may have begun before the change.
    assert!(
        server.visits() - before >= 4,
        "{} checks",
        server.visits() - before
    );
    let before = server.visits();
    server.greet();
    until("it lives again", || lives(&upstreams) == [Life::Alive]).await;
    assert!(
        server.visits() - before >= 3,
        "{} checks",
        server.visits() - before
    );
}

#[tokio::test]
async fn a_reload_goes_on_with_those_that_are_named_unchanged_and_forgets_the_others() {
    let servers = [
        Switched::start().await,
        Switched::start().await,
        Switched::start().await,
    ];
    let [kept, changed, gone] = &servers;
    for server in &servers {
        server.refuse();
    }
    let first = begin(&checks("", &[kept, changed, gone]), &Upstreams::default());
    until("all are dead", || lives(&first) == [Life::Dead; 3]).await;
    let since = first.statuses()[0].since;
    let mut next = checks("", &[kept, changed]);
    next.targets[1].failure_threshold = 100;
    let second = begin(&next, &first);
    assert_eq!(second.statuses()[0].life, Life::Dead);
    assert_eq!(second.statuses()[0].since, since);
    // With other thresholds it is another one, and nothing is known of it.
    assert_eq!(second.statuses()[1].life, Life::Unknown);
    drop(first);
    let (kept_before, gone_before) = (kept.visits(), gone.visits());
    until("many checks of the kept one", || {
        kept.visits() >= kept_before + 10
    })
    .await;
    // One may have been under way.
    assert!(gone.visits() <= gone_before + 1, "it is still checked");
    drop(second);
    let before = kept.visits();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(kept.visits() <= before + 1, "it is still checked");
}

#[tokio::test]
async fn logins_and_greetings_fail_and_recover_apart() {
    let password = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let known = Arc::clone(&password);
    let address = crate::fake::talks("* OK hi\r\n", move |line| match line {
        "c CAPABILITY" => "c OK\r\n".to_owned(),
        line if line.starts_with("l LOGIN") => {
            match known.load(std::sync::atomic::Ordering::SeqCst) {
                true => "l OK in\r\n".to_owned(),
                false => "l NO wrong\r\n".to_owned(),
            }
        }
        _ => String::new(),
    })
    .await;
    let login = ", deep_check: true, test_username: a, test_password: b, connect_interval: 100ms, \
                 deep_interval: 700ms";
    let config = section(&format!("targets: [{}]", at("imap", address, login)));
    let upstreams = begin(&config, &Upstreams::default());
    until("it lives", || lives(&upstreams) == [Life::Alive]).await;
    password.store(false, std::sync::atomic::Ordering::SeqCst);
    until("it is dead", || lives(&upstreams) == [Life::Dead]).await;
    // Greetings go on, and do not bring it back.
    for _ in 0..40 {
        assert_eq!(lives(&upstreams), [Life::Dead]);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    password.store(true, std::sync::atomic::Ordering::SeqCst);
    until("it lives again", || lives(&upstreams) == [Life::Alive]).await;
}
