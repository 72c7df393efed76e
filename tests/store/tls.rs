//! TLS: whom we trust, and who we say we are.

use std::path::PathBuf;

use bulkhead::{config::RedisTls, store::RedisStore};
use bulkhead_harness::{Redis, RedisSetup, Scratch};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
};

use crate::support::{eventually, key, single, store, why};

/// An authority of our own.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    /// Certificate and key in PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        // Another name than the authority's, or it would look signed by itself.
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn server(&self, name: &str, ask_clients: bool) -> Redis {
        let (certificate, key) = self.issue(name);
        RedisSetup::new()
            .tls(&self.pem, &certificate, &key, ask_clients)
            .start()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_certificate_of_our_authority_is_trusted() {
    let (authority, scratch) = (Authority::new(), Scratch::new("tls"));
    let redis = authority.server("127.0.0.1", false);
    let mut config = single(&redis);
    config.tls = Some(RedisTls {
        ca_file: Some(scratch.write("ca.pem", &authority.pem)),
        client: None,
    });
    let own = store(&config);
    assert_eq!(own.increment(key("n"), 1, None).await, Ok(1));
    let mut messages = own.subscribe("news");
    own.publish("news", b"hello".to_vec()).await.unwrap();
    assert_eq!(messages.message().await, Some(b"hello".to_vec()));

    // Nobody else is, nor is plain text spoken to it.
    let other = Authority::new();
    config.tls = Some(RedisTls {
        ca_file: Some(scratch.write("other.pem", &other.pem)),
        client: None,
    });
    let text = why(store(&config).get(key("n")).await);
    assert!(text.contains("no trustworthy TLS connection"), "{text}");
    config.tls = None;
    why(store(&config).get(key("n")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_is_not_trusted() {
    let (authority, scratch) = (Authority::new(), Scratch::new("tls"));
    let redis = authority.server("redis.example.org", false);
    let mut config = single(&redis);
    config.tls = Some(RedisTls {
        ca_file: Some(scratch.write("ca.pem", &authority.pem)),
        client: None,
    });
    let text = why(store(&config).get(key("n")).await);
    assert!(text.contains("`store.redis.tls`"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_gets_our_certificate() {
    let (authority, scratch) = (Authority::new(), Scratch::new("tls"));
    let redis = authority.server("127.0.0.1", true);
    let (certificate, private) = authority.issue("bulkhead");
    let ca_file = Some(scratch.write("ca.pem", &authority.pem));
    let client = Some((
        scratch.write("client.pem", certificate),
        scratch.write("client.key", private),
    ));
    let mut config = single(&redis);
    config.tls = Some(RedisTls {
        ca_file: ca_file.clone(),
        client: None,
    });
    why(store(&config).get(key("n")).await);
    config.tls = Some(RedisTls { ca_file, client });
    let own = store(&config);
    eventually("it is let in", async || own.get(key("n")).await.is_ok()).await;
}

#[test]
fn files_that_cannot_be_used_are_named_at_the_start() {
    let scratch = Scratch::new("tls");
    let redis = Redis::start();
    let mut config = single(&redis);
    let empty = scratch.write("empty.pem", "");
    for file in [PathBuf::from("/nowhere/ca.pem"), empty] {
        config.tls = Some(RedisTls {
            ca_file: Some(file.clone()),
            client: None,
        });
        let Err(text) = RedisStore::new(&config) else {
            panic!("{} was used", file.display());
        };
        assert!(text.contains(&file.display().to_string()), "{text}");
    }
}
