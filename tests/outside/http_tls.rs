//! Encrypted connections: whose certificates are believed.

use std::{net::SocketAddr, path::Path, sync::Arc};

use bulkhead::{
    backend_io::http::{HttpClient, HttpEgress, HttpError, OutgoingRequest},
    config::HttpGrant,
};
use tokio::io::AsyncWriteExt;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::server::{Names, denial, get, grant, listen, ok, read_request, redirect, soon};

/// A server for `tls.example` with a certificate of its own; the certificate goes to `ca`.
async fn https(ca: &Path, answer: Vec<u8>) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(vec!["tls.example".to_owned()]).unwrap();
    std::fs::write(ca, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    listen(move |stream| {
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            while read_request(&mut stream).await.is_some() {
                stream.write_all(&answer).await.unwrap();
            }
        }
    })
    .await
}

fn client() -> HttpClient {
    let names = Names::default()
        .with("tls.example", &[&["127.0.0.1"]])
        .with("other.example", &[&["127.0.0.1"]]);
    HttpClient::with_lookup(vec![], Arc::new(names))
}

fn grant_with(port: u16, ca_file: Option<&Path>) -> HttpGrant {
    let hosts = [
        format!("tls.example:{port}"),
        format!("other.example:{port}"),
    ];
    let mut granted = grant(&[&hosts[0], &hosts[1]]);
    granted.private = true;
    granted.ca_file = ca_file.map(Path::to_owned);
    granted
}

#[tokio::test]
async fn the_grants_authority_is_believed_for_its_name_only() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let port = https(&ca, ok("encrypted")).await.port();
    let egress = HttpEgress::compile(&grant_with(port, Some(&ca))).unwrap();
    let url = format!("https://tls.example:{port}/");
    let response = client().send(&egress, get(&url), soon()).await.unwrap();
    assert_eq!(response.body, b"encrypted");

    let egress = HttpEgress::compile(&grant_with(port, Some(&ca))).unwrap();
    let url = format!("https://other.example:{port}/");
    let result = client().send(&egress, get(&url), soon()).await;
    assert!(matches!(result, Err(HttpError::Tls(_))), "{result:?}");
}

#[tokio::test]
async fn a_certificate_of_nobodys_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let port = https(&ca, ok("encrypted")).await.port();
    let url = format!("https://tls.example:{port}/");
    let egress = HttpEgress::compile(&grant_with(port, None)).unwrap();
    let result = client().send(&egress, get(&url), soon()).await;
    assert!(matches!(result, Err(HttpError::Tls(_))), "{result:?}");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_an_error() {
    let plain = crate::server::once(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()).await;
    let url = format!("https://tls.example:{}/", plain.port());
    let egress = HttpEgress::compile(&grant_with(plain.port(), None)).unwrap();
    let mut request = get(&url);
    request.timeout = Some(std::time::Duration::from_millis(500));
    let result = client().send(&egress, request, soon()).await;
    assert!(result.is_err(), "{result:?}");
}

#[tokio::test]
async fn a_redirect_from_https_to_http_is_never_followed() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let answer = redirect(302, "http://tls.example:80/");
    let port = https(&ca, answer).await.port();
    let mut granted = grant_with(port, Some(&ca));
    granted.hosts.push("tls.example".to_owned());
    let egress = HttpEgress::compile(&granted).unwrap();
    let request = OutgoingRequest {
        redirects: 3,
        ..get(&format!("https://tls.example:{port}/"))
    };
    let text = denial(client().send(&egress, request, soon()).await);
    assert!(text.contains("https to http"), "{text}");
}

#[test]
fn an_authority_file_without_certificates_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    for content in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        std::fs::write(&ca, content).unwrap();
        let error = HttpEgress::compile(&grant_with(443, Some(&ca)))
            .err()
            .unwrap();
        assert!(error.to_string().contains("ca.pem"), "{error}");
    }
}
