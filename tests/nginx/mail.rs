//! nginx as mail proxy with `host/frontends/nginx-mail.conf`, Bulkhead that decides, and a Dovecot behind
//! that serves the accepted ones.

use std::{net::SocketAddr, time::Duration};

use bulkhead_harness::{
    Dovecot, DovecotSetup, Nginx, NginxSetup, Redis, Template, imap, pop3, port, smtp,
};

use crate::{
    homes::Home,
    policy::{self, API_PASSWORD, API_USER, Policed},
    tls::{Authority, Client},
};

/// How long any step of a session may take.
const STEP: Duration = Duration::from_secs(20);

/// Who checks what nginx hands on.
#[derive(Clone, Copy, PartialEq)]
pub enum Behind {
    /// Dovecot asks Bulkhead again, through our glue.
    Glue,
    /// Dovecot lets everybody in, and logs name and password in hexadecimal digits.
    TakesAll,
}

/// Everybody may come in; the log says who came.
const TAKES_ALL: &str = r#"
local function hex(text)
  return (text:gsub(".", function(byte) return string.format("%02x", byte:byte()) end))
end
function auth_password_verify(request, password)
  dovecot.i_info("came in: " .. hex(request.user) .. " " .. hex(password))
  return dovecot.auth.PASSDB_RESULT_OK, ""
end
function auth_userdb_lookup(request)
  return dovecot.auth.USERDB_RESULT_OK, "home=/nonexistent mail=maildir:{mail}"
end
"#;

/// What differs from test to test.
pub struct Setup<'a> {
    /// Further keys of Bulkhead's section `server`.
    pub server: &'a str,
    /// Changes to nginx' file.
    pub nginx: fn(Template) -> Template,
    pub behind: Behind,
    /// Where users live, if not in the script of the policy.
    pub home: Option<(&'a Home, &'a Redis)>,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self {
            server: "",
            nginx: |template| template,
            behind: Behind::Glue,
            home: None,
        }
    }
}

/// All of it, running.
pub struct Front {
    // The first to go is the one that clients see.
    nginx: Nginx,
    dovecot: Dovecot,
    pub policed: Policed,
    pub authority: Authority,
    client: Client,
    /// Ports in the order of the file.
    ports: Vec<SocketAddr>,
}

/// The file's servers, in its order: the line that listens.
const LISTENERS: [&str; 6] = [
    "listen 143;",
    "listen 993 ssl;",
    "listen 110;",
    "listen 995 ssl;",
    "listen 587;",
    "listen 465 ssl;",
];

impl Setup<'_> {
    pub fn start(self) -> Front {
        let setup = DovecotSetup::new().pop3_and_submission();
        let keys = policy::credentials() + &policy::upstreams(&setup.addresses()) + self.server;
        let policed = match self.home {
            None => policy::start(&keys),
            Some((home, redis)) => policy::start_for(home, redis, &keys),
        };
        let dovecot = behind(setup, self.behind, &policed);
        let authority = Authority::new();
        let ports: Vec<SocketAddr> = LISTENERS.iter().map(|_| port::free()).collect();
        let nginx = nginx(&policed, &authority, &ports, self.nginx);
        let client = authority.client();
        Front {
            nginx,
            dovecot,
            policed,
            authority,
            client,
            ports,
        }
    }
}

fn behind(setup: DovecotSetup, behind: Behind, policed: &Policed) -> Dovecot {
    match behind {
        Behind::Glue => with_glue(setup, policed).start("bulkhead.lua"),
        Behind::TakesAll => {
            let mail = setup.file_path("mail/all");
            let script = TAKES_ALL.replace("{mail}", &mail);
            // By default Dovecot refuses names with other than ASCII letters itself.
            setup
                .configuration("auth_username_chars =\n")
                .file("all.lua", script)
                .start("all.lua")
        }
    }
}

