//! TLS: protocols, versions, client certificates, new certificates under open connections.

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use bulkhead::{
    api::listen,
    config::{ListenAt, Listener, Server, TlsVersion},
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    client::{Wire, get, post_json, status},
    listener_places::{anywhere, masked, server, with_tls},
    outcomes::login,
    policy::PASSWORD,
    server::Setup,
};

/// An authority of our own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// Certificate and key in PEM.
    pub fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// Writes what [`with_tls`] names.
    pub fn write(&self, folder: &Path) {
        let (certificate, key) = self.issue("bulkhead.test");
        fs::write(folder.join("server.pem"), certificate).unwrap();
        fs::write(folder.join("server.key"), key).unwrap();
        fs::write(folder.join("ca.pem"), &self.pem).unwrap();
    }

    /// A client that trusts this authority.
    pub fn client(&self) -> Client {
        Client {
            authority: self.pem.clone(),
            protocols: Vec::new(),
            versions: rustls::ALL_VERSIONS,
            identity: None,
        }
    }
}

/// TLS 1.2 and nothing newer.
const OLD: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS12];

pub struct Client {
    authority: String,
    pub protocols: Vec<&'static str>,
    pub versions: &'static [&'static rustls::SupportedProtocolVersion],
    pub identity: Option<(String, String)>,
}

impl Client {
    /// Speaks TLS over `stream`. With TLS 1.3 a refusal of the client's certificate shows only later.
    pub async fn handshake(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(self.authority.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                    PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
                )
                .unwrap(),
        };
        config.alpn_protocols = self
            .protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        let name = ServerName::try_from("bulkhead.test").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }

    pub async fn connect(&self, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
        self.handshake(TcpStream::connect(address).await?).await
    }
}

/// The serial number of the certificate that the server shows, as it stands in the certificate.
fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.write(folder.path());
    let mut setup = Setup::new();
    setup.server.listeners = vec![with_tls(folder.path(), false)];
    let server = setup.listen().await;
    let rows: [(&[&str], Option<&[u8]>); 3] = [
        (&[], None),
        (&["http/1.1"], Some(b"http/1.1")),
        (&["h2", "http/1.1"], Some(b"h2")),
    ];
    for (protocols, chosen) in rows {
        let client = Client {
            protocols: protocols.to_vec(),
            ..authority.client()
        };
        let stream = client.connect(server.address).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen, "{protocols:?}");
        if chosen != Some(b"h2") {
            let mut wire = Wire::over(stream);
            wire.send(post_json("", &login("alice", PASSWORD))).await;
            assert_eq!(status(&wire.response().await), 200);
        }
    }
    // A client that speaks nothing that we speak is told so in the handshake.
    let client = Client {
        protocols: vec!["h3"],
        ..authority.client()
    };
    assert!(client.connect(server.address).await.is_err());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_than_the_least_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.write(folder.path());
    let rows = [
        (TlsVersion::Tls12, OLD, true),
        (TlsVersion::Tls13, OLD, false),
        (TlsVersion::Tls13, rustls::ALL_VERSIONS, true),
    ];
    for (minimum, versions, works) in rows {
        let mut setup = Setup::new();
        let mut listener = with_tls(folder.path(), false);
        listener.tls.as_mut().unwrap().minimum_version = minimum;
        setup.server.listeners = vec![listener];
        let server = setup.listen().await;
        let client = Client {
            versions,
            ..authority.client()
        };
        assert_eq!(
            client.connect(server.address).await.is_ok(),
            works,
            "{minimum:?}"
        );
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_show_a_certificate_of_the_authority_where_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, other) = (Authority::new(), Authority::new());
    authority.write(folder.path());
    let mut setup = Setup::new();
    setup.server.listeners = vec![with_tls(folder.path(), true)];
    let server = setup.listen().await;
    let rows = [
        ("none", None, false),
        ("another's", Some(other.issue("dovecot")), false),
        ("ours", Some(authority.issue("dovecot")), true),
    ];
    for (name, identity, works) in rows {
        let client = Client {
            identity,
            // Here the handshake itself fails.
            versions: OLD,
            ..authority.client()
        };
        let connected = client.connect(server.address).await;
        assert_eq!(connected.is_ok(), works, "{name}");
        if let Ok(stream) = connected {
            let mut wire = Wire::over(stream);
            wire.send(get("/ping", "")).await;
            assert_eq!(status(&wire.response().await), 200);
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_certificates_are_for_new_connections_and_open_ones_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.write(folder.path());
    let mut setup = Setup::new();
    setup.server.listeners = vec![with_tls(folder.path(), false)];
    let server = setup.listen().await;
    let configuration = server.state.generation.load().server.clone();
    let old = authority.client().connect(server.address).await.unwrap();
    let old_certificate = shown(&old);
    let mut old = Wire::over(old);

    authority.write(folder.path());
    let prepared = server.state.certificates.prepare(&configuration).unwrap();
    // Checked, but not in force.
    let between = authority.client().connect(server.address).await.unwrap();
    assert_eq!(shown(&between), old_certificate);
    prepared.commit();
    let new = authority.client().connect(server.address).await.unwrap();
    assert_ne!(shown(&new), old_certificate);
    old.send(get("/ping", "")).await;
    assert_eq!(status(&old.response().await), 200);

    // What is broken changes nothing.
    fs::write(folder.path().join("server.key"), "no key").unwrap();
    let problems = server
        .state
        .certificates
        .prepare(&configuration)
        .err()
        .unwrap();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].contains("server.listen[0].tls.key"),
        "{problems:?}"
    );
    let again = authority.client().connect(server.address).await.unwrap();
    assert_eq!(shown(&again), shown(&new));

    // Nor does a listener that is no longer configured.
    let moved = Server {
        listeners: vec![
            anywhere(),
            Listener {
                at: ListenAt::Systemd("x".to_owned()),
                ..anywhere()
            },
        ],
        ..configuration
    };
    server.state.certificates.prepare(&moved).unwrap().commit();
    authority.client().connect(server.address).await.unwrap();
    server.stop().await;
}

