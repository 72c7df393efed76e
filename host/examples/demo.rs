//! A demonstration: starts the built `bulkhead` with the example policy, logs four users in over HTTP,
//! prints each decision with the way that it took, and stops the server.
//!
//! Run it with `cargo build --release && cargo run --release --example demo`. It ends by itself, with
//! exit code 0 only if all four decisions are the expected ones. It needs no other program.

use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// A login and how it must end.
struct Case {
    title: &'static str,
    username: &'static str,
    password: &'static str,
    client_ip: &'static str,
    status: u16,
    verdict: &'static str,
    /// What the answer must hold; empty when nothing in particular.
    answer: &'static str,
}

const CASES: [Case; 4] = [
    Case {
        title: "A good user",
        username: "alice",
        password: "correct horse battery",
        client_ip: "192.0.2.10",
        status: 200,
        verdict: "accept",
        answer: "alice@example.org",
    },
    Case {
        title: "The same user with a wrong password",
        username: "alice",
        password: "incorrect horse",
        client_ip: "192.0.2.10",
        status: 403,
        verdict: "reject",
        answer: "",
    },
    Case {
        title: "A user whom nobody knows",
        username: "mallory",
        password: "let me in",
        client_ip: "192.0.2.10",
        status: 403,
        verdict: "reject",
        answer: "",
    },
    Case {
        title: "A user with the right password, from a network that the filter does not allow",
        username: "carol",
        password: "open sesame",
        client_ip: "198.51.100.7",
        status: 403,
        verdict: "reject",
        answer: "",
    },
];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("\nNot all decisions were the expected ones.");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("The demonstration failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Fallible<bool> {
    let binary = binary()?;
    let folder = Folder::new()?;
    let receiver = Receiver::start()?;
    let address = free_address()?;
    install(&folder.0, address, receiver.address)?;

    println!(
        "Starting {} serve with the example policy …",
        binary.display()
    );
    let started = Instant::now();
    let log = folder.0.join("bulkhead.log");
    let mut server = Server::start(&binary, &folder.0, &log)?;
    server.wait_until_ready(address, &log)?;
    println!(
        "It listens on http://{address} after {} ms; its scripts and components are compiled.\n",
        started.elapsed().as_millis()
    );

    let mut good = true;
    for case in &CASES {
        good &= login(case, address, &folder.0)?;
    }
    good &= receiver.report(CASES.len());
    let stopped = server.stop()?;
    println!(
        "The server has ended{}.",
        if stopped { "" } else { ", but not by itself" }
    );
    keep_running(&binary);
    Ok(good && stopped)
}

/// The server's binary: beside the folder of this program (target/PROFILE/examples/demo).
fn binary() -> Fallible<PathBuf> {
    let me = std::env::current_exe()?;
    let folder = me
        .parent()
        .and_then(Path::parent)
        .ok_or("this program is in an unexpected folder")?;
    let binary = folder.join("bulkhead");
    if !binary.is_file() {
        let profile = if folder.ends_with("release") {
            " --release"
        } else {
            ""
        };
        let hint = format!(
            "{} is missing: run `cargo build{profile}` first",
            binary.display()
        );
        return Err(hint.into());
    }
    Ok(binary)
}

/// The example policy in the source tree.
fn policy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policy")
}

/// A folder that goes away at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Fallible<Self> {
        let folder = std::env::temp_dir().join(format!("bulkhead-demo-{}", std::process::id()));
        fs::create_dir_all(folder.join("lib"))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Copies the policy and puts the ports of this run in.
fn install(folder: &Path, listen: SocketAddr, webhook: SocketAddr) -> Fallible<()> {
    let policy = policy();
    for file in ["backend.lua", "lib/accounts.lua"] {
        fs::copy(policy.join(file), folder.join(file))?;
    }
    let text = fs::read_to_string(policy.join("bulkhead.yaml"))?;
    let text = text
        .replace("127.0.0.1:9080", &listen.to_string())
        .replace("127.0.0.1:9090", &webhook.to_string());
    fs::write(folder.join("bulkhead.yaml"), text)?;
    // A secret that others can read makes the server warn.
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(folder.join("hook.token"))?
        .write_all(&fs::read(policy.join("hook.token"))?)?;
    Ok(())
}

fn free_address() -> Fallible<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The running server; ended when dropped.
struct Server(Child);

