//! Web servers that ask Bulkhead before they show a page: nginx with `auth_request`, Caddy with
//! `forward_auth`, and what Traefik sends.

use std::{net::SocketAddr, process::Command, time::Duration};

use bulkhead_harness::{
    Caddy, Nginx, NginxSetup, Scratch, Template, command, http, http::Request, port, require_server,
};

use crate::{
    policy::{self, Policed},
    tls::{Authority, SITE},
};

const PAGE: &str = "the page behind\n";

/// An answer as curl saw it.
#[derive(Debug)]
struct Page {
    status: u16,
    text: String,
}

impl Page {
    fn has_header(&self, line: &str) -> bool {
        let wanted = line.to_ascii_lowercase();
        self.text
            .lines()
            .take_while(|line| !line.is_empty())
            .any(|line| line.to_ascii_lowercase().starts_with(&wanted))
    }
}

/// Asks for the page with a real client, which believes the authority.
fn curl(authority: &Authority, url: &str, at: SocketAddr, arguments: &[&str]) -> Page {
    require_server("curl");
    let scratch = Scratch::new("curl");
    let ca = scratch.write("ca.pem", &authority.pem);
    let mut command = Command::new("/usr/bin/curl");
    command
        .args(["--silent", "--show-error", "--include", "--max-time", "30"])
        .args(["--http1.1", "--cacert"])
        .arg(ca)
        .arg("--resolve")
        .arg(format!("{SITE}:{}:127.0.0.1", at.port()))
        .args(arguments)
        .arg(url);
    let output = command::run(command, Duration::from_secs(60));
    let status = output.stdout.split(' ').nth(1).map(str::parse);
    let Some(Ok(status)) = status else {
        panic!("no answer: {output:?}");
    };
    Page {
        status,
        text: output.stdout,
    }
}

struct Site {
    nginx: Nginx,
    policed: Policed,
    authority: Authority,
    at: SocketAddr,
}

impl Site {
    fn start() -> Self {
        let policed = policy::start(&policy::credentials());
        let authority = Authority::new();
        let at = port::free();
        let setup = NginxSetup::new()
            .file("server.pem", &authority.certificate)
            .file("server.key", &authority.key)
            .file("pages/index.html", PAGE);
        let template = Template::new(include_str!("../../host/frontends/nginx-auth-request.conf"))
            .set("127.0.0.1:9080", policed.bulkhead.address())
            .set("listen 443 ssl;", format!("listen {at} ssl;"))
            .set(
                "/etc/ssl/certs/intranet.example.org.pem",
                setup.file_path("server.pem"),
            )
            .set(
                "/etc/ssl/private/intranet.example.org.key",
                setup.file_path("server.key"),
            )
            .set("/var/www/intranet", setup.file_path("pages"));
        let nginx = setup.http(&template.text(), &[at]).start();
        Self {
            nginx,
            policed,
            authority,
            at,
        }
    }

    fn get(&self, path: &str, arguments: &[&str]) -> Page {
        let url = format!("https://{SITE}:{}{path}", self.at.port());
        curl(&self.authority, &url, self.at, arguments)
    }

    fn logs(&self) -> String {
        format!("{}\n{}", self.nginx.log(), self.policed.bulkhead.log())
    }
}

#[test]
fn nginx_shows_the_page_to_those_whom_bulkhead_accepts() {
    let mut site = Site::start();
    let page = site.get("/", &["--user", "alice:alice-password"]);
    assert_eq!(page.status, 200, "{page:?}\n{}", site.logs());
    assert!(page.text.ends_with(PAGE), "{page:?}");
    assert!(page.has_header("x-login: alice"), "{page:?}");

    for arguments in [
        &["--user", "alice:wrong"][..],
        &["--user", "nobody:nobody-password"],
        &["--user", ":"],
        &["--header", "Authorization: Bearer abc"],
        &["--header", "Authorization: Basic !!!"],
        &["--header", "Auth-User: alice"],
        &[],
        // The question has no body, whatever the request has.
        &["--user", "alice:wrong", "--data", "some=body"],
    ] {
        let page = site.get("/", arguments);
        assert_eq!(page.status, 401, "{arguments:?}: {page:?}\n{}", site.logs());
        assert!(
            page.has_header("www-authenticate: basic realm="),
            "{page:?}"
        );
        assert!(!page.text.contains(PAGE), "{page:?}");
    }

    // An outage is no wrong password: browsers would ask for another one.
    let page = site.get("/", &["--user", "broken:broken-password"]);
    assert_eq!(page.status, 500, "{page:?}\n{}", site.logs());
    assert!(!page.has_header("www-authenticate"), "{page:?}");
    site.policed.bulkhead.kill();
    let page = site.get("/", &["--user", "alice:alice-password"]);
    assert_eq!(page.status, 500, "{page:?}\n{}", site.logs());
    site.policed.bulkhead.restart();
    let page = site.get(
        "/",
        &["--user", "alice:alice-password", "--data", "some=body"],
    );
    // Accepted; only then does nginx find that it takes no POST for a file.
    assert_eq!(page.status, 405, "{page:?}\n{}", site.logs());
}

