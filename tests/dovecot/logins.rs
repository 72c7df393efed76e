//! Dovecot asks the real Bulkhead, through our glue and through a script as Nauthilus' users have it.

use std::{thread, time::Duration};

use bulkhead_harness::{Bulkhead, Dovecot, Login, dovecot::MASTER_PASSWORD, dovecot::MASTER_USER};

use crate::{
    clients::{self, Credentials, DEFAULT, SHORT},
    policy,
};

/// Longest time that any answer may take: far below the 60 s of a hang.
const BOUND: Duration = Duration::from_secs(5);

pub(crate) const ENDPOINT: &str = "/api/v1/auth/json";

/// Name, password, and how that login ends.
const LOGINS: &[(&str, &str, Login)] = &[
    ("alice", "alice-password", Login::Accepted),
    ("bob", "bob-password", Login::Accepted),
    ("alice", "bob-password", Login::Rejected),
    ("alice", "alice-passwor", Login::Rejected),
    ("alice", "pass word=with signs\u{e9}\"\\", Login::Rejected),
    ("mallory", "mallory-password", Login::Rejected),
    ("dora", "dora-password", Login::Disabled),
    ("broken", "broken-password", Login::TemporaryFailure),
    // After the error, everything is as before.
    ("alice", "alice-password", Login::Accepted),
];

/// The same for a script that never ends.
const ENDLESS: &[(&str, &str, Login)] = &[
    ("loops", "loops-password", Login::TemporaryFailure),
    ("alice", "alice-password", Login::Accepted),
];

pub(crate) fn check_logins(bulkhead: &Bulkhead, dovecot: &Dovecot) {
    expect_all(bulkhead, dovecot, LOGINS);
    let login = dovecot.auth_login("alice", "alice-password");
    assert_eq!(login.login, Login::Accepted, "{login:?}");
}

fn expect_all(bulkhead: &Bulkhead, dovecot: &Dovecot, logins: &[(&str, &str, Login)]) {
    for (user, password, expected) in logins {
        let answer = dovecot.auth_test(user, password);
        let logs = || format!("{}\n{}", dovecot.log(), bulkhead.log());
        assert_eq!(
            answer.login,
            *expected,
            "{user} {password}: {answer:?}\n{}",
            logs()
        );
        assert!(
            answer.took < BOUND,
            "{user} {password}: {answer:?}\n{}",
            logs()
        );
    }
}

pub(crate) fn check_users(dovecot: &Dovecot) {
    let user = dovecot.user("alice");
    assert_eq!(user.code, Some(0), "{user:?}\n{}", dovecot.log());
    let user = dovecot.user("mallory");
    assert_eq!(
        user.code,
        Some(67),
        "an unknown user is EX_NOUSER: {user:?}"
    );
    let user = dovecot.user("broken");
    assert_eq!(user.code, Some(75), "an error is EX_TEMPFAIL: {user:?}");
    let names = dovecot.user_list();
    assert_eq!(names.unwrap(), ["alice", "bob", "dora"]);
}

pub(crate) fn check_imap(dovecot: &Dovecot) {
    let mut session = dovecot.imap();
    let answer = session.login("alice", "alice-password").unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", dovecot.log());
    let answer = session.command("SELECT INBOX").unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", dovecot.log());

    let (answer, took) = dovecot.imap_login("alice", "wrong");
    assert!(answer.0.contains("[AUTHENTICATIONFAILED]"), "{answer:?}");
    assert!(took < BOUND, "{took:?}");
    let (answer, took) = dovecot.imap_login("broken", "broken-password");
    assert!(answer.0.contains("[UNAVAILABLE]"), "{answer:?}");
    assert!(took < BOUND, "{took:?}");
}

