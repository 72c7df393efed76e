//! nginx' mail proxy before two Dovecots: logins go where somebody lives.

use std::{net::SocketAddr, time::Duration};

use bulkhead_harness::{Bulkhead, Dovecot, DovecotSetup, Nginx, NginxSetup, imap, pop3, port};

use crate::{
    policy::{self, PACE, await_state},
    targets::at,
};

/// How long any step of a session may take.
const STEP: Duration = Duration::from_secs(20);

const USERS: &str = r#"
function auth_password_verify(request, password)
  if password ~= request.user .. "-password" then
    return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, ""
  end
  dovecot.i_info("came in: " .. request.user)
  return dovecot.auth.PASSDB_RESULT_OK, ""
end
function auth_userdb_lookup(request)
  return dovecot.auth.USERDB_RESULT_OK, "home=/nonexistent mail=maildir:{mail}"
end
"#;

const MAIL: &str = r#"
mail {
  server_name mail.example.org;
  auth_http http://{bulkhead}/api/v1/auth/nginx;
  proxy_pass_error_message on;
  server { listen {imap}; protocol imap; imap_auth plain login; }
  server { listen {pop3}; protocol pop3; pop3_auth plain; }
}
"#;

struct Platform {
    // The first to go is the one that clients see.
    nginx: Nginx,
    bulkhead: Bulkhead,
    dovecots: [Dovecot; 2],
    imap: SocketAddr,
    pop3: SocketAddr,
}

fn dovecot() -> Dovecot {
    let setup = DovecotSetup::new().pop3_and_submission();
    let script = USERS.replace("{mail}", &setup.file_path("mail/all"));
    setup.file("users.lua", script).start("users.lua")
}

impl Platform {
    fn start() -> Self {
        let dovecots = [dovecot(), dovecot()];
        let login = ", deep_check: true, test_username: monitor, \
                     test_password: {file: monitor.secret}";
        let targets: Vec<_> = dovecots
            .iter()
            .flat_map(|dovecot| {
                [
                    at("imap", dovecot.imap_address(), login),
                    at("pop3", dovecot.pop3_address(), login),
                ]
            })
            .collect();
        let bulkhead = policy::start(&format!("{PACE}, targets: [{}]", targets.join(", ")), "");
        let [imap, pop3] = [port::free(), port::free()];
        let mail = MAIL
            .replace("{bulkhead}", &bulkhead.address().to_string())
            .replace("{imap}", &imap.to_string())
            .replace("{pop3}", &pop3.to_string());
        let nginx = NginxSetup::new().mail(&mail, &[imap, pop3]).start();
        let platform = Self {
            nginx,
            bulkhead,
            dovecots,
            imap,
            pop3,
        };
        platform.await_alive(2);
        platform
    }

    fn await_alive(&self, count: u64) {
        for protocol in ["imap", "pop3"] {
            await_state(&self.bulkhead, protocol, "alive", count);
        }
    }

    /// Logs in over both protocols; whether each let the user in.
    fn log_in(&self, user: &str, password: &str) -> [bool; 2] {
        let mut session = imap::Session::open(self.imap, STEP).unwrap();
        let imap = session.login(user, password).unwrap();
        let mut session = pop3::Session::open(self.pop3, STEP).unwrap();
        let pop3 = session.login(user, password).unwrap();
        [imap.is_ok(), pop3::is_ok(&pop3)]
    }

    /// Logs in so many times over both protocols; each must let the user in.
    fn let_in(&self, user: &str, times: usize) {
        for _ in 0..times {
            let came = self.log_in(user, &format!("{user}-password"));
            assert_eq!(came, [true, true], "{}", self.logs());
        }
    }

    /// How many logins of the user each Dovecot has seen.
    fn seen(&self, user: &str) -> [usize; 2] {
        let line = format!("came in: {user}");
        let count = |dovecot: &Dovecot| {
            let log = dovecot.log();
            log.lines().filter(|text| text.ends_with(&line)).count()
        };
        [count(&self.dovecots[0]), count(&self.dovecots[1])]
    }

    fn logs(&self) -> String {
        format!("{}\n{}", self.nginx.log(), self.bulkhead.log())
    }
}

const OUT: [bool; 2] = [false, false];

#[test]
fn logins_through_nginx_fall_over_to_the_server_that_lives_and_come_back() {
    let mut platform = Platform::start();
    platform.let_in("both", 4);
    assert_eq!(platform.seen("both"), [4, 4], "{}", platform.logs());
    assert_eq!(platform.log_in("both", "wrong"), OUT);

    platform.dovecots[0].stop();
    platform.await_alive(1);
    platform.let_in("second", 3);
    assert_eq!(platform.seen("second"), [0, 6]);

    platform.dovecots[1].stop();
    platform.await_alive(0);
    assert_eq!(platform.log_in("nobody", "nobody-password"), OUT);

    platform.dovecots[0].restart();
    platform.await_alive(1);
    platform.let_in("first", 3);
    assert_eq!(platform.seen("first"), [6, 0]);
}

#[test]
fn a_server_that_takes_connections_and_sleeps_gets_no_logins() {
    let platform = Platform::start();
    platform.dovecots[0].freeze(true);
    platform.await_alive(1);
    platform.let_in("second", 3);
    assert_eq!(platform.seen("second"), [0, 6]);
    platform.dovecots[0].freeze(false);
    platform.await_alive(2);
    platform.let_in("both", 2);
    assert_eq!(platform.seen("both"), [2, 2]);
}
