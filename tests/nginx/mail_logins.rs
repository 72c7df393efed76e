//! What IMAP, POP3 and SMTP clients see for each outcome, and that accepted sessions reach Dovecot.

use std::time::{Duration, Instant};

use bulkhead_harness::{Redis, Template, pop3};

use crate::{
    homes,
    mail::{Front, Setup},
    tls::NAME,
};

const WRONG: &str = "Invalid login or password";
const TEMPORARY: &str = "Temporary server problem, try again later";

/// Logs in over each protocol, and returns what the server said: the last line.
fn answers(front: &Front, user: &str, password: &str) -> [String; 3] {
    let mut imap = front.imap();
    let mut pop3 = front.pop3();
    let mut smtp = front.smtp();
    [
        imap.login(user, password).unwrap().0,
        pop3.login(user, password).unwrap(),
        smtp.auth_plain(user.as_bytes(), password.as_bytes())
            .unwrap()
            .text(),
    ]
}

fn refused(text: &str) -> [String; 3] {
    [
        format!("a NO {text}"),
        format!("-ERR {text}"),
        format!("535 5.7.0 {text}"),
    ]
}

/// Nobody is told that the password is wrong.
fn put_off(text: &str) -> [String; 3] {
    [
        format!("a NO {text}"),
        format!("-ERR {text}"),
        format!("451 4.3.0 {text}"),
    ]
}

fn expect_in(front: &Front, user: &str, password: &str) {
    let [imap, pop3, smtp] = answers(front, user, password);
    assert!(imap.starts_with("a OK"), "{imap}\n{}", front.logs());
    assert!(pop3::is_ok(&pop3), "{pop3}\n{}", front.logs());
    assert!(smtp.starts_with("235 "), "{smtp}\n{}", front.logs());
}

#[test]
fn clients_see_each_outcome_for_what_it_is_wherever_users_live() {
    let redis = Redis::start();
    for home in homes::all() {
        let mut home = home();
        let front = Setup {
            home: Some((&home, &redis)),
            ..Setup::default()
        }
        .start();
        let kind = home.kind();
        let expect = |user: &str, password: &str, expected: [String; 3]| {
            let seen = answers(&front, user, password);
            assert_eq!(seen, expected, "{kind}, {user}\n{}", front.logs());
        };
        expect_in(&front, "alice", "alice-password");
        for (user, password) in [("alice", "wrong"), ("nobody", "nobody-password")] {
            expect(user, password, refused(WRONG));
        }
        expect("dora", "dora-password", refused("Account not enabled"));
        expect("broken", "broken-password", put_off(TEMPORARY));
        if home.can_stop() {
            home.stop();
            expect("bob", "bob-password", put_off(TEMPORARY));
        }
    }
}

#[test]
fn clients_see_each_outcome_for_what_it_is() {
    let mut front = Setup::default().start();
    for (user, password) in [
        ("alice", "wrong"),
        ("alice", "alice-passwor"),
        ("nobody", "nobody-password"),
        ("al ice", "alice-password"),
    ] {
        let answers = answers(&front, user, password);
        assert_eq!(answers, refused(WRONG), "{user}\n{}", front.logs());
    }
    // A plugin that fails.
    assert_eq!(
        answers(&front, "broken", "broken-password"),
        put_off(TEMPORARY),
        "{}",
        front.logs()
    );
    // A Bulkhead that is down: nginx has its own words for it.
    front.policed.bulkhead.kill();
    assert_eq!(
        answers(&front, "alice", "alice-password"),
        [
            "* BAD internal server error",
            "-ERR internal server error",
            "451 4.3.2 Internal server error",
        ],
        "{}",
        front.logs()
    );
    front.policed.bulkhead.restart();
    expect_in(&front, "alice", "alice-password");
}

