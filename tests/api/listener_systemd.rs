//! Under systemd: sockets that it opened, and what it is told.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::{
        fd::OwnedFd,
        unix::net::{UnixDatagram, UnixListener},
    },
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use bulkhead_harness::wait;
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::UnixStream;

use crate::client::{Wire, exchange, get, status};

const START: Duration = Duration::from_secs(120);

/// The server as systemd starts it; killed when dropped.
struct Service {
    child: Child,
    folder: tempfile::TempDir,
}

impl Service {
    /// `socket` becomes descriptor 3, under the name `names`.
    fn start(server: &str, names: &str, socket: Option<OwnedFd>, notify: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = format!(
            "server: {server}\npipeline: {{backends: [{{name: users, script: users.lua}}]}}\n"
        );
        fs::write(folder.path().join("bulkhead.yaml"), configuration).unwrap();
        let script = include_str!("../cli/good/users.lua");
        fs::write(folder.path().join("users.lua"), script).unwrap();
        let binary = Path::new(env!("CARGO_BIN_EXE_bulkhead"));
        let log = fs::File::create(folder.path().join("log")).unwrap();
        // The shell moves the socket to where systemd puts it, and becomes the server: LISTEN_PID is
        // its own id.
        let mut command = Command::new("/bin/sh");
        let inherits = socket.is_some();
        command
            .arg("-c")
            .arg(if inherits {
                "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\""
            } else {
                "exec \"$0\" \"$@\""
            })
            .arg(binary)
            .args(["serve", "-c", "bulkhead.yaml"])
            .current_dir(folder.path())
            .env(
                "XDG_CACHE_HOME",
                binary.with_file_name("bulkhead-test-cache"),
            )
            .env("XDG_STATE_HOME", folder.path())
            .env_remove("NOTIFY_SOCKET")
            .stdin(socket.map_or_else(Stdio::null, Stdio::from))
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        if inherits {
            command.env("LISTEN_FDNAMES", names);
        }
        if let Some(path) = notify {
            command.env("NOTIFY_SOCKET", path);
        }
        Self {
            child: command.spawn().unwrap(),
            folder,
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn until_it_listens(&mut self) {
        wait::until(START, || {
            self.log().contains("Bulkhead listens") || self.child.try_wait().unwrap().is_some()
        });
        assert!(self.log().contains("Bulkhead listens"), "{}", self.log());
    }

    fn end(&mut self) -> ExitStatus {
        let id = Pid::from_child(&self.child);
        kill_process(id, Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tcp_socket_of_systemd_s_is_served() {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    let kept = socket.try_clone().unwrap();
    let listen = "{listen: [{systemd: http}]}";
    let mut service = Service::start(listen, "http", Some(socket.into()), None);
    // systemd listens already: who comes before the server is ready waits.
    assert_eq!(status(&exchange(address, &get("/ping", "")).await), 200);
    let line = format!("Bulkhead listens address={address}");
    assert!(service.log().contains(&line), "{}", service.log());
    assert!(service.end().success());
    // The socket lives on: the next server has no connection lost.
    let mut service = Service::start(listen, "http", Some(kept.into()), None);
    assert_eq!(status(&exchange(address, &get("/ping", "")).await), 200);
    assert!(service.end().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unix_socket_of_systemd_s_is_served_and_left_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let mut service = Service::start(
        "{listen: [{systemd: http}]}",
        "http",
        Some(socket.into()),
        None,
    );
    let mut wire = Wire::over(UnixStream::connect(&path).await.unwrap());
    wire.send(get("/ping", "")).await;
    assert_eq!(status(&wire.response().await), 200);
    assert!(service.end().success());
    assert!(path.exists());
}

#[test]
fn a_socket_that_cannot_be_used_is_named() {
    let local = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().into();
    let open = || {
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))
            .unwrap()
            .into()
    };
    let datagram = || UnixDatagram::unbound().unwrap().into();
    type Row = (&'static str, &'static str, OwnedFd, &'static str);
    let rows: [Row; 3] = [
        (
            "another name",
            "{listen: [{systemd: http}]}",
            local(),
            "systemd passed no such socket but: other",
        ),
        (
            "open to others",
            "{listen: [{systemd: other}]}",
            open(),
            "configure `server.basic_auth`",
        ),
        (
            "no stream",
            "{listen: [{systemd: other}]}",
            datagram(),
            "neither TCP nor a unix stream",
        ),
    ];
    for (name, server, socket, expected) in rows {
        let mut service = Service::start(server, "other", Some(socket), None);
        let code = service.child.wait().unwrap().code();
        assert_eq!(code, Some(69), "{name}: {}", service.log());
        assert!(
            service.log().contains(expected),
            "{name}: {}",
            service.log()
        );
        assert!(service.log().contains("server.listen.systemd"), "{name}");
    }
}

#[test]
fn a_socket_that_is_open_to_others_is_served_where_that_is_meant() {
    let socket = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let server = "{listen: [{systemd: http}], auth: none}";
    let mut service = Service::start(server, "http", Some(socket.into()), None);
    service.until_it_listens();
    assert!(service.end().success());
}

#[test]
fn systemd_is_told_of_the_start_and_of_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify.sock");
    let notified = UnixDatagram::bind(&path).unwrap();
    notified.set_read_timeout(Some(START)).unwrap();
    let message = || {
        let mut buffer = [0; 1024];
        let length = notified.recv(&mut buffer).expect("systemd was not told");
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    let address = bulkhead_harness::port::free();
    let server = format!("{{listen: \"{address}\"}}");
    let mut service = Service::start(&server, "", None, Some(&path));
    assert_eq!(message(), "READY=1\nSTATUS=Serving\n");
    // Ready means that nobody is turned away.
    answers(address);
    assert!(service.end().success());
    assert_eq!(message(), "STOPPING=1\nSTATUS=Finishing requests\n");
}

fn answers(address: SocketAddr) {
    let request = bulkhead_harness::http::Request::new("GET", "/ping");
    assert_eq!(bulkhead_harness::http::send(address, &request).status, 200);
}
