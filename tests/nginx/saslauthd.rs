//! What saslauthd's `httpform` sends, byte for byte, through the port of HAProxy that adds the
//! credentials. Facts about httpform: cyrus-sasl 2.1.28, `saslauthd/auth_httpform.c`.

use bulkhead_harness::http::Connection;

use crate::{balancer, policy};

/// A value of `saslauthd-httpform.conf`.
fn setting(name: &str) -> &'static str {
    let file = include_str!("../../host/frontends/saslauthd-httpform.conf");
    let line = file
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name}"))
}

/// Everything but ASCII letters and digits is encoded.
fn escape(text: &[u8]) -> String {
    let escaped = text.iter().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    escaped.collect()
}

fn request(user: &str, realm: &str, password: &[u8]) -> String {
    let body = setting("httpform_data")
        .replace("%u", &escape(user.as_bytes()))
        .replace("%r", &escape(realm.as_bytes()))
        .replace("%p", &escape(password));
    format!(
        "POST {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\nUser-Agent: saslauthd\r\n\
         Accept: */*\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        setting("httpform_uri"),
        setting("httpform_host"),
        setting("httpform_port"),
        body.len(),
    )
}

/// httpform reads once, and looks at the first line: 200 and 204 accept, the text behind 403 goes to the
/// client, anything else is an error. A line without a text behind the code crashes it.
#[test]
fn httpform_gets_the_answers_that_it_understands() {
    let policed = policy::start(&policy::credentials());
    let node = policed.bulkhead.address();
    let (haproxy, _, at) = balancer::start([node, node]);
    for (user, realm, password, expected) in [
        ("alice", "", &b"alice-password"[..], "HTTP/1.1 200 OK"),
        (
            "bob",
            "example.org",
            b"bob@example.org-password",
            "HTTP/1.1 200 OK",
        ),
        ("odd", "", b"100%25 +&=\xff", "HTTP/1.1 200 OK"),
        ("alice", "", b"wrong", "HTTP/1.1 403 Forbidden"),
        ("nobody", "", b"nobody-password", "HTTP/1.1 403 Forbidden"),
        (
            "broken",
            "",
            b"broken-password",
            "HTTP/1.1 500 Internal Server Error",
        ),
    ] {
        let mut connection = Connection::open(at).unwrap();
        connection
            .write(request(user, realm, password).as_bytes())
            .unwrap();
        let answer = connection.read_to_end().unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let line = answer.lines().next().unwrap_or_default();
        assert_eq!(line, expected, "{user}: {answer}\n{}", haproxy.log());
        let (name, heard) = policed.last("saslauthd").words();
        let realm = if realm.is_empty() {
            String::new()
        } else {
            format!("@{realm}")
        };
        assert_eq!(name, format!("{user}{realm}").as_bytes());
        assert_eq!(heard, password);
        assert_eq!(policed.last("saslauthd").text("protocol"), "smtp");
    }
    // That port is for this one question.
    let mut connection = Connection::open(at).unwrap();
    let other = request("alice", "", b"x").replace("/saslauthd ", "/json?mode=list-accounts ");
    connection.write(other.as_bytes()).unwrap();
    assert_eq!(connection.read(false).unwrap().status, 403);
}
