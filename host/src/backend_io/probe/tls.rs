//! TLS of checks: whose certificates are believed.

use std::sync::{Arc, OnceLock};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio_rustls::TlsConnector;

use super::{FailureKind, talk::Problem};
use crate::config::HealthTarget;

/// For all connections to one target.
pub(super) fn connector(target: &HealthTarget) -> Result<TlsConnector, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let config = if target.tls_skip_verify {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(BelievesAll(provider)))
            .with_no_client_auth()
    } else {
        builder
            .with_root_certificates(roots(target)?)
            .with_no_client_auth()
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

fn roots(target: &HealthTarget) -> Result<Arc<RootCertStore>, String> {
    let Some(authorities) = &target.authorities else {
        return Ok(system_roots());
    };
    let mut roots = RootCertStore::empty();
    for certificate in &authorities.certificates {
        roots
            .add(certificate.clone())
            .map_err(|error| format!("{}: {error}", authorities.file.display()))?;
    }
    Ok(Arc::new(roots))
}

/// Read once: hundreds of servers would read hundreds of files each.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let read = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    };
    Arc::clone(ROOTS.get_or_init(read))
}

/// The name that the certificate must have.
pub(super) fn server_name(target: &HealthTarget) -> Result<ServerName<'static>, Problem> {
    let name = target.tls_server_name.as_ref().unwrap_or(&target.host);
    ServerName::try_from(name.clone()).map_err(|error| {
        Problem::new(
            FailureKind::Tls,
            format!("no certificate can name {name}: {error}"),
        )
    })
}

/// `tls_skip_verify`: any certificate will do; the handshake itself must be right.
#[derive(Debug)]
struct BelievesAll(Arc<CryptoProvider>);

impl ServerCertVerifier for BelievesAll {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
