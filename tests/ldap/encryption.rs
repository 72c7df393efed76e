//! StartTLS, LDAPS, client certificates and SASL EXTERNAL, with certificates made here.

use std::path::{Path, PathBuf};

use bulkhead::backend_io::ldap::{LdapClient, LdapError, Unwatched};
use bulkhead_harness::{Slapd, SlapdSetup};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::support::{ADMIN, by_uid, check, client, configured, slapd_with, soon};

/// A certificate authority, what it signed, and the files.
struct Authority {
    folder: tempfile::TempDir,
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "Test authority");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), &certificate).unwrap();
        Self {
            folder,
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Certificate and key for a name or an address.
    fn signed(&self, subject: &str, name: &str) -> [String; 2] {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, subject);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        [certificate.pem(), key.serialize_pem()]
    }

    /// The same in files, as YAML.
    fn identity(&self, subject: &str) -> String {
        let [certificate, key] = self.signed(subject, "client.example");
        std::fs::write(self.path("client.pem"), certificate).unwrap();
        std::fs::write(self.path("client.key"), key).unwrap();
        format!(
            "certificate: \"{}\", key: \"{}\"",
            self.path("client.pem").display(),
            self.path("client.key").display()
        )
    }

    fn ca_file(&self) -> String {
        format!("ca_file: \"{}\"", self.path("ca.pem").display())
    }

    /// A directory whose certificate is for 127.0.0.1.
    fn slapd(&self, global: &str, database: &str) -> Slapd {
        let [certificate, key] = self.signed("127.0.0.1", "127.0.0.1");
        slapd_with(SlapdSetup {
            global: global.to_owned(),
            database: database.to_owned(),
            tls: Some([self.certificate.clone(), certificate, key]),
            ..SlapdSetup::default()
        })
    }
}

/// Whether alice is found.
async fn finds(client: &LdapClient) -> Result<bool, LdapError> {
    let found = client.search(&by_uid("alice"), soon()).await;
    found.map(|found| found.entries.len() == 1)
}

fn is_outage(result: &Result<bool, LdapError>) -> bool {
    matches!(result, Err(LdapError::Unavailable(_)))
}

