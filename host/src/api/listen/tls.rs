//! TLS of listeners: reads and checks certificates and keys, and swaps them without touching
//! connections.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};
use zeroize::Zeroizing;

use super::{error::ListenError, open::Bound};
use crate::config::{ListenAt, Server, TlsFiles, TlsVersion};

const NEW: &[&SupportedProtocolVersion] = &[&TLS13];
const NEW_AND_OLD: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// The settings that the next handshake uses.
pub(super) type CurrentTls = Arc<ArcSwap<ServerConfig>>;

/// The TLS settings of all listeners that have some.
#[derive(Default)]
pub struct Certificates {
    slots: Mutex<Vec<(ListenAt, CurrentTls)>>,
}

/// New settings that were read and checked, but not put in force.
#[must_use = "nothing changes before `commit`"]
pub struct Prepared {
    swaps: Vec<(CurrentTls, Arc<ServerConfig>)>,
}

impl Certificates {
    /// Remembers what the listeners use.
    pub(in crate::api) fn adopt<'a>(&self, bound: impl Iterator<Item = &'a Bound>) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.extend(bound.filter_map(Bound::tls_slot));
    }

    /// Reads and checks the files that a new configuration names, for the listeners that are open.
    /// A listener that the new configuration no longer has, or has without TLS, keeps what it uses:
    /// listeners themselves change only when the server starts again.
    ///
    /// # Errors
    /// Every problem, each with key and file.
    pub fn prepare(&self, server: &Server) -> Result<Prepared, Vec<String>> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let mut swaps = Vec::new();
        let mut problems = Vec::new();
        for (at, current) in slots.iter() {
            let found = server
                .listeners
                .iter()
                .enumerate()
                .find(|(_, listener)| listener.at == *at)
                .and_then(|(index, listener)| Some((index, listener.tls.as_ref()?)));
            let Some((index, files)) = found else {
                continue;
            };
            match load(&format!("server.listen[{index}].tls"), files) {
                Ok(config) => swaps.push((Arc::clone(current), Arc::new(config))),
                Err(problem) => problems.push(problem.to_string()),
            }
        }
        if problems.is_empty() {
            Ok(Prepared { swaps })
        } else {
            Err(problems)
        }
    }
}

impl Prepared {
    /// Puts the new settings in force, for handshakes from now on.
    pub fn commit(self) {
        for (current, next) in self.swaps {
            current.store(next);
        }
    }
}

/// Settings read from files, ready to be swapped.
pub(super) fn current(key: &str, files: &TlsFiles) -> Result<CurrentTls, ListenError> {
    load(key, files).map(|config| Arc::new(ArcSwap::from_pointee(config)))
}

fn load(key: &str, files: &TlsFiles) -> Result<ServerConfig, ListenError> {
    let failed = |name: &str, why: String| ListenError::Tls {
        key: format!("{key}.{name}"),
        why,
    };
    let chain = certificates(&files.certificate).map_err(|why| failed("certificate", why))?;
    let private = private_key(&files.key).map_err(|why| failed("key", why))?;
    let versions = match files.minimum_version {
        TlsVersion::Tls12 => NEW_AND_OLD,
        TlsVersion::Tls13 => NEW,
    };
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|error| failed("minimum_version", error.to_string()))?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = authorities(path).map_err(|why| failed("client_ca", why))?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| failed("client_ca", format!("{}: {error}", path.display())))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, private).map_err(|error| {
        let why = match error {
            rustls::Error::InconsistentKeys(_) => format!(
                "the key in {} does not belong to the certificate in {}",
                files.key.display(),
                files.certificate.display()
            ),
            error => format!(
                "the certificate in {} and the key in {} cannot be used: {error}",
                files.certificate.display(),
                files.key.display()
            ),
        };
        failed("key", why)
    })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn authorities(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| format!("{} holds no usable authority: {error}", path.display()))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(path)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{} is damaged: {error}", path.display()))?;
    if chain.is_empty() {
        return Err(format!(
            "{} holds no certificate: it must be PEM, with `-----BEGIN CERTIFICATE-----`",
            path.display()
        ));
    }
    Ok(chain)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let text = read(path)?;
    let encrypted = b"BEGIN ENCRYPTED PRIVATE KEY";
    if text.windows(encrypted.len()).any(|part| part == encrypted) {
        return Err(format!(
            "the key in {} is encrypted: decrypt it with `openssl pkey -in FILE -out FILE`, and let \
             only the server's user read it",
            path.display()
        ));
    }
    // The error is not printed: it may quote what it read.
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        format!(
            "{} holds no private key: it must be PEM, with `-----BEGIN PRIVATE KEY-----`",
            path.display()
        )
    })
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    fs::read(path)
        .map(Zeroizing::new)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))
}
