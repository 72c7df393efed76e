//! The example policy: checked, asked without a listener, and served.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Stdio},
    time::{Duration, Instant},
};

use crate::program::{command, policy, run, run_with_input};

/// The example policy with a change, in a folder that goes away.
fn changed(change: impl FnOnce(String) -> String) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = policy(folder.path());
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, change(text)).unwrap();
    (folder, file)
}

fn example() -> (tempfile::TempDir, PathBuf) {
    changed(|text| text)
}

#[test]
fn the_example_policy_has_no_problems() {
    let (_folder, file) = example();
    let ran = run(&["check", file.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("no problems"), "{}", ran.out);
}

#[test]
fn check_finds_what_only_loading_can_find_all_at_once_and_where_it_stands() {
    let (folder, file) = changed(|text| {
        text.replace("127.0.0.0/8, \"::1\"", "127.0.0.0/8, lan")
            .replace(
                "grants: {http: {hosts: [\"127.0.0.1:9090\"]}, secret",
                "grants: {secret",
            )
    });
    std::fs::write(folder.path().join("backend.lua"), "function broken(\n").unwrap();
    let ran = run(&["check", file.to_str().unwrap(), "--json"]);
    assert_eq!(ran.code, 78, "{}", ran.out);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let problems = json["problems"].as_array().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let line = |word: &str| 1 + text.lines().position(|line| line.contains(word)).unwrap();
    for (place, message) in [
        (
            line("allow_cleartext_networks:"),
            "allow_cleartext_networks[1]",
        ),
        (line("script: backend.lua"), "backend.lua"),
        (line("builtin:webhook"), "http"),
    ] {
        let found = problems.iter().any(|problem| {
            problem["line"] == place && problem["message"].as_str().unwrap().contains(message)
        });
        assert!(found, "line {place}, {message}: {json:#}");
    }
}

#[test]
fn login_ends_with_the_code_of_its_decision() {
    let (_folder, file) = example();
    let file = file.to_str().unwrap();
    for (user, password, ip, code, word) in [
        ("alice", "correct horse battery", "192.0.2.1", 0, "accept"),
        ("alice", "incorrect horse", "192.0.2.1", 1, "reject"),
        ("mallory", "let me in", "192.0.2.1", 1, "reject"),
        ("carol", "open sesame", "198.51.100.7", 1, "reject"),
        ("carol", "open sesame", "192.0.2.7", 0, "accept"),
    ] {
        let arguments = [
            "login",
            "-c",
            file,
            "--user",
            user,
            "--client-ip",
            ip,
            "--password-stdin",
        ];
        let ran = run_with_input(&arguments, &format!("{password}\n"));
        assert_eq!(ran.code, code, "{user} {password}: {} {}", ran.out, ran.err);
        let first = ran.out.lines().next().unwrap();
        assert!(first.contains(word), "{first}");
        for plugin in ["tls-required", "users", "notify"] {
            assert!(ran.out.contains(plugin), "{}", ran.out);
        }
    }
}

#[test]
fn login_over_an_unencrypted_connection_is_a_temporary_failure() {
    let (_folder, file) = example();
    let ran = run(&[
        "login",
        "-c",
        file.to_str().unwrap(),
        "--user",
        "alice",
        "--password",
        "correct horse battery",
        "--client-ip",
        "192.0.2.1",
        "--cleartext",
    ]);
    assert_eq!(ran.code, 75, "{} {}", ran.out, ran.err);
}

#[test]
fn login_without_a_password_finds_the_account() {
    let (_folder, file) = example();
    let file = file.to_str().unwrap();
    for (user, code) in [("alice", 0), ("mallory", 1)] {
        let ran = run(&["login", "-c", file, "--user", user, "--no-auth", "--json"]);
        assert_eq!(ran.code, code, "{} {}", ran.out, ran.err);
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(json["mode"], "no-auth");
        assert_eq!(json["username"], user);
        if code == 0 {
            assert_eq!(json["attributes"]["home"][0], "/var/mail/alice");
            assert_eq!(json["account"], "alice@example.org");
        }
        assert!(json["stages"].as_array().unwrap().len() >= 2, "{json:#}");
        assert_eq!(json["post_actions"]["plugins"][0]["plugin"], "notify");
    }
}

#[test]
fn login_leaves_no_password_in_its_output() {
    let (_folder, file) = changed(|text| text.replace("log_level: info", "log_level: debug"));
    let secret = "a-secret-nobody-else-has";
    let arguments = [
        "login",
        "-c",
        file.to_str().unwrap(),
        "--user",
        "alice",
        "--password-stdin",
        "--json",
    ];
    let ran = run_with_input(&arguments, secret);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(!ran.out.contains(secret) && !ran.err.contains(secret));
}

/// A running server; killed when dropped.
struct Serving {
    child: Child,
    log: BufReader<ChildStderr>,
    lines: Vec<String>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    fn start(file: &Path) -> Self {
        let mut child = command()
            .args(["serve", "-c"])
            .arg(file)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            log,
            lines: Vec::new(),
        }
    }

    /// Reads the log up to a line that holds the word, and returns that line.
    fn wait_for(&mut self, word: &str) -> String {
        loop {
            let mut line = String::new();
            let length = self.log.read_line(&mut line).unwrap();
            assert!(length > 0, "no `{word}` in the log: {:?}", self.lines);
            self.lines.push(line.clone());
            if line.contains(word) {
                return line;
            }
        }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    fn end(&mut self) -> i32 {
        let give_up = Instant::now() + Duration::from_secs(30);
        while Instant::now() < give_up {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server does not end");
    }
}

/// `address=…` of the log line.
fn address_in(line: &str) -> String {
    let start = line.find("127.0.0.1:").unwrap();
    line[start..]
        .chars()
        .take_while(|symbol| symbol.is_ascii_digit() || ".:".contains(*symbol))
        .collect()
}

fn on_any_port() -> (tempfile::TempDir, PathBuf) {
    changed(|text| text.replace("listen: 127.0.0.1:9080", "listen: 127.0.0.1:0"))
}

#[test]
fn serve_names_its_build_first_answers_logins_and_ends_on_sigterm() {
    let (_folder, file) = on_any_port();
    let mut server = Serving::start(&file);
    let first = server.wait_for("Bulkhead");
    assert_eq!(server.lines.len(), 1, "{:?}", server.lines);
    assert!(first.contains(env!("CARGO_PKG_VERSION")), "{first}");
    let address = address_in(&server.wait_for("Bulkhead listens"));

    let body = r#"{"username": "alice", "password": "correct horse battery", "ssl": "on"}"#;
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "POST /api/v1/auth/json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("alice@example.org"), "{answer}");

    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.end(), 0);
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn serve_ends_on_sigint_too() {
    let (_folder, file) = on_any_port();
    let mut server = Serving::start(&file);
    server.wait_for("Bulkhead listens");
    server.signal(rustix::process::Signal::INT);
    assert_eq!(server.end(), 0);
}

#[test]
fn a_taken_address_ends_with_69() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (_folder, file) = changed(|text| text.replace("127.0.0.1:9080", &address));
    let ran = run(&["serve", "-c", file.to_str().unwrap()]);
    assert_eq!(ran.code, 69, "{}", ran.err);
    assert!(ran.err.contains(&address), "{}", ran.err);
}

#[test]
fn a_store_in_use_ends_serve_with_69_and_lets_login_go_on() {
    let (_folder, file) = on_any_port();
    let mut server = Serving::start(&file);
    server.wait_for("Bulkhead listens");
    let file = file.to_str().unwrap();
    let second = run(&["serve", "-c", file]);
    assert_eq!(second.code, 69, "{}", second.err);
    assert!(
        second.err.contains("in use by another process"),
        "{}",
        second.err
    );
    let arguments = ["login", "-c", file, "--user", "alice", "--password-stdin"];
    let login = run_with_input(&arguments, "correct horse battery");
    assert_eq!(login.code, 0, "{}", login.err);
    assert!(login.err.contains("sees an empty one"), "{}", login.err);
}
