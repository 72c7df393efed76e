//! APOP and CRAM-MD5: the password does not cross the wire, so that the backend has to supply it.

use bulkhead_harness::{Template, pop3};
use hmac::{Hmac, Mac};
use md5::{Digest, Md5};

use crate::mail::{Front, Setup};

fn offer_challenges(template: Template) -> Template {
    template
        .set("    imap_auth plain login;\n", "")
        .set("    pop3_auth plain;\n", "")
        .set("    smtp_auth plain login;\n", "")
        .uncomment("imap_auth plain login cram-md5;")
        .uncomment("pop3_auth plain apop cram-md5;")
        .uncomment("smtp_auth plain login cram-md5;")
}

fn start(server: &str) -> Front {
    Setup {
        server,
        nginx: offer_challenges,
        ..Setup::default()
    }
    .start()
}

fn cram(user: &str, password: &str, challenge: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Md5>::new_from_slice(password.as_bytes()).unwrap();
    mac.update(challenge);
    format!("{user} {}", hex::encode(mac.finalize().into_bytes())).into_bytes()
}

/// IMAP, POP3 and SMTP with CRAM-MD5, then APOP: what the server said.
fn answers(front: &Front, user: &str, password: &str) -> [String; 4] {
    let mut respond = |challenge: &[u8]| cram(user, password, challenge);
    let imap = front.imap().authenticate_with("CRAM-MD5", &mut respond);
    let pop3 = front.pop3().auth_with("CRAM-MD5", &mut respond);
    let smtp = front.smtp().auth_with("CRAM-MD5", &mut respond);
    let mut session = front.pop3();
    let mut digest = Md5::new();
    digest.update(session.timestamp());
    digest.update(password);
    let digest = hex::encode(digest.finalize());
    let apop = session.command(&format!("APOP {user} {digest}"));
    [
        imap.unwrap().0,
        pop3.unwrap(),
        smtp.unwrap().text(),
        apop.unwrap(),
    ]
}

#[test]
fn who_knows_the_password_comes_in() {
    let front = start("  password_attribute: mail_password\n");
    for user in ["alice", "bob@example.org"] {
        let [imap, pop3, smtp, apop] = answers(&front, user, &format!("{user}-password"));
        assert!(imap.starts_with("a OK"), "{imap}\n{}", front.logs());
        assert!(pop3::is_ok(&pop3), "{pop3}\n{}", front.logs());
        assert!(smtp.starts_with("235"), "{smtp}\n{}", front.logs());
        assert!(pop3::is_ok(&apop), "{apop}\n{}", front.logs());
    }
    let methods = front.policed.heard("nginx");
    let methods: Vec<_> = methods.iter().map(|heard| heard.text("method")).collect();
    let once = ["cram-md5", "cram-md5", "cram-md5", "apop"];
    assert_eq!(methods, [once, once].concat());
    // Plain logins go on as before.
    let answer = front.imap().login("alice", "alice-password").unwrap();
    assert!(answer.is_ok(), "{answer:?}\n{}", front.logs());
}

#[test]
fn who_does_not_know_it_is_refused() {
    let front = start("  password_attribute: mail_password\n");
    for user in ["alice", "nobody"] {
        assert_eq!(
            answers(&front, user, "wrong"),
            [
                "a NO Invalid login or password",
                "-ERR Invalid login or password",
                "535 5.7.0 Invalid login or password",
                "-ERR Invalid login or password",
            ],
            "{user}\n{}",
            front.logs()
        );
    }
}

/// A hash answers no challenge, and an attribute that nobody named is none: the administrator's mistake,
/// not the user's.
#[test]
fn without_a_password_in_plain_text_the_failure_is_temporary() {
    let text = "Temporary server problem, try again later";
    for (server, user) in [
        ("  password_attribute: mail_password\n", "carol"),
        ("  password_attribute: no_such_attribute\n", "alice"),
        ("", "alice"),
    ] {
        let front = start(server);
        assert_eq!(
            answers(&front, user, &format!("{user}-password")),
            [
                format!("a NO {text}"),
                format!("-ERR {text}"),
                format!("451 4.3.0 {text}"),
                format!("-ERR {text}"),
            ],
            "{server}{user}\n{}",
            front.logs()
        );
    }
}
