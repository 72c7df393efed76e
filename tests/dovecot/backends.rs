//! The same logins wherever users live: in a directory, in PostgreSQL, MariaDB or SQLite.

use std::time::Duration;

use bulkhead_harness::{
    Bulkhead, Dovecot, Login, Redis, dovecot::LoginAnswer, http::Request, wait,
};
use serde_json::json;

use crate::{
    clients::{self, API_PASSWORD, API_USER, Credentials, DEFAULT},
    homes::{self, Home},
    logins::{self, ENDPOINT},
    policy,
};

/// How long something may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// More failures than any of these tests makes.
const NEVER: u32 = 1000;

struct Platform {
    dovecot: Dovecot,
    bulkhead: Bulkhead,
    home: Home,
    _redis: Redis,
}

impl Platform {
    fn start(home: Home, limit: u32) -> Self {
        let redis = Redis::start();
        let policy = home.policy(&policy::head(), &redis, limit);
        let policy = policy.file("api.secret", API_PASSWORD);
        let bulkhead = Bulkhead::start(env!("CARGO_BIN_EXE_bulkhead"), policy);
        let dovecot = clients::glue(&bulkhead.url(ENDPOINT), Credentials::Right, DEFAULT);
        Self {
            dovecot,
            bulkhead,
            home,
            _redis: redis,
        }
    }

    fn log_in(&self, address: &str, user: &str, password: &str) -> LoginAnswer {
        self.dovecot.auth_test_from(address, user, password)
    }

    fn expect(&self, address: &str, user: &str, password: &str, expected: Login) {
        let answer = self.log_in(address, user, password);
        let kind = self.home.kind();
        assert_eq!(
            answer.login,
            expected,
            "{kind}: {user} {password} from {address}: {answer:?}\n{}",
            self.logs()
        );
    }

    fn logs(&self) -> String {
        format!("{}\n{}", self.dovecot.log(), self.bulkhead.log())
    }
}

fn everywhere(limit: u32, check: impl Fn(&mut Platform)) {
    for home in homes::all() {
        check(&mut Platform::start(home(), limit));
    }
}

#[test]
fn users_log_in_are_found_and_listed() {
    everywhere(NEVER, |platform| {
        logins::check_logins(&platform.bulkhead, &platform.dovecot);
        logins::check_users(&platform.dovecot);
        logins::check_imap(&platform.dovecot);
        logins::check_master(&platform.dovecot);
        logins::check_reuse(&platform.dovecot);
    });
}

#[test]
fn what_is_known_of_a_user_becomes_fields() {
    everywhere(NEVER, |platform| {
        let user = platform.dovecot.user("alice");
        let expected = match platform.home {
            Home::Directory(_) => ["head of mail", ""],
            Home::Database(_) => ["/home/alice", "*:storage=1G"],
        };
        for value in expected {
            assert!(user.stdout.contains(value), "{user:?}\n{}", platform.logs());
        }
    });
}

#[test]
fn a_new_password_works_at_once() {
    everywhere(NEVER, |platform| {
        let at = "192.0.2.7";
        platform.expect(at, "alice", "alice-password", Login::Accepted);
        platform.expect(at, "alice", "alice-password", Login::Accepted);
        platform.home.set_password("alice", "new-password");
        platform.expect(at, "alice", "new-password", Login::Accepted);
        // What contradicts the old one is remembered: from now on it is asked about.
        let gone = wait::until(PATIENCE, || {
            platform.log_in(at, "alice", "alice-password").login == Login::Rejected
        });
        assert!(gone, "{}", platform.logs());
        platform.expect(at, "alice", "new-password", Login::Accepted);
    });
}

#[test]
fn an_outage_turns_nobody_away_for_good() {
    everywhere(3, |platform| {
        if !platform.home.can_stop() {
            return;
        }
        let at = "192.0.2.8";
        platform.expect(at, "alice", "alice-password", Login::Accepted);
        platform.home.stop();
        // More often than failures are allowed: none of them counts.
        for password in ["bob-password", "wrong", "wrong", "wrong", "wrong"] {
            platform.expect(at, "bob", password, Login::TemporaryFailure);
        }
        platform.expect(at, "mallory", "mallory-password", Login::TemporaryFailure);
        platform.home.restart();
        let back = wait::until(PATIENCE, || {
            platform.log_in(at, "bob", "bob-password").login == Login::Accepted
        });
        assert!(back, "{}", platform.logs());
        platform.expect(at, "bob", "wrong", Login::Rejected);
        platform.expect(at, "mallory", "mallory-password", Login::Rejected);
    });
}

#[test]
fn who_guesses_is_locked_out_until_the_user_is_flushed() {
    everywhere(3, |platform| {
        let at = "192.0.2.9";
        platform.expect(at, "alice", "alice-password", Login::Accepted);
        for guess in ["one", "two", "three"] {
            platform.expect(at, "alice", guess, Login::Rejected);
        }
        platform.expect(at, "alice", "alice-password", Login::Rejected);
        platform.expect("192.0.2.10", "alice", "alice-password", Login::Accepted);
        let flush = Request {
            method: "DELETE".to_owned(),
            ..Request::post_json("/api/v1/cache/flush", &json!({"user": "alice"}))
        };
        let flushed = platform
            .bulkhead
            .send(&flush.basic_auth(API_USER, API_PASSWORD));
        assert_eq!(flushed.status, 200, "{}", flushed.text());
        platform.expect(at, "alice", "alice-password", Login::Accepted);
    });
}
