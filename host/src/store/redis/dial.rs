//! How to reach a server: TCP or TLS, and who we say we are.
//!
//! Knows one server at a time and nothing of what is asked.

use std::{sync::Arc, time::Duration};

use redis::RedisConnectionInfo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::failure::{Failure, Kind};
use crate::config::{RedisAddress, RedisTls, StorePassword};

/// Bytes to and from a server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// How to reach servers of one kind.
#[derive(Clone)]
pub(super) struct Dial {
    pub(super) tls: Option<TlsConnector>,
    /// User, password, database.
    pub(super) login: RedisConnectionInfo,
    /// For everything until the connection can be used.
    pub(super) timeout: Duration,
}

/// What is said to a server first.
pub(super) fn login(
    username: Option<&str>,
    password: Option<&StorePassword>,
    database: u32,
) -> RedisConnectionInfo {
    let mut login = RedisConnectionInfo::default()
        .set_skip_set_lib_name()
        .set_db(i64::from(database));
    if let Some(name) = username {
        login = login.set_username(name);
    }
    if let Some(password) = password {
        login = login.set_password(password.expose());
    }
    login
}

impl Dial {
    /// Opens a stream. The caller limits the time.
    pub(super) async fn stream(&self, server: &RedisAddress) -> Result<Box<dyn Stream>, Failure> {
        let failed = |why: &dyn std::fmt::Display| {
            Failure::unreachable(&server.to_string(), &why.to_string())
        };
        let stream = TcpStream::connect((server.host.as_str(), server.port))
            .await
            .map_err(|error| failed(&error))?;
        stream.set_nodelay(true).map_err(|error| failed(&error))?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::try_from(server.host.clone()).map_err(|error| failed(&error))?;
        let stream = tls.connect(name, stream).await.map_err(|error| {
            Failure::new(
                Kind::Unreachable,
                format!(
                    "no trustworthy TLS connection to Redis at {server} ({error}); see that it speaks TLS there, and that `store.redis.tls` names its authority, and a certificate if it wants one"
                ),
            )
        })?;
        Ok(Box::new(stream))
    }
}

/// Reads the files of `store.redis.tls`.
///
/// # Errors
/// What is wrong with them, and what to do.
pub(super) fn connector(tls: &RedisTls) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    match &tls.ca_file {
        Some(file) => {
            for certificate in certificates(file)? {
                roots
                    .add(certificate)
                    .map_err(|error| unusable(file, &error))?;
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        }
    }
    if roots.is_empty() {
        return Err(
            "there are no certificate authorities to check Redis' certificate against; write `store.redis.tls.ca_file`"
                .to_owned(),
        );
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    let config = match &tls.client {
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let key_file = key;
            let key = PrivateKeyDer::from_pem_file(key_file)
                .map_err(|error| unusable(key_file, &error))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| unusable(certificate, &error))?
        }
        None => builder.with_no_client_auth(),
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

fn certificates(file: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(file, &error))?;
    if found.is_empty() {
        return Err(unusable(file, &"it holds no certificate"));
    }
    Ok(found)
}

fn unusable(file: &std::path::Path, why: &dyn std::fmt::Display) -> String {
    format!(
        "`{}` of `store.redis.tls` cannot be used ({why}); it must be PEM",
        file.display()
    )
}
