//! A certificate that signs itself, for a server of the tests.

use std::{path::PathBuf, sync::Arc};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// For this name.
pub const NAME: &str = "mail.example.org";

pub struct Certificate {
    /// In PEM.
    pub pem: String,
    /// In PEM.
    pub key: String,
    /// A file with the certificate: its own authority.
    pub file: PathBuf,
    acceptor: TlsAcceptor,
    /// Only held: the file is in it.
    _folder: tempfile::TempDir,
}

impl Certificate {
    pub fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(vec![NAME.to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, made.cert.pem()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        Self {
            pem: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
            file,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            _folder: folder,
        }
    }

    /// Speaks TLS as the server.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Keys of a target that believes this certificate and no other.
    pub fn believed(&self) -> String {
        let file = self.file.display();
        format!(", tls_server_name: {NAME}, ca_file: \"{file}\"")
    }
}
