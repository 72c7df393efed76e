//! How to reach a server: TCP or TLS, and who we say we are.
//!
//! Knows one server at a time and nothing of what is asked.

use std::{sync::Arc, time::Duration};

use redis::RedisConnectionInfo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::failure::{Failure, Kind};
use crate::config::{RedisAddress, RedisTls, StorePassword};

/// How long a connection is idle before the system asks whether the other end is there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
/// How long it waits before it asks again.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// Questions without an answer after which the connection is given up.
const KEEPALIVE_PROBES: u32 = 3;
/// How long what was sent may stay unconfirmed (`TCP_USER_TIMEOUT`) before the connection is given up.
#[cfg(target_os = "linux")]
const UNCONFIRMED: Duration = Duration::from_secs(20);

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
        watch(&stream);
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

/// Has the system notice a server that vanished without a word, also while nobody asks it anything.
fn watch(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_PROBES);
    // Where the system cannot, the timeouts of operations and the pings of subscriptions notice it.
    if let Err(error) = socket.set_tcp_keepalive(&keepalive) {
        tracing::debug!(%error, "No keep-alive for a connection to Redis");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = socket.set_tcp_user_timeout(Some(UNCONFIRMED)) {
        tracing::debug!(%error, "No limit for what stays unconfirmed on a connection to Redis");
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_system_watches_every_connection() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(server.local_addr().unwrap())
            .await
            .unwrap();
        watch(&stream);
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE_IDLE);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), KEEPALIVE_INTERVAL);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), KEEPALIVE_PROBES);
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(UNCONFIRMED));
    }
}
