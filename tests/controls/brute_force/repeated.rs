//! A mail client that goes on sending an old password, and one that guesses.

use super::policy::{HOSTS, is_banned, log_in, server};

#[test]
fn an_old_password_may_be_repeated_without_end() {
    let server = server(HOSTS);
    for _ in 0..50 {
        assert_eq!(log_in(&server, "alice", "old", "192.0.2.1").status, 403);
    }
    assert!(!is_banned(&server, "192.0.2.1"));
    let log = server.log();
    assert!(log.contains("bf_rwp=true"), "{log}");
    assert!(log.contains("current_password_retries=50"), "{log}");
    assert!(log.contains("account_passwords_seen=1"), "{log}");
}

#[test]
fn the_first_password_too_many_counts_for_those_before_it() {
    let server = server(HOSTS);
    for password in ["one", "two", "three", "one", "two", "three"] {
        log_in(&server, "alice", password, "192.0.2.1");
    }
    // Four at once: one short of a ban.
    log_in(&server, "alice", "four", "192.0.2.1");
    assert!(!is_banned(&server, "192.0.2.1"));
    log_in(&server, "alice", "five", "192.0.2.1");
    assert!(is_banned(&server, "192.0.2.1"));
    let log = server.log();
    assert!(log.contains("total_passwords_seen=5"), "{log}");
}

#[test]
fn where_nothing_may_be_repeated_each_attempt_counts() {
    let server = server(&format!("{HOSTS}  rwp_allowed_unique_hashes: 0\n"));
    for _ in 0..5 {
        log_in(&server, "alice", "old", "192.0.2.1");
    }
    assert!(is_banned(&server, "192.0.2.1"));
}

#[test]
fn users_who_are_not_there_cannot_repeat() {
    let server = server(HOSTS);
    for _ in 0..5 {
        log_in(&server, "nobody", "old", "192.0.2.1");
    }
    assert!(is_banned(&server, "192.0.2.1"));
}