#[tokio::test]
async fn ldaps_and_start_tls_encrypt_searches_and_binds() {
    let authority = Authority::new();
    // What is not encrypted is refused.
    let slapd = authority.slapd("security tls=128", "");
    let ca = authority.ca_file();
    let (plain, encrypted) = (slapd.uri(), slapd.encrypted_uri());
    for (uri, start_tls, works) in [
        (&encrypted, "false", true),
        (&plain, "true", true),
        (&plain, "false", false),
    ] {
        let client = client(&format!(
            "uris: [\"{uri}\"], {ADMIN}, {ca}, start_tls: {start_tls}, retries: 0"
        ));
        let found = finds(&client).await;
        match works {
            true => {
                assert_eq!(found, Ok(true), "{uri} {start_tls}");
                assert_eq!(check(&client, "secret of alice").await, Ok(true));
                assert_eq!(check(&client, "guess").await, Ok(false));
            }
            false => {
                assert!(is_outage(&found), "{found:?}");
                // confidentialityRequired: no word about the password.
                let checked = check(&client, "secret of alice").await;
                assert!(
                    matches!(checked, Err(LdapError::Refused { code: 13, .. })),
                    "{checked:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_server_of_somebody_else_or_under_another_name_is_not_spoken_to() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let slapd = authority.slapd("", "");
    let uri = slapd.encrypted_uri();
    let elsewhere = uri.replace("127.0.0.1", "localhost");
    for (uri, ca) in [
        (&uri, stranger.ca_file()),
        (&elsewhere, authority.ca_file()),
    ] {
        let client = client(&format!("uris: [\"{uri}\"], {ADMIN}, {ca}, retries: 0"));
        let found = finds(&client).await;
        let Err(LdapError::Unavailable(text)) = found else {
            panic!("{uri}: {found:?}")
        };
        assert!(
            text.contains("TLS") && text.contains("certificate"),
            "{text}"
        );
    }
    let log = slapd.log();
    assert!(
        !log.contains("BIND"),
        "a password went to a stranger: {log}"
    );
}

#[tokio::test]
async fn a_directory_without_tls_is_not_used_where_start_tls_is_asked_for() {
    let slapd = slapd_with(SlapdSetup::default());
    let client = client(&format!(
        "uris: [\"{}\"], {ADMIN}, start_tls: true, retries: 0",
        slapd.uri()
    ));
    let Err(LdapError::Unavailable(text)) = finds(&client).await else {
        panic!("it was used")
    };
    assert!(text.contains("StartTLS was refused"), "{text}");
    assert!(is_outage(&check(&client, "secret of alice").await));
    assert!(!slapd.log().contains("BIND"), "{}", slapd.log());
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_that_asks() {
    let authority = Authority::new();
    let slapd = authority.slapd("TLSVerifyClient demand", "");
    let (uri, ca) = (slapd.encrypted_uri(), authority.ca_file());
    let identity = authority.identity("bulkhead");
    let without = client(&format!("uris: [\"{uri}\"], {ADMIN}, {ca}, retries: 0"));
    let found = finds(&without).await;
    assert!(is_outage(&found), "{found:?}");
    let with = client(&format!(
        "uris: [\"{uri}\"], {ADMIN}, {ca}, {identity}, retries: 0"
    ));
    assert_eq!(finds(&with).await, Ok(true));
    assert_eq!(check(&with, "secret of alice").await, Ok(true));
}

#[tokio::test]
async fn with_external_the_certificate_says_who_searches() {
    let authority = Authority::new();
    // Only whoever the certificate names may read.
    let slapd = authority.slapd(
        "TLSVerifyClient try\n\
         authz-regexp \"^cn=bulkhead$\" \"cn=reader,dc=example,dc=org\"",
        "access to attrs=userPassword by anonymous auth by * none\n\
         access to * by dn.exact=\"cn=reader,dc=example,dc=org\" read by * none",
    );
    let ca = authority.ca_file();
    for (uri, start_tls) in [(slapd.encrypted_uri(), "false"), (slapd.uri(), "true")] {
        for (subject, finds_alice) in [("bulkhead", true), ("somebody", false)] {
            let identity = authority.identity(subject);
            let client = client(&format!(
                "uris: [\"{uri}\"], external: true, {ca}, {identity}, start_tls: {start_tls}, retries: 0"
            ));
            let found = finds(&client).await;
            match finds_alice {
                true => assert_eq!(found, Ok(true), "{uri} {subject}"),
                // What one may not see is not there.
                false => assert!(!matches!(found, Ok(true)), "{uri} {subject}"),
            }
        }
    }
    assert!(slapd.log().contains("mech=EXTERNAL"), "{}", slapd.log());
}

#[tokio::test]
async fn with_external_the_socket_says_who_searches() {
    let slapd = slapd_with(SlapdSetup {
        global: "authz-regexp \"uidNumber=[0-9]+,cn=peercred,cn=external,cn=auth\" \
                 \"cn=reader,dc=example,dc=org\""
            .to_owned(),
        database: "access to attrs=userPassword by anonymous auth by * none\n\
                   access to * by dn.exact=\"cn=reader,dc=example,dc=org\" read by * none"
            .to_owned(),
        ..SlapdSetup::default()
    });
    let uri = slapd.socket_uri();
    let external = client(&format!("uris: [\"{uri}\"], external: true, retries: 0"));
    assert_eq!(finds(&external).await, Ok(true));
    assert_eq!(check(&external, "secret of alice").await, Ok(true));
    let anonymous = client(&format!("uris: [\"{uri}\"], retries: 0"));
    assert!(!matches!(finds(&anonymous).await, Ok(true)));
}

#[tokio::test]
async fn external_without_a_certificate_is_an_outage() {
    let authority = Authority::new();
    let slapd = authority.slapd("", "");
    let client = client(&format!(
        "uris: [\"{}\"], external: true, {}, retries: 0",
        slapd.encrypted_uri(),
        authority.ca_file()
    ));
    let found = finds(&client).await;
    assert!(is_outage(&found), "{found:?}");
}

#[test]
fn files_that_hold_no_certificate_or_another_key_are_named() {
    let authority = Authority::new();
    let identity = authority.identity("bulkhead");
    let write = |name: &str, text: &str| std::fs::write(authority.path(name), text).unwrap();
    let wrong = |named: &Path| {
        let pool = format!("uris: [\"ldaps://a\"], {}, {identity}", authority.ca_file());
        let Err(wrong) = LdapClient::new(&configured(&pool), std::sync::Arc::new(Unwatched)) else {
            panic!("{} was taken", named.display())
        };
        let text = wrong.join("\n");
        assert!(text.contains("ldap.pools.main"), "{text}");
        assert!(text.contains(&named.display().to_string()), "{text}");
    };
    let [_, other] = authority.signed("other", "other.example");
    let key = std::fs::read_to_string(authority.path("client.key")).unwrap();
    write("client.key", &other);
    wrong(&authority.path("client.key"));
    write("client.key", "no key");
    wrong(&authority.path("client.key"));
    write("client.key", &key);
    write("client.pem", "");
    wrong(&authority.path("client.pem"));
    write("ca.pem", "nothing");
    wrong(&authority.path("ca.pem"));
}