pub(crate) fn check_master(dovecot: &Dovecot) {
    let master = |user: &str| format!("{user}*{MASTER_USER}");
    let (answer, _) = dovecot.imap_login(&master("bob"), MASTER_PASSWORD);
    assert!(answer.is_ok(), "{answer:?}\n{}", dovecot.log());
    let (answer, _) = dovecot.imap_login(&master("bob"), "bob-password");
    assert!(
        !answer.is_ok(),
        "the user's own password is no master password"
    );
    let (answer, _) = dovecot.imap_login(&master("mallory"), MASTER_PASSWORD);
    assert!(!answer.is_ok(), "a master may not become an unknown user");
}

/// Many logins in a row over connections that are kept open, good and bad mixed.
pub(crate) fn check_reuse(dovecot: &Dovecot) {
    for turn in 0..40 {
        let good = turn % 3 != 0;
        let password = if good { "alice-password" } else { "wrong" };
        let answer = dovecot.auth_test("alice", password);
        let expected = if good {
            Login::Accepted
        } else {
            Login::Rejected
        };
        assert_eq!(
            answer.login,
            expected,
            "login {turn}: {answer:?}\n{}",
            dovecot.log()
        );
        assert!(answer.took < BOUND, "login {turn}: {answer:?}");
    }
}

/// A body that is too large is refused without being read.
fn check_oversized(dovecot: &Dovecot) {
    let password = "x".repeat(6000);
    for _ in 0..2 {
        let answer = dovecot.auth_test("alice", &password);
        assert_eq!(
            answer.login,
            Login::TemporaryFailure,
            "{answer:?}\n{}",
            dovecot.log()
        );
        assert!(answer.took < BOUND, "{answer:?}");
        let answer = dovecot.auth_test("alice", "alice-password");
        assert_eq!(
            answer.login,
            Login::Accepted,
            "{answer:?}\n{}",
            dovecot.log()
        );
        assert!(answer.took < BOUND, "{answer:?}");
    }
}

/// Credentials of the API that are wrong are refused without the body being read.
fn check_wrong_credentials(dovecot: &Dovecot) {
    for _ in 0..3 {
        let answer = dovecot.auth_test("alice", "alice-password");
        assert_eq!(
            answer.login,
            Login::TemporaryFailure,
            "{answer:?}\n{}",
            dovecot.log()
        );
        assert!(answer.took < BOUND, "{answer:?}");
    }
}

#[test]
fn our_glue_logs_users_in_and_finds_them() {
    let bulkhead = policy::users();
    let dovecot = clients::glue(&bulkhead.url(ENDPOINT), Credentials::Right, DEFAULT);
    check_logins(&bulkhead, &dovecot);
    expect_all(&bulkhead, &dovecot, ENDLESS);
    check_users(&dovecot);
    check_imap(&dovecot);
    check_master(&dovecot);
}

#[test]
fn our_glue_passes_attributes_on_as_fields() {
    let bulkhead = policy::users();
    let dovecot = clients::glue(&bulkhead.url(ENDPOINT), Credentials::Right, DEFAULT);
    let user = dovecot.user("alice");
    assert!(user.stdout.contains("/home/alice"), "{user:?}");
    assert!(user.stdout.contains("*:storage=1G"), "{user:?}");

    let dovecot = clients::prefetching_glue(&bulkhead.url(ENDPOINT));
    let answer = dovecot.auth_login("alice", "alice-password");
    assert!(answer.text.contains("home=/home/alice"), "{answer:?}");
    assert!(
        answer.text.contains("quota_rule=*:storage=1G"),
        "{answer:?}"
    );
}

#[test]
fn our_glue_looks_users_up_without_a_password() {
    let bulkhead = policy::users();
    let dovecot = clients::glue(&bulkhead.url(ENDPOINT), Credentials::Right, DEFAULT);
    let known = dovecot.auth_lookup("alice");
    assert_eq!(known.code, Some(0), "{known:?}\n{}", dovecot.log());
    let unknown = dovecot.auth_lookup("mallory");
    assert_ne!(unknown.code, Some(0), "{unknown:?}");
}

