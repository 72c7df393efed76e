//! Whom a pool trusts, and which certificate it shows.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use zeroize::Zeroizing;

use crate::config::LdapPool;

/// What the files of a pool held.
#[derive(PartialEq)]
pub(super) struct Files {
    authorities: Option<File>,
    /// Certificate and key.
    identity: Option<(File, File)>,
}

#[derive(PartialEq)]
struct File {
    path: PathBuf,
    pem: Zeroizing<Vec<u8>>,
}

impl File {
    fn read(path: &Path) -> Result<Self, String> {
        let pem = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            pem: pem.into(),
        })
    }

    fn wrong(&self, why: impl std::fmt::Display) -> String {
        format!("{}: {why}", self.path.display())
    }

    /// At least one.
    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.pem).collect();
        match found {
            Ok(found) if !found.is_empty() => Ok(found),
            Ok(_) => Err(self.wrong("it holds no certificate")),
            Err(error) => Err(self.wrong(error)),
        }
    }
}

impl Files {
    /// Reads those that the pool names.
    pub(super) fn read(config: &LdapPool) -> Result<Self, String> {
        let identity = config.identity.as_ref();
        Ok(Self {
            authorities: config.ca_file.as_deref().map(File::read).transpose()?,
            identity: identity
                .map(|(certificate, key)| {
                    Ok::<_, String>((File::read(certificate)?, File::read(key)?))
                })
                .transpose()?,
        })
    }

    /// The TLS settings of the pool.
    pub(super) fn settings(&self) -> Result<Arc<ClientConfig>, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(self.roots()?);
        let Some((certificate, key)) = &self.identity else {
            return Ok(Arc::new(builder.with_no_client_auth()));
        };
        let chain = certificate.certificates()?;
        let private = PrivateKeyDer::from_pem_slice(&key.pem).map_err(|error| key.wrong(error))?;
        let config = builder
            .with_client_auth_cert(chain, private)
            .map_err(|error| key.wrong(error))?;
        Ok(Arc::new(config))
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        let Some(file) = &self.authorities else {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            return Ok(roots);
        };
        for certificate in file.certificates()? {
            roots.add(certificate).map_err(|error| file.wrong(error))?;
        }
        Ok(roots)
    }
}