/// nginx speaks for the client to Dovecot, which asks Bulkhead once more.
#[test]
fn accepted_sessions_reach_dovecot_by_every_mechanism() {
    let front = Setup::default().start();
    let user = "bob@example.org";
    let password = "bob@example.org-password";

    let mut session = front.imap();
    let answer = session.login(user, password).unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", front.logs());
    let answer = session.command("SELECT INBOX").unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", front.logs());
    let answer = front
        .imap()
        .authenticate_plain(user.as_bytes(), password.as_bytes());
    assert!(answer.unwrap().is_ok(), "{}", front.logs());
    let mut words = [user, password].into_iter();
    let answer = front.imap().authenticate_with("LOGIN", &mut |_| {
        words.next().unwrap_or_default().as_bytes().to_vec()
    });
    assert!(answer.unwrap().is_ok(), "{}", front.logs());

    let mut session = front.pop3();
    let answer = session.login(user, password).unwrap();
    assert!(pop3::is_ok(&answer), "{answer}\n{}", front.logs());
    let answer = session.command("STAT").unwrap();
    assert_eq!(answer, "+OK 0 0", "{}", front.logs());
    let answer = front
        .pop3()
        .auth_plain(user.as_bytes(), password.as_bytes())
        .unwrap();
    assert!(pop3::is_ok(&answer), "{answer}\n{}", front.logs());

    let mut session = front.smtp();
    let mut words = [user, password].into_iter();
    let answer = session.auth_with("LOGIN", &mut |_| {
        words.next().unwrap_or_default().as_bytes().to_vec()
    });
    assert_eq!(answer.unwrap().code, 235, "{}", front.logs());
    // Dovecot's own words now, no longer nginx'.
    let answer = session.hello().unwrap();
    assert!(
        answer.lines.iter().any(|line| line == "CHUNKING"),
        "{answer:?}"
    );

    let asked = front.policed.heard("nginx");
    let facts: Vec<_> = asked
        .iter()
        .map(|heard| [heard.text("protocol"), heard.text("method")])
        .collect();
    let expected = ["imap", "imap", "imap", "pop3", "pop3", "smtp"];
    assert_eq!(facts, expected.map(|protocol| [protocol, "plain"]));
    assert!(
        asked
            .iter()
            .all(|heard| heard.text("client_ip") == "127.0.0.1")
    );
    assert_eq!(asked.len(), front.policed.heard("json").len());
}

#[test]
fn the_policy_sees_the_address_of_the_client() {
    let front = Setup::default().start();
    let at = front.imap_address();
    let url = format!("imaps://{NAME}:{}/INBOX", at.port());
    let arguments = [
        "--interface",
        "127.0.0.2",
        "--user",
        "alice:alice-password",
        &url,
    ];
    let output = front.authority.curl(NAME, at, &arguments);
    assert_eq!(output.code, Some(0), "{output:?}\n{}", front.logs());
    assert_eq!(front.policed.last("nginx").text("client_ip"), "127.0.0.2");
}

/// nginx counts from 1, so that Bulkhead's `Auth-Wait` is 0 for the first failure, and nginx closes the
/// connection after it: who guesses has to connect anew for each guess.
#[test]
fn a_refused_client_has_to_connect_again() {
    let front = Setup::default().start();
    let mut imap = front.imap();
    imap.login("alice", "wrong").unwrap();
    assert!(imap.is_closed());
    let mut pop3 = front.pop3();
    pop3.login("alice", "wrong").unwrap();
    assert!(pop3.is_closed());
    let mut smtp = front.smtp();
    smtp.auth_plain(b"alice", b"wrong").unwrap();
    assert!(smtp.is_closed());
}

/// A front end that knows of earlier failures says so in `Auth-Login-Attempt`; here nginx claims many.
#[test]
fn nginx_waits_as_long_as_auth_wait_says_and_lets_the_client_try_again() {
    let claim = |template: Template| {
        template.set(
            "    auth_http_timeout 15s;",
            "    auth_http_timeout 15s;\n    auth_http_header X-Attempts 100;",
        )
    };
    let front = Setup {
        // int(2 * tanh(0.03 * 99)) is 1.
        server: "  wait_delay: 2\n  headers: { login_attempt: X-Attempts }\n",
        nginx: claim,
        ..Setup::default()
    }
    .start();
    let mut imap = front.imap();
    let start = Instant::now();
    let answer = imap.login("alice", "wrong").unwrap();
    assert_eq!(answer.0, format!("a NO {WRONG}"));
    assert!(start.elapsed() >= Duration::from_secs(1));
    let answer = imap.login("alice", "alice-password").unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", front.logs());
}

/// `smtp_auth none` asks about senders and recipients without anybody's name: not a login. It must not
/// open a relay.
#[test]
fn mail_without_a_login_is_never_let_through() {
    let front = Setup {
        nginx: |template| template.set("smtp_auth plain login;", "smtp_auth none;"),
        ..Setup::default()
    }
    .start();
    let mut smtp = front.smtp();
    let answer = smtp.command("MAIL FROM:<alice@example.org>").unwrap();
    assert_eq!(answer.code, 250);
    let answer = smtp.command("RCPT TO:<bob@example.org>").unwrap();
    assert_eq!(
        answer.text(),
        "451 4.3.0 No username given",
        "{}",
        front.logs()
    );
    assert!(front.policed.heard("nginx").is_empty());
    assert!(front.policed.heard("json").is_empty());
}
