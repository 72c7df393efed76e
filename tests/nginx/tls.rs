//! Certificates of the tests' own authority, and clients that believe it.

use std::{io, net::TcpStream, sync::Arc};

use bulkhead_harness::lines::Stream;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SerialNumber};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// The name of the mail front end.
pub const NAME: &str = "mail.example.org";

/// The name of the pages.
pub const SITE: &str = "intranet.example.org";

/// An authority, a server's certificate and a client's.
pub struct Authority {
    /// The authority's certificate, in PEM.
    pub pem: String,
    /// The server's, for [`NAME`], [`SITE`] and 127.0.0.1.
    pub certificate: String,
    pub key: String,
    der: CertificateDer<'static>,
    client: (CertificateDer<'static>, Vec<u8>),
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Test Authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);

        let server_key = KeyPair::generate().unwrap();
        let names = vec![NAME.to_owned(), SITE.to_owned(), "127.0.0.1".to_owned()];
        let server = CertificateParams::new(names).unwrap();
        let server = server.signed_by(&server_key, &issuer).unwrap();

        let client_key = KeyPair::generate().unwrap();
        let mut client = CertificateParams::default();
        client.distinguished_name = rcgen::DistinguishedName::new();
        client
            .distinguished_name
            .push(DnType::CommonName, "alice's laptop");
        client.serial_number = Some(SerialNumber::from(0x0102_0304_u64));
        let client = client.signed_by(&client_key, &issuer).unwrap();
        Self {
            pem: own.pem(),
            certificate: server.pem(),
            key: server_key.serialize_pem(),
            der: own.der().clone(),
            client: (client.der().clone(), client_key.serialize_der()),
        }
    }

    /// A client without a certificate.
    pub fn client(&self) -> Client {
        self.connector(None)
    }

    /// A client that shows its certificate.
    pub fn client_with_certificate(&self) -> Client {
        let (certificate, key) = self.client.clone();
        self.connector(Some((certificate, key)))
    }

    fn connector(&self, own: Option<(CertificateDer<'static>, Vec<u8>)>) -> Client {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            Some((certificate, key)) => builder
                .with_client_auth_cert(
                    vec![certificate],
                    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key)),
                )
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        Client(Arc::new(config))
    }
}

/// Speaks TLS as client.
#[derive(Clone)]
pub struct Client(Arc<ClientConfig>);

impl Client {
    /// For the harness' sessions.
    pub fn wrap(&self, tcp: TcpStream) -> io::Result<Box<dyn Stream>> {
        let name = NAME.try_into().map_err(io::Error::other)?;
        let connection =
            ClientConnection::new(Arc::clone(&self.0), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Box::new(stream))
    }
}