#[test]
fn nginx_tells_the_clients_address_and_nothing_that_the_client_invents() {
    let site = Site::start();
    let arguments = [
        "--interface",
        "127.0.0.2",
        "--user",
        "alice:alice-password",
        "--header",
        "X-Forwarded-For: 203.0.113.9",
        "--header",
        "X-Real-IP: 203.0.113.9",
        "--header",
        "Client-IP: 203.0.113.9",
    ];
    let page = site.get("/?mode=no-auth", &arguments);
    assert_eq!(page.status, 200, "{page:?}\n{}", site.logs());
    let heard = site.policed.last("basic");
    assert_eq!(heard.text("client_ip"), "127.0.0.2");
    assert_eq!(heard.text("protocol"), "http");
    // The place that asks Bulkhead cannot be asked from outside.
    let page = site.get("/bulkhead", &["--user", "alice:alice-password"]);
    assert_eq!(page.status, 404, "{page:?}");
}

#[test]
fn names_and_passwords_of_browsers_arrive_byte_for_byte() {
    let site = Site::start();
    for password in ["100%25", "a+b c", "p\u{e4}ss:w\u{f6}rd", "\u{1f511}"] {
        let user = format!("odd:{password}");
        let page = site.get("/", &["--user", &user]);
        assert_eq!(page.status, 200, "{password}: {page:?}\n{}", site.logs());
        let (_, heard) = site.policed.last("basic").words();
        assert_eq!(heard, password.as_bytes());
    }
    let page = site.get("/", &["--user", "j\u{fc}rgen:j\u{fc}rgen-password"]);
    assert_eq!(page.status, 200, "{page:?}\n{}", site.logs());
}

#[test]
fn caddy_shows_the_page_to_those_whom_bulkhead_accepts() {
    let mut policed = policy::start(&policy::credentials());
    let at = port::free();
    let file = Template::new(include_str!("../../host/frontends/Caddyfile"))
        .set(
            "intranet.example.org {",
            format!("http://127.0.0.1:{} {{", at.port()),
        )
        .set("127.0.0.1:9080", policed.bulkhead.address())
        .set("/var/www/intranet", "{root}");
    let caddy = Caddy::start(&file.text(), PAGE, &[at]);
    let authority = Authority::new();
    let url = format!("http://{at}/");
    let get = |arguments: &[&str]| curl(&authority, &url, at, arguments);

    let from_elsewhere = [
        "--interface",
        "127.0.0.2",
        "--user",
        "alice:alice-password",
        "--header",
        "X-Forwarded-For: 203.0.113.9",
    ];
    let page = get(&from_elsewhere);
    assert_eq!(page.status, 200, "{page:?}\n{}", caddy.log());
    assert!(page.text.ends_with(PAGE), "{page:?}");
    assert_eq!(policed.last("basic").text("client_ip"), "127.0.0.2");

    for arguments in [
        &["--user", "alice:wrong"][..],
        &[],
        &["--user", "alice:wrong", "--data", "some=body"],
    ] {
        let page = get(arguments);
        assert_eq!(page.status, 401, "{arguments:?}: {page:?}\n{}", caddy.log());
        assert!(
            page.has_header("www-authenticate: basic realm="),
            "{page:?}"
        );
    }
    let page = get(&["--user", "broken:broken-password"]);
    assert_eq!(page.status, 500, "{page:?}\n{}", caddy.log());
    assert!(!page.has_header("www-authenticate"), "{page:?}");
    policed.bulkhead.kill();
    let page = get(&["--user", "alice:alice-password"]);
    assert_eq!(page.status, 502, "{page:?}\n{}", caddy.log());
}

/// Traefik itself is not here; its documentation says what it sends, and that it lets through what is
/// answered with 2xx and hands everything else to the client as it is.
#[test]
fn what_traefik_sends_is_answered_as_it_wants() {
    let file = include_str!("../../host/frontends/traefik.yaml");
    let target = "/api/v1/auth/basic";
    assert!(file.contains(&format!("address: \"http://127.0.0.1:9080{target}\"")));
    let policed = policy::start(&policy::credentials());
    let ask = |login: Option<(&str, &str)>| {
        let mut request = Request::new("GET", target)
            .header("X-Forwarded-Method", "POST")
            .header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-Host", SITE)
            .header("X-Forwarded-Uri", "/report?mode=no-auth")
            .header("X-Forwarded-For", "192.0.2.7")
            .header("Accept-Encoding", "gzip");
        if let Some((user, password)) = login {
            request = request.header("Authorization", &http::basic(user, password));
        }
        policed.bulkhead.send(&request)
    };
    assert_eq!(ask(Some(("alice", "alice-password"))).status, 200);
    assert_eq!(policed.last("basic").text("client_ip"), "192.0.2.7");
    for login in [Some(("alice", "wrong")), None] {
        let response = ask(login);
        assert_eq!(response.status, 401, "{response:?}");
        let realm = response.header("WWW-Authenticate").unwrap();
        assert!(realm.starts_with("Basic realm="), "{realm}");
    }
    let response = ask(Some(("broken", "broken-password")));
    assert_eq!(response.status, 500, "{response:?}");
}