#[test]
fn our_glue_never_hangs_on_requests_that_are_refused_early() {
    let bulkhead = policy::users();
    let dovecot = clients::glue(&bulkhead.url(ENDPOINT), Credentials::Right, DEFAULT);
    check_oversized(&dovecot);
    check_reuse(&dovecot);
    let dovecot = clients::glue(&bulkhead.url(ENDPOINT), Credentials::Wrong, DEFAULT);
    check_wrong_credentials(&dovecot);
}

#[test]
fn a_published_script_logs_users_in_and_finds_them() {
    let bulkhead = policy::users();
    let dovecot = clients::published(&bulkhead.url(ENDPOINT), Credentials::Right);
    check_logins(&bulkhead, &dovecot);
    expect_all(&bulkhead, &dovecot, ENDLESS);
    check_users(&dovecot);
    check_imap(&dovecot);
    check_master(&dovecot);
}

/// The script's own timeouts have no effect in Dovecot 2.3: only the server's manners keep it from
/// hanging for a minute.
#[test]
fn a_published_script_never_hangs_on_requests_that_are_refused_early() {
    let bulkhead = policy::users();
    let dovecot = clients::published(&bulkhead.url(ENDPOINT), Credentials::Right);
    check_oversized(&dovecot);
    check_reuse(&dovecot);
    let dovecot = clients::published(&bulkhead.url(ENDPOINT), Credentials::Wrong);
    check_wrong_credentials(&dovecot);
}

#[test]
fn an_outage_of_bulkhead_is_a_temporary_failure_until_it_is_back() {
    let mut bulkhead = policy::users();
    let url = bulkhead.url(ENDPOINT);
    let scripts = [
        clients::glue(&url, Credentials::Right, SHORT),
        clients::published(&url, Credentials::Right),
    ];
    for dovecot in &scripts {
        let answer = dovecot.auth_test("alice", "alice-password");
        assert_eq!(
            answer.login,
            Login::Accepted,
            "{answer:?}\n{}",
            dovecot.log()
        );
        bulkhead.kill();
        let answer = dovecot.auth_test("alice", "alice-password");
        assert_eq!(
            answer.login,
            Login::TemporaryFailure,
            "{answer:?}\n{}",
            dovecot.log()
        );
        assert!(answer.took < BOUND, "{answer:?}");
        bulkhead.restart();
        let answer = dovecot.auth_test("alice", "alice-password");
        assert_eq!(
            answer.login,
            Login::Accepted,
            "{answer:?}\n{}",
            dovecot.log()
        );
    }
}

/// Good, wrong and endless logins at the same moment, each over a worker of its own.
#[test]
fn logins_at_the_same_moment_do_not_disturb_each_other() {
    let bulkhead = policy::users();
    let dovecot = clients::glue(&bulkhead.url(ENDPOINT), Credentials::Right, DEFAULT);
    // Warms the workers up, so that the times below are those of logins.
    assert_eq!(
        dovecot.auth_test("alice", "alice-password").login,
        Login::Accepted
    );
    let ask = |turn: usize| {
        let (user, password, expected) = match turn % 4 {
            0 => ("alice", "alice-password", Login::Accepted),
            1 => ("bob", "wrong", Login::Rejected),
            2 => ("bob", "bob-password", Login::Accepted),
            _ => ("loops", "x", Login::TemporaryFailure),
        };
        (user, expected, dovecot.auth_test(user, password))
    };
    let answers: Vec<_> = thread::scope(|scope| {
        let asked: Vec<_> = (0..16)
            .map(|turn| {
                let ask = &ask;
                scope.spawn(move || ask(turn))
            })
            .collect();
        asked
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for (user, expected, answer) in answers {
        assert_eq!(
            answer.login,
            expected,
            "{user}: {answer:?}\n{}",
            bulkhead.log()
        );
        assert!(answer.took < BOUND * 2, "{user}: {answer:?}");
    }
}
