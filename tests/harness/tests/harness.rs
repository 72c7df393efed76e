//! The harness keeps its own promises: what it starts, it takes down.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::{
    collections::BTreeSet,
    net::TcpStream,
    panic,
    process::Command,
    sync::mpsc,
    time::{Duration, Instant},
};

use bulkhead_harness::{
    Answer, DovecotSetup, NginxSetup, PostfixSetup, Scratch, Template, WebServer, command,
    http::{self, Connection, Request},
    port,
    server::Server,
    wait,
};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

fn is_alive(process: &str) -> bool {
    std::path::Path::new("/proc").join(process.trim()).exists()
}

/// Starts a shell with a child, and tells the child's process id.
fn server_with_child(scratch: &Scratch) -> (Server, String) {
    let server = Server::start(shell("sleep 600 & echo $!; wait"), &scratch.file("log"));
    assert!(wait::until(Duration::from_secs(5), || !server
        .log()
        .is_empty()));
    let child = server.log();
    assert!(is_alive(&child));
    (server, child)
}

#[test]
fn a_dropped_server_is_gone_with_its_children() {
    let scratch = Scratch::new("self");
    let (server, child) = server_with_child(&scratch);
    let id = server.id().to_string();
    drop(server);
    assert!(!is_alive(&id), "the server lives on");
    assert!(!is_alive(&child), "its child lives on");
}

#[test]
fn a_panic_takes_the_server_down_too() {
    let (sender, receiver) = mpsc::channel();
    let outcome = panic::catch_unwind(move || {
        let scratch = Scratch::new("self");
        let (_server, child) = server_with_child(&scratch);
        sender.send((child, scratch.path().to_owned())).unwrap();
        panic!("on purpose");
    });
    assert!(outcome.is_err());
    let (child, folder) = receiver.recv().unwrap();
    assert!(!is_alive(&child), "the server lives on");
    assert!(!folder.exists(), "the folder is still there");
}

#[test]
fn a_server_that_ignores_the_request_to_end_is_killed() {
    let scratch = Scratch::new("self");
    let mut server = Server::start(
        shell("trap '' TERM; echo up; while :; do sleep 1; done"),
        &scratch.file("log"),
    );
    assert!(wait::until(Duration::from_secs(5), || !server
        .log()
        .is_empty()));
    let id = server.id().to_string();
    server.stop();
    assert!(!is_alive(&id));
}

#[test]
fn a_command_that_runs_too_long_is_killed() {
    let start = Instant::now();
    let outcome =
        panic::catch_unwind(|| command::run(shell("sleep 600"), Duration::from_millis(200)));
    assert!(outcome.is_err());
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn ports_are_given_out_once() {
    let ports: BTreeSet<u16> = (0..50).map(|_| port::free().port()).collect();
    assert_eq!(ports.len(), 50);
}

#[test]
fn the_web_server_records_and_answers_on_one_connection() {
    let server = WebServer::start(|exchange| exchange.reply(&Answer::new(200).body("hello")));
    let mut connection = Connection::open(server.address()).unwrap();
    for turn in 1..4_u32 {
        let request = Request::new("POST", "/x").body(format!("body {turn}"));
        let response = connection.send(&request).unwrap();
        assert_eq!(
            (response.status, response.text()),
            (200, "hello".to_owned())
        );
        let seen = server.seen();
        let last = seen.last().unwrap();
        assert_eq!((last.connection, last.turn), (1, turn));
        assert_eq!(
            last.body.as_deref(),
            Some(format!("body {turn}").as_bytes())
        );
    }
}

#[test]
fn the_web_server_says_100_only_when_it_reads_the_body() {
    let server = WebServer::start(|exchange| {
        if exchange.request.target == "/early" {
            return exchange.reply_early(&Answer::new(401));
        }
        exchange.reply(&Answer::new(200))
    });
    let send_head = |target: &str| {
        let request = Request::new("POST", target).header("Expect", "100-continue");
        let mut connection = Connection::open(server.address()).unwrap();
        connection
            .write(request.body("x").head().as_bytes())
            .unwrap();
        connection.read(false).unwrap().status
    };
    assert_eq!(send_head("/early"), 401);
    assert_eq!(send_head("/"), 100);
}

#[test]
fn a_stalling_web_server_stops_at_once() {
    let server = WebServer::start(|exchange| exchange.stall(Duration::from_secs(600)));
    let address = server.address();
    let mut connection = Connection::open(address).unwrap();
    connection
        .write(Request::new("GET", "/").head().as_bytes())
        .unwrap();
    let start = Instant::now();
    drop(server);
    assert!(connection.read(false).is_err());
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn chunked_answers_are_put_together() {
    let server = WebServer::start(|exchange| {
        exchange.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        exchange.write(b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n")
    });
    let response = http::send(server.address(), &Request::new("GET", "/"));
    assert_eq!(response.text(), "abcdefg");
}

#[test]
fn dovecot_runs_a_script_and_leaves_nothing_behind() {
    let script = r#"
function auth_password_verify(request, password)
  if password == "right" then return dovecot.auth.PASSDB_RESULT_OK, "x=y" end
  return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, ""
end
function auth_userdb_lookup() return dovecot.auth.USERDB_RESULT_OK, "x=y" end
function auth_userdb_iterate() return { "b", "a" } end
"#;
    let dovecot = DovecotSetup::new()
        .file("auth.lua", script)
        .start("auth.lua");
    use bulkhead_harness::Login;
    assert_eq!(dovecot.auth_test("alice", "right").login, Login::Accepted);
    assert_eq!(dovecot.auth_test("alice", "wrong").login, Login::Rejected);
    assert_eq!(dovecot.user_list().unwrap(), ["a", "b"]);
    let address = dovecot.imap_address();
    drop(dovecot);
    assert!(
        TcpStream::connect(address).is_err(),
        "Dovecot still listens"
    );
}

#[test]
fn nginx_and_postfix_come_up_and_leave_nothing_behind() {
    let at = port::free();
    let server = format!("server {{ listen {at}; return 200 here; }}");
    let nginx = NginxSetup::new().http(&server, &[at]).start();
    assert_eq!(http::send(at, &Request::new("GET", "/")).text(), "here");
    drop(nginx);
    assert!(TcpStream::connect(at).is_err(), "nginx still listens");

    let postfix = PostfixSetup::new().start("");
    assert_eq!(postfix.smtp().command("NOOP").unwrap().code, 250);
    let at = postfix.address();
    drop(postfix);
    assert!(TcpStream::connect(at).is_err(), "Postfix still listens");
}

#[test]
fn a_template_replaces_what_is_there_and_nothing_else() {
    let text = "listen 143;\n    # option on;\n# optional\n";
    let filled = Template::new(text)
        .set("143", 20143)
        .uncomment("option on;");
    assert_eq!(filled.text(), "listen 20143;\n    option on;\n# optional\n");
    for change in [
        |template: Template| template.set("144", ""),
        |template: Template| template.uncomment("listen"),
    ] {
        assert!(panic::catch_unwind(|| change(Template::new(text))).is_err());
    }
}
