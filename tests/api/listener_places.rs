//! Where the server listens: addresses, unix sockets, several places at once, and what is said when a
//! place cannot be had.

use std::{
    fs,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use bulkhead::{
    api::listen::{self, Bound},
    config::{ListenAt, Listener, Server, TlsFiles, TlsVersion},
};
use tokio::net::UnixStream;

use crate::{
    client::{Wire, exchange, get, post_json, status},
    outcomes::login,
    policy::PASSWORD,
    server::Setup,
};

/// Any free port of the loopback address.
pub fn anywhere() -> Listener {
    Listener::plain(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
}

fn unix(path: PathBuf, mode: u32) -> Listener {
    Listener {
        at: ListenAt::Unix { path, mode },
        tls: None,
        proxy_protocol: false,
    }
}

pub fn server(listeners: Vec<Listener>) -> Server {
    Server {
        listeners,
        ..Server::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_place_is_served_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let six = Listener::plain(SocketAddr::from((Ipv6Addr::LOCALHOST, 0)));
    let bound = listen::open(&server(vec![anywhere(), six, unix(path.clone(), 0o660)])).unwrap();
    let shown: Vec<String> = bound.iter().map(Bound::to_string).collect();
    assert!(shown[0].starts_with("127.0.0.1:"), "{}", shown[0]);
    assert!(shown[1].starts_with("[::1]:"), "{}", shown[1]);
    assert_eq!(shown[2], format!("unix:{}", path.display()));
    let addresses: Vec<_> = bound.iter().filter_map(Bound::tcp_address).collect();
    let server = Setup::new().serve(bound);
    for address in addresses {
        assert_ne!(address.port(), 0);
        assert_eq!(status(&exchange(address, &get("/ping", "")).await), 200);
    }
    let mut wire = Wire::over(UnixStream::connect(&path).await.unwrap());
    wire.send(get("/ping", "")).await;
    assert_eq!(status(&wire.response().await), 200);
    server.stop().await;
    assert!(!path.exists(), "the socket file outlived the server");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_end_of_a_unix_socket_counts_as_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let mut setup = Setup::new();
    setup.server.listeners = vec![unix(path.clone(), 0o600)];
    let server = setup.listen().await;
    for (headers, expected) in [("", "127.0.0.1"), ("X-Real-IP: 192.0.2.5\r\n", "192.0.2.5")] {
        let request = post_json("", &login("alice", PASSWORD))
            .replace("Host: t\r\n", &format!("Host: t\r\n{headers}"));
        let mut wire = Wire::over(UnixStream::connect(&path).await.unwrap());
        wire.send(request).await;
        assert_eq!(status(&wire.response().await), 200);
        let seen = server.seen.requests.lock().unwrap().pop().unwrap();
        assert_eq!(seen.client.address, expected);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_socket_file_has_its_mode_from_the_first_moment() {
    let folder = tempfile::tempdir().unwrap();
    for mode in [0o600, 0o660, 0o666] {
        let path = folder.path().join("http.sock");
        let bound = listen::open(&server(vec![unix(path.clone(), mode)])).unwrap();
        let got = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(got, mode, "{got:o}");
        drop(bound);
        assert!(!path.exists());
    }
}

#[tokio::test]
async fn a_dead_server_s_socket_is_replaced_and_a_living_one_s_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    // Bound and dropped: std leaves the file behind, as a killed server does.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let living = listen::open(&server(vec![unix(path.clone(), 0o660)])).unwrap();
    let error = listen::open(&server(vec![unix(path.clone(), 0o660)])).unwrap_err();
    assert!(
        error.to_string().contains("another program listens"),
        "{error}"
    );
    assert!(path.exists(), "the living server lost its socket");
    // Nor does a server that ends take away what is no longer its own.
    fs::remove_file(&path).unwrap();
    fs::write(&path, "somebody else's").unwrap();
    drop(living);
    assert!(path.exists());
}

/// What cannot be opened, with what is said.
#[tokio::test]
async fn what_is_wrong_with_a_place_is_said_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "no socket").unwrap();
    let elsewhere: SocketAddr = "192.0.2.1:9080".parse().unwrap();
    let rows = [
        ("taken", Listener::plain(taken.local_addr().unwrap())),
        ("not of this machine", Listener::plain(elsewhere)),
        ("a file", unix(file, 0o660)),
        (
            "no folder",
            unix(folder.path().join("missing/http.sock"), 0o660),
        ),
        (
            "not from systemd",
            Listener {
                at: ListenAt::Systemd("http".to_owned()),
                tls: None,
                proxy_protocol: false,
            },
        ),
    ];
    let mut text = String::new();
    for (name, listener) in rows {
        let error = listen::open(&server(vec![anywhere(), listener])).unwrap_err();
        assert!(!error.is_configuration());
        let shown = error
            .to_string()
            .replace(&taken.local_addr().unwrap().to_string(), "[address]");
        text.push_str(&format!("{name}: {}\n", masked(&shown, folder.path())));
    }
    insta::assert_snapshot!(text);
}

/// Without the name of a folder that differs from run to run.
pub fn masked(text: &str, folder: &Path) -> String {
    text.replace(&folder.display().to_string(), "[folder]")
}

/// A listener whose files lie in `folder`.
pub fn with_tls(folder: &Path, client_ca: bool) -> Listener {
    Listener {
        tls: Some(TlsFiles {
            certificate: folder.join("server.pem"),
            key: folder.join("server.key"),
            client_ca: client_ca.then(|| folder.join("ca.pem")),
            minimum_version: TlsVersion::Tls12,
        }),
        ..anywhere()
    }
}
