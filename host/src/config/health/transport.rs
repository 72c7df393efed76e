//! How a check reaches a server: TLS, whose certificates are believed, and what is asked of HTTP.

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};

use crate::config::{
    reader::Reader,
    schema::{Authorities, Encryption, ServerProtocol},
    section::Section,
};

pub(super) fn encryption(
    reader: &mut Reader,
    section: &Section<'_>,
    protocol: Option<ServerProtocol>,
) -> Encryption {
    let words = [
        ("none", Encryption::None),
        ("implicit", Encryption::Implicit),
        ("starttls", Encryption::StartTls),
    ];
    let tls = section.choice(reader, "tls", &words, Encryption::None);
    if let (Encryption::StartTls, Some(ServerProtocol::Http), Some(node)) =
        (tls, protocol, section.value("tls"))
    {
        let message = "HTTP has no STARTTLS".to_owned();
        reader.error(&node.span, message, "", "write `tls: implicit` for https");
    }
    tls
}

pub(super) fn authorities(reader: &mut Reader, section: &Section<'_>) -> Option<Authorities> {
    let node = section.value("ca_file")?;
    let path = section.path_of("ca_file");
    let file = reader.existing_file(node, &path)?;
    let pem = std::fs::read(&file).unwrap_or_default();
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let why = match certificates {
        Ok(certificates) if certificates.is_empty() => "it holds no certificate".to_owned(),
        Ok(certificates) => {
            let mut roots = rustls::RootCertStore::empty();
            let wrong = certificates
                .iter()
                .find_map(|one| roots.add(one.clone()).err());
            match wrong {
                Some(error) => error.to_string(),
                None => return Some(Authorities { file, certificates }),
            }
        }
        Err(error) => error.to_string(),
    };
    let help = "give a file of certificates in PEM";
    reader.error(&node.span, format!("`{path}` cannot be used"), &why, help);
    None
}

pub(super) fn server_name(reader: &mut Reader, section: &Section<'_>) -> Option<String> {
    let node = section.value("tls_server_name")?;
    let path = section.path_of("tls_server_name");
    let text = reader.text(node, &path)?;
    if ServerName::try_from(text).is_err() {
        let message = format!("`{path}` is no name that a certificate could have");
        reader.error(&node.span, message, "", "write it like `imap.example.org`");
        return None;
    }
    Some(text.to_owned())
}

pub(super) fn warn_of_unused_tls(
    reader: &mut Reader,
    section: &Section<'_>,
    tls: Encryption,
    skip_verify: bool,
) {
    if tls == Encryption::None {
        for key in ["tls_server_name", "tls_skip_verify", "ca_file"] {
            // Written out, the default of `tls_skip_verify` does no harm.
            let is_unused = key != "tls_skip_verify" || skip_verify;
            if let Some(entry) = section.entry(key).filter(|_| is_unused) {
                let message = format!("`{}` has no use without TLS", section.path_of(key));
                let help = "write `tls: implicit` or `tls: starttls`, or remove it";
                reader.warning(&entry.key_span, message, "", help);
            }
        }
        return;
    }
    if let (true, Some(entry)) = (skip_verify, section.entry("tls_skip_verify")) {
        let message = "the check believes every certificate".to_owned();
        let help = "name the authority of the certificate: `ca_file: ca.pem`";
        let label = "whoever answers counts as this server, and gets the test password";
        reader.warning(&entry.key_span, message, label, help);
    }
}

pub(super) fn request_uri(
    reader: &mut Reader,
    section: &Section<'_>,
    protocol: Option<ServerProtocol>,
) -> String {
    let default = "/".to_owned();
    let Some(node) = section.value("request_uri") else {
        return default;
    };
    let path = section.path_of("request_uri");
    let Some(text) = reader.text(node, &path) else {
        return default;
    };
    let is_http = protocol.is_none_or(|protocol| protocol == ServerProtocol::Http);
    if !is_http && text != default {
        let message = format!("`{path}` is for HTTP only");
        reader.error(&node.span, message, "", "remove it");
        return default;
    }
    let fits = text.len() <= 2048
        && text.starts_with('/')
        && text.chars().all(|symbol| symbol.is_ascii_graphic());
    if !fits {
        let message = format!("`{path}` is no path");
        let help = "begin with `/`; write blanks and other characters as `%20`";
        reader.error(&node.span, message, "", help);
        return default;
    }
    text.to_owned()
}
