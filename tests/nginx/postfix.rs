//! Postfix that asks Dovecot, and Postfix that asks saslauthd, which asks Dovecot; Dovecot asks Bulkhead.

use bulkhead_harness::{Dovecot, DovecotSetup, Postfix, PostfixSetup, Saslauthd, Template, smtp};

use crate::{
    mail,
    policy::{self, Policed},
    tls::{Authority, Client},
};

struct Relay {
    postfix: Postfix,
    dovecot: Dovecot,
    policed: Policed,
    client: Client,
    /// Kept running.
    _saslauthd: Option<Saslauthd>,
}

fn with_certificates(template: Template, setup: PostfixSetup) -> (Template, PostfixSetup, Client) {
    let authority = Authority::new();
    let template = template
        .set(
            "/etc/ssl/certs/mail.example.org.pem",
            setup.file_path("server.pem"),
        )
        .set(
            "/etc/ssl/private/mail.example.org.key",
            setup.file_path("server.key"),
        );
    let setup = setup
        .file("server.pem", &authority.certificate)
        .file("server.key", &authority.key);
    (template, setup, authority.client())
}

/// As `postfix-dovecot.cf` and `postfix-dovecot-auth.conf` have it.
fn asking_dovecot() -> Relay {
    bulkhead_harness::require_server("postfix");
    let policed = policy::start(&policy::credentials());
    let dovecot = DovecotSetup::new();
    let socket = dovecot.file_path("base/postfix-auth");
    let listener = Template::new(include_str!(
        "../../host/frontends/postfix-dovecot-auth.conf"
    ))
    .set("/var/spool/postfix/private/auth", &socket);
    let dovecot = mail::with_glue(dovecot.configuration(&listener.text()), &policed);
    let dovecot = dovecot.start("bulkhead.lua");
    let main = Template::new(include_str!("../../host/frontends/postfix-dovecot.cf"))
        .set("private/auth", &socket);
    let (main, setup, client) = with_certificates(main, PostfixSetup::new());
    Relay {
        postfix: setup.start(&main.text()),
        dovecot,
        policed,
        client,
        _saslauthd: None,
    }
}

/// As `postfix-saslauthd.cf`, `smtpd.conf` and `saslauthd-rimap.default` have it.
fn asking_saslauthd() -> Relay {
    let policed = policy::start(&policy::credentials());
    let dovecot = mail::with_glue(DovecotSetup::new(), &policed).start("bulkhead.lua");
    let defaults = include_str!("../../host/frontends/saslauthd-rimap.default");
    let saslauthd = Saslauthd::start(defaults, dovecot.imap_address());
    let library = Template::new(include_str!("../../host/frontends/smtpd.conf"))
        .set("/var/run/saslauthd/mux", saslauthd.socket().display());
    // Debian's Postfix looks there, whatever cyrus_sasl_config_path says.
    let setup = PostfixSetup::new().file("etc/sasl/smtpd.conf", library.text());
    let main = Template::new(include_str!("../../host/frontends/postfix-saslauthd.cf"));
    let (main, setup, client) = with_certificates(main, setup);
    Relay {
        postfix: setup.start(&main.text()),
        dovecot,
        policed,
        client,
        _saslauthd: Some(saslauthd),
    }
}

impl Relay {
    fn session(&self) -> smtp::Session {
        let mut session = self.postfix.smtp();
        session
            .start_tls(&|tcp| self.client.wrap(tcp))
            .unwrap_or_else(|error| panic!("no TLS: {error}\n{}", self.logs()));
        session
    }

    /// `AUTH PLAIN`, then `AUTH LOGIN` in another session: what Postfix said.
    fn answers(&self, user: &str, password: &str) -> [String; 2] {
        let plain = self
            .session()
            .auth_plain(user.as_bytes(), password.as_bytes());
        let mut words = [user, password].into_iter();
        let login = self.session().auth_with("LOGIN", &mut |_| {
            words.next().unwrap_or_default().as_bytes().to_vec()
        });
        [plain.unwrap().text(), login.unwrap().text()]
    }

    /// Whether Postfix would send mail on to strangers for this session.
    fn relays(&self, session: &mut smtp::Session) -> bool {
        let answer = session.command("MAIL FROM:<alice@example.org>").unwrap();
        assert_eq!(answer.code, 250, "{answer:?}\n{}", self.logs());
        let answer = session.command("RCPT TO:<stranger@example.net>").unwrap();
        assert!(
            matches!(answer.code, 250 | 554),
            "{answer:?}\n{}",
            self.logs()
        );
        answer.code == 250
    }

    fn check_accepted_and_refused(&self) {
        assert!(!self.relays(&mut self.session()));
        for user in ["alice", "bob@example.org"] {
            for answer in self.answers(user, &format!("{user}-password")) {
                assert_eq!(
                    answer,
                    "235 2.7.0 Authentication successful",
                    "{user}\n{}",
                    self.logs()
                );
            }
            assert_eq!(self.policed.last("json").words().0, user.as_bytes());
        }
        let mut session = self.session();
        session.auth_plain(b"alice", b"alice-password").unwrap();
        assert!(self.relays(&mut session), "{}", self.logs());
        for (user, password) in [("alice", "wrong"), ("nobody", "nobody-password")] {
            for answer in self.answers(user, password) {
                assert!(
                    answer.starts_with("535 5.7.8 "),
                    "{answer}\n{}",
                    self.logs()
                );
            }
        }
    }

    fn logs(&self) -> String {
        format!(
            "Postfix:\n{}\nDovecot:\n{}\nBulkhead:\n{}",
            self.postfix.log(),
            self.dovecot.log(),
            self.policed.bulkhead.log()
        )
    }
}

/// Dovecot tells Postfix that a failure is temporary, in words that Postfix 3.7 does not know: it takes the
/// failure for a wrong password. README.md warns of it.
#[test]
fn postfix_asks_dovecot() {
    let mut relay = asking_dovecot();
    relay.check_accepted_and_refused();
    let heard = relay.policed.last("json");
    assert_eq!(heard.text("client_ip"), "127.0.0.1");
    assert_eq!(heard.text("ssl"), "1");
    for answer in relay.answers("broken", "broken-password") {
        assert!(
            answer.starts_with("535 5.7.8 "),
            "{answer}\n{}",
            relay.logs()
        );
    }
    relay.policed.bulkhead.kill();
    for answer in relay.answers("alice", "alice-password") {
        assert!(
            answer.starts_with("535 5.7.8 "),
            "{answer}\n{}",
            relay.logs()
        );
    }
    // Without TLS there is nothing to log in with.
    let answer = relay.postfix.smtp().auth_plain(b"alice", b"alice-password");
    assert_eq!(answer.unwrap().code, 503);
}

/// saslauthd knows only yes and no: an outage behind it looks like a wrong password. README.md warns of it.
#[test]
fn postfix_asks_saslauthd_which_asks_dovecot() {
    let relay = asking_saslauthd();
    relay.check_accepted_and_refused();
    for password in ["100%25 +", "quo\"te\\"] {
        for answer in relay.answers("odd", password) {
            assert!(
                answer.starts_with("235 "),
                "{password}: {answer}\n{}",
                relay.logs()
            );
        }
        assert_eq!(relay.policed.last("json").words().1, password.as_bytes());
    }
    for answer in relay.answers("broken", "broken-password") {
        assert!(
            answer.starts_with("535 5.7.8 "),
            "{answer}\n{}",
            relay.logs()
        );
    }
}