/// Dovecot's side as `host/dovecot` has it.
pub fn with_glue(setup: DovecotSetup, policed: &Policed) -> DovecotSetup {
    let secret = setup.file_path("api.secret");
    let url = policed.bulkhead.url("/api/v1/auth/json");
    let glue = Template::new(include_str!("../../host/dovecot/bulkhead.lua"))
        .set("http://127.0.0.1:9080/api/v1/auth/json", url)
        .set("/etc/dovecot/bulkhead.secret", secret)
        .text();
    setup
        .file("bulkhead.lua", glue)
        .file("api.secret", format!("{API_USER}:{API_PASSWORD}\n"))
}

fn nginx(
    policed: &Policed,
    authority: &Authority,
    ports: &[SocketAddr],
    change: fn(Template) -> Template,
) -> Nginx {
    let setup = NginxSetup::new()
        .file("server.pem", &authority.certificate)
        .file("server.key", &authority.key)
        .file("ca.pem", &authority.pem);
    let file = include_str!("../../host/frontends/nginx-mail.conf");
    let mut template = change(Template::new(file))
        .set("127.0.0.1:9080", policed.bulkhead.address())
        .set(
            "bmdpbng6VEhFLUFQSS1QQVNTV09SRA==",
            policy::encoded_credentials(),
        )
        .set(
            "/etc/ssl/certs/mail.example.org.pem",
            setup.file_path("server.pem"),
        )
        .set(
            "/etc/ssl/private/mail.example.org.key",
            setup.file_path("server.key"),
        )
        .set("/etc/ssl/certs/client-ca.pem", setup.file_path("ca.pem"));
    for (listen, address) in LISTENERS.iter().zip(ports) {
        let rest = listen.trim_start_matches(|c: char| c.is_alphabetic() || c == ' ');
        let rest = rest.trim_start_matches(char::is_numeric);
        template = template.set(listen, format!("listen {address}{rest}"));
    }
    setup.mail(&template.text(), ports).start()
}

impl Front {
    /// An IMAP session in TLS from its first byte.
    pub fn imap(&self) -> imap::Session {
        self.imap_as(&self.client)
    }

    pub fn imap_as(&self, client: &Client) -> imap::Session {
        let session = imap::Session::open_tls(self.ports[1], STEP, &|tcp| client.wrap(tcp));
        session.unwrap_or_else(|error| panic!("no IMAP greeting: {error}\n{}", self.logs()))
    }

    /// Where IMAP over TLS is served.
    pub fn imap_address(&self) -> SocketAddr {
        self.ports[1]
    }

    /// One that begins without TLS.
    pub fn plain_imap(&self) -> imap::Session {
        imap::Session::open(self.ports[0], STEP).unwrap()
    }

    pub fn pop3(&self) -> pop3::Session {
        let session = pop3::Session::open_tls(self.ports[3], STEP, &|tcp| self.client.wrap(tcp));
        session.unwrap_or_else(|error| panic!("no POP3 greeting: {error}\n{}", self.logs()))
    }

    pub fn plain_pop3(&self) -> pop3::Session {
        pop3::Session::open(self.ports[2], STEP).unwrap()
    }

    pub fn smtp(&self) -> smtp::Session {
        let session = smtp::Session::open_tls(self.ports[5], STEP, &|tcp| self.client.wrap(tcp));
        session.unwrap_or_else(|error| panic!("no SMTP greeting: {error}\n{}", self.logs()))
    }

    pub fn plain_smtp(&self) -> smtp::Session {
        smtp::Session::open(self.ports[4], STEP).unwrap()
    }

    /// The client's side of TLS, to turn plain sessions.
    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn dovecot(&self) -> &Dovecot {
        &self.dovecot
    }

    /// What everybody logged: for failures.
    pub fn logs(&self) -> String {
        format!(
            "nginx:\n{}\nDovecot:\n{}\nBulkhead:\n{}",
            self.nginx.log(),
            self.dovecot.log(),
            self.policed.bulkhead.log()
        )
    }
}
