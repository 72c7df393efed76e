//! nginx looks at no status: an answer with a server in it and no word against the login is a login.
//! So there is never a server in an answer that does not accept.

use bulkhead_harness::{http::Request, http::Response};

use crate::policy::{self, API_PASSWORD, API_USER};

const ROUTES: [&str; 2] = ["/api/v1/auth/nginx", "/api/v1/mail/nginx"];

fn question(route: &str, protocol: &str, user: &str, password: &str) -> Request {
    Request::new("GET", route)
        .basic_auth(API_USER, API_PASSWORD)
        .header("Auth-Method", "plain")
        .header("Auth-Protocol", protocol)
        .header("Auth-User", user)
        .header("Auth-Pass", password)
}

fn without(mut request: Request, name: &str) -> Request {
    request.headers.retain(|(known, _)| known != name);
    request
}

/// Every kind of question that must not be accepted.
fn refused(route: &str) -> Vec<(&'static str, Request)> {
    let good = || question(route, "imap", "alice", "alice-password");
    let mut other_credentials = without(good(), "Authorization");
    other_credentials = other_credentials.basic_auth(API_USER, "wrong");
    let mut deleted = good();
    deleted.method = "DELETE".to_owned();
    vec![
        ("wrong password", question(route, "imap", "alice", "wrong")),
        ("unknown", question(route, "pop3", "nobody", "password")),
        (
            "plugin fails",
            question(route, "smtp", "broken", "password"),
        ),
        ("no name", question(route, "imap", "", "password")),
        ("no password", question(route, "imap", "alice", "")),
        ("no name at all", without(good(), "Auth-User")),
        ("no password at all", without(good(), "Auth-Pass")),
        ("bad name", question(route, "imap", "al%20ice", "password")),
        ("bad UTF-8", question(route, "imap", "al%FFice", "password")),
        ("two names", good().header("Auth-User", "bob@example.org")),
        ("two passwords", good().header("Auth-Pass", "wrong")),
        ("bad base64", good().header("X-Auth-Password-Encoded", "1")),
        (
            "challenge without a password",
            without(good(), "Auth-Method")
                .header("Auth-Salt", "<1@x>")
                .header("Auth-Method", "apop"),
        ),
        ("no credentials", without(good(), "Authorization")),
        ("wrong credentials", other_credentials),
        ("other method", deleted),
        (
            "too large",
            question(route, "imap", &"x".repeat(1 << 17), "x"),
        ),
    ]
}

fn server(response: &Response) -> Option<(String, String)> {
    let header = |name| response.header(name).map(str::to_owned);
    Option::zip(header("Auth-Server"), header("Auth-Port"))
}

#[test]
fn only_accepted_logins_get_a_server() {
    let keys = policy::credentials()
        + "  upstreams:\n    imap: { address: 127.0.0.1, port: 1143 }\n  lockout: { failures: 0 }\n";
    let policed = policy::start(&keys);
    for route in ROUTES {
        for (name, request) in refused(route) {
            let response = policed.bulkhead.send(&request);
            assert_eq!(response.header("Auth-Server"), None, "{name}: {response:?}");
            assert_eq!(response.header("Auth-Port"), None, "{name}: {response:?}");
            assert_ne!(response.header("Auth-Status"), Some("OK"), "{name}");
            assert_ne!(response.header("Auth-Status"), Some("WAIT"), "{name}");
        }
        for (protocol, expected) in [
            ("imap", Some(("127.0.0.1", "1143"))),
            // Those that are not configured keep their defaults; others have none.
            ("pop3", Some(("127.0.0.1", "9951"))),
            ("smtp", Some(("127.0.0.1", "5871"))),
            ("sieve", None),
        ] {
            let request = question(route, protocol, "alice", "alice-password");
            let response = policed.bulkhead.send(&request);
            assert_eq!(response.status, 200, "{protocol}: {response:?}");
            assert_eq!(response.header("Auth-Status"), Some("OK"), "{protocol}");
            let expected = expected.map(|(address, port)| (address.to_owned(), port.to_owned()));
            assert_eq!(server(&response), expected, "{protocol}");
            // Nobody's password goes out where the client showed it.
            assert_eq!(response.header("Auth-Pass"), None, "{protocol}");
        }
    }
}