impl Server {
    fn start(binary: &Path, folder: &Path, log: &Path) -> Fallible<Self> {
        let child = Command::new(binary)
            .args(["serve", "-c"])
            .arg(folder.join("bulkhead.yaml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(log)?)
            .spawn()?;
        Ok(Self(child))
    }

    fn wait_until_ready(&mut self, address: SocketAddr, log: &Path) -> Fallible<()> {
        let give_up = Instant::now() + Duration::from_secs(120);
        while Instant::now() < give_up {
            if let Some(status) = self.0.try_wait()? {
                let log = fs::read_to_string(log).unwrap_or_default();
                return Err(format!("the server ended ({status}) and said:\n{log}").into());
            }
            if exchange(
                address,
                "GET /ping HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n",
            )
            .is_ok_and(|(status, _)| status == 200)
            {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        let log = fs::read_to_string(log).unwrap_or_default();
        Err(format!("the server is not ready after two minutes; it said:\n{log}").into())
    }

    /// Asks the server to end; true if it did so in time and without an error.
    fn stop(&mut self) -> Fallible<bool> {
        let id = i32::try_from(self.0.id())?;
        if let Some(id) = rustix::process::Pid::from_raw(id) {
            rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        }
        let give_up = Instant::now() + Duration::from_secs(20);
        while Instant::now() < give_up {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status.success());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(false)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends one request and returns status and body.
fn exchange(address: SocketAddr, request: &str) -> Fallible<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(15)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer
        .split_whitespace()
        .nth(1)
        .ok_or("the server answered nothing")?
        .parse()?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, body.to_owned()))
}

/// Logs one user in and shows what came of it; true if it is what was expected.
fn login(case: &Case, address: SocketAddr, folder: &Path) -> Fallible<bool> {
    println!("── {} ({})", case.title, case.username);
    let body = json!({
        "username": case.username,
        "password": case.password,
        "client_ip": case.client_ip,
        "protocol": "imap",
        "ssl": "on",
    })
    .to_string();
    let request = format!(
        "POST /api/v1/auth/json HTTP/1.1\r\nHost: demo\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let (status, answer) = exchange(address, &request)?;
    println!("   HTTP {status}  {}", answer.trim());
    let record = record(folder, case)?;
    print_trace(&record);
    let verdict = record.get("verdict").and_then(Value::as_str).unwrap_or("?");
    let good = status == case.status && verdict == case.verdict && answer.contains(case.answer);
    println!(
        "   {}\n",
        if good {
            "as expected"
        } else {
            "NOT as expected"
        }
    );
    Ok(good)
}

/// The login's record in the decision log. It is written beside the answer, so it may be a moment late.
fn record(folder: &Path, case: &Case) -> Fallible<Value> {
    let position = CASES
        .iter()
        .position(|one| std::ptr::eq(one, case))
        .unwrap_or_default();
    let file = folder.join("decisions.jsonl");
    let give_up = Instant::now() + Duration::from_secs(5);
    while Instant::now() < give_up {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let complete = text
            .rfind('\n')
            .and_then(|end| text.get(..end))
            .unwrap_or("");
        if let Some(line) = complete.lines().nth(position) {
            return Ok(serde_json::from_str(line)?);
        }
        thread::sleep(Duration::from_millis(10));
    }
    Err("the decision log lacks this login".into())
}

fn print_trace(record: &Value) {
    println!(
        "   decision: {}, decided in {}",
        record["verdict"].as_str().unwrap_or("?"),
        milliseconds(&record["latency_us"])
    );
    println!(
        "   {:<10} {:<14} {:<20} {:>11} {:>11} {:>10}",
        "stage", "plugin", "verdict", "time", "cpu", "memory"
    );
    for stage in record["stages"].as_array().into_iter().flatten() {
        for plugin in stage["plugins"].as_array().into_iter().flatten() {
            println!(
                "   {:<10} {:<14} {:<20} {:>11} {:>11} {:>10}",
                stage["stage"].as_str().unwrap_or("?"),
                plugin["plugin"].as_str().unwrap_or("?"),
                plugin["verdict"].as_str().unwrap_or("?"),
                milliseconds(&plugin["elapsed_us"]),
                milliseconds(&plugin["cpu_us"]),
                format!(
                    "{} KiB",
                    plugin["memory_bytes"].as_u64().unwrap_or(0) / 1024
                ),
            );
            if let Some(error) = plugin["error"].as_str() {
                println!("              error: {error}");
            }
        }
    }
}

fn milliseconds(microseconds: &Value) -> String {
    format!("{:.3} ms", microseconds.as_f64().unwrap_or(0.0) / 1000.0)
}

/// The web service that the post action reports to.
struct Receiver {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    fn start() -> Fallible<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let body = receive(stream).unwrap_or_default();
                if let Ok(mut seen) = kept.lock() {
                    seen.push(body);
                }
            }
        });
        Ok(Self { address, seen })
    }

    /// Waits for the reports of all logins and prints them; true if all came.
    fn report(&self, expected: usize) -> bool {
        let give_up = Instant::now() + Duration::from_secs(5);
        let seen = || {
            self.seen
                .lock()
                .map(|seen| seen.clone())
                .unwrap_or_default()
        };
        while seen().len() < expected && Instant::now() < give_up {
            thread::sleep(Duration::from_millis(10));
        }
        let seen = seen();
        println!(
            "── The post action `notify` told the web service of {} logins after their answers:",
            seen.len()
        );
        for body in &seen {
            println!("   {body}");
        }
        println!();
        seen.len() == expected
    }
}

/// Reads one request and answers it; returns its body.
fn receive(stream: TcpStream) -> Fallible<String> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    reader
        .get_mut()
        .write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn keep_running(binary: &Path) {
    let policy = policy().join("bulkhead.yaml");
    println!(
        "
To keep a server running:

  {binary} serve -c {policy}

and to ask it, from another terminal:

  curl -i http://127.0.0.1:9080/api/v1/auth/json -H 'Content-Type: application/json' \\
    -d '{{\"username\": \"alice\", \"password\": \"correct horse battery\", \"client_ip\": \"192.0.2.10\", \"ssl\": \"on\"}}'

One login without a server:

  {binary} login -c {policy} --user alice --password 'correct horse battery'",
        binary = binary.display(),
        policy = policy.display(),
    );
}
