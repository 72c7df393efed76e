//! What logins, users and passwords are called inside the cache: keyed digests of full length.
//!
//! Every digest is HMAC-SHA-256 over an encoding in which distinct inputs have distinct bytes, under a key
//! of its own purpose. Nobody without the secret can tell a name or try passwords against one. Knows
//! neither store nor memory.

use ring::hmac;

use crate::{
    auth::{Password, Request},
    pipeline::Keeper,
};

/// A digest: 32 bytes, all of them compared.
pub(super) type Digest = [u8; 32];

/// Makes digests.
pub(super) struct Digests {
    users: hmac::Key,
    logins: hmac::Key,
    passwords: hmac::Key,
    entries: hmac::Key,
}

impl Digests {
    /// Under keys made of `secret`: the same on all nodes that have the same.
    pub(super) fn new(secret: &Password) -> Self {
        let purpose = |purpose: &str| {
            let derived = derive(secret, purpose);
            hmac::Key::new(hmac::HMAC_SHA256, &derived)
        };
        Self {
            users: purpose("users"),
            logins: purpose("logins"),
            passwords: purpose("passwords"),
            entries: purpose("entries"),
        }
    }

    /// Of a user or account name.
    pub(super) fn user(&self, name: &str) -> Digest {
        let mut parts = Parts::new(&self.users);
        parts.text(name);
        parts.finish()
    }

    /// Of a password, for this user alone.
    pub(super) fn password(&self, username: &str, password: &Password) -> Digest {
        let mut parts = Parts::new(&self.passwords);
        parts.text(username);
        parts.bytes(password.expose());
        parts.finish()
    }

    /// Of everything in a login that a backend may look at: not the password, nor what differs each
    /// time (ports, ids, the number of the attempt), nor the HTTP request behind it.
    pub(super) fn login(&self, request: &Request, keepers: &[Keeper]) -> Digest {
        let mut parts = Parts::new(&self.logins);
        scope(&mut parts, request, keepers);
        let client = &request.client;
        for text in [
            &request.service,
            &request.protocol,
            &request.method,
            &request.username,
            &client.address,
            &client.hostname,
            &client.id,
            &client.user_agent,
            &client.network,
            &request.local.address,
            &request.local.port,
        ] {
            parts.text(text);
        }
        tls(&mut parts, request);
        identity(&mut parts, request);
        dovecot(&mut parts, request);
        parts.finish()
    }

    /// Of what the store keeps under one key: where the answer holds, and the password.
    pub(super) fn entry(
        &self,
        request: &Request,
        keepers: &[Keeper],
        by_client_address: bool,
        password: &Digest,
    ) -> Digest {
        let mut parts = Parts::new(&self.entries);
        scope(&mut parts, request, keepers);
        parts.text(&request.username);
        parts.option(by_client_address.then_some(request.client.address.as_str()));
        parts.bytes(password);
        parts.finish()
    }
}

/// A key for one purpose.
pub(super) fn derive(secret: &Password, purpose: &str) -> Digest {
    let root = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
    let mut parts = Parts::new(&root);
    parts.text("bulkhead login cache 1");
    parts.text(purpose);
    parts.finish()
}

/// Which backends say so, and for which protocol, unless they share what they say.
fn scope(parts: &mut Parts, request: &Request, keepers: &[Keeper]) {
    parts.number(keepers.len());
    for keeper in keepers {
        match &keeper.cache_name {
            Some(name) => {
                parts.number(1);
                parts.text(name);
            }
            None => {
                parts.number(0);
                parts.text(&keeper.backend);
                parts.text(&request.protocol);
            }
        }
    }
}

/// All but the id of the TLS session.
fn tls(parts: &mut Parts, request: &Request) {
    let Some(tls) = &request.tls else {
        return parts.number(0);
    };
    parts.number(1);
    for text in [
        &tls.secured,
        &tls.protocol,
        &tls.cipher,
        &tls.client_verify,
        &tls.client_dn,
        &tls.client_cn,
        &tls.issuer,
        &tls.client_not_before,
        &tls.client_not_after,
        &tls.subject_dn,
        &tls.issuer_dn,
        &tls.client_subject_dn,
        &tls.client_issuer_dn,
        &tls.serial,
        &tls.fingerprint,
    ] {
        parts.text(text);
    }
}

fn identity(parts: &mut Parts, request: &Request) {
    let Some(identity) = &request.identity else {
        return parts.number(0);
    };
    parts.number(1);
    for text in [
        &identity.client_id,
        &identity.client_name,
        &identity.grant_type,
        &identity.redirect_uri,
        &identity.saml_entity_id,
        &identity.mfa_method,
    ] {
        parts.text(text);
    }
    parts.number(usize::from(identity.mfa_completed));
    for list in [
        &identity.requested_scopes,
        &identity.user_groups,
        &identity.allowed_client_scopes,
        &identity.allowed_client_grant_types,
    ] {
        parts.number(list.len());
        list.iter().for_each(|text| parts.text(text));
    }
}

/// All but ports and process ids.
fn dovecot(parts: &mut Parts, request: &Request) {
    let Some(dovecot) = &request.dovecot else {
        return parts.number(0);
    };
    parts.number(1);
    for text in [
        &dovecot.real_client.address,
        &dovecot.real_local.address,
        &dovecot.original_user,
        &dovecot.auth_user,
        &dovecot.login_user,
        &dovecot.master_user,
        &dovecot.local_name,
        &dovecot.secured,
        &dovecot.certificate,
        &dovecot.ja3_hash,
        &dovecot.certificate_fingerprint,
        &dovecot.certificate_key_fingerprint,
    ] {
        parts.text(text);
    }
}

/// Parts one after the other, each behind its length, so that no border between them can move.
struct Parts(hmac::Context);

impl Parts {
    fn new(key: &hmac::Key) -> Self {
        Self(hmac::Context::with_key(key))
    }

    fn number(&mut self, number: usize) {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        self.0.update(&number.to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn option(&mut self, text: Option<&str>) {
        self.number(usize::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }

    fn finish(self) -> Digest {
        let tag = self.0.sign();
        let mut digest = [0; 32];
        // HMAC-SHA-256 has as many bytes.
        for (to, from) in digest.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        digest
    }
}

#[cfg(test)]
mod tests;