/// Files that cannot be used, with what is said.
#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said_with_its_file() {
    let authority = Authority::new();
    let (_, other_key) = authority.issue("bulkhead.test");
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMA==\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let rows: [(&str, &str, Option<&str>); 8] = [
        ("no certificate file", "server.pem", None),
        ("no key file", "server.key", None),
        ("no authority file", "ca.pem", None),
        ("not PEM", "server.pem", Some("DER or so")),
        (
            "damaged",
            "server.pem",
            Some("-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n"),
        ),
        ("no key in it", "server.key", Some("nothing")),
        ("an encrypted key", "server.key", Some(encrypted)),
        ("another certificate's key", "server.key", Some(&other_key)),
    ];
    let mut text = String::new();
    for (name, file, content) in rows {
        let folder = tempfile::tempdir().unwrap();
        authority.write(folder.path());
        match content {
            Some(content) => fs::write(folder.path().join(file), content).unwrap(),
            None => fs::remove_file(folder.path().join(file)).unwrap(),
        }
        let error = listen::open(&server(vec![with_tls(folder.path(), true)])).unwrap_err();
        assert!(error.is_configuration());
        text.push_str(&format!(
            "{name}: {}\n",
            masked(&error.to_string(), folder.path())
        ));
    }
    insta::assert_snapshot!(text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_does_not_come_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.write(folder.path());
    let mut setup = Setup::new();
    setup.server.listeners = vec![with_tls(folder.path(), false)];
    setup.limits.tls_handshake_timeout = Duration::from_millis(200);
    let server = setup.listen().await;
    // Silence, the beginning of a handshake, and plain HTTP.
    for words in [
        b"".as_slice(),
        b"\x16\x03\x01",
        b"GET /ping HTTP/1.1\r\n\r\n",
    ] {
        let mut wire = Wire::connect(server.address).await;
        wire.send(words).await;
        wire.until_closed().await;
    }
    authority.client().connect(server.address).await.unwrap();
    server.stop().await;
}
