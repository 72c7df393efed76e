//! From the domain's types to the contract's records. The password is left out unless it was granted.

use super::bindings::{
    bulkhead::policy::types as wit,
    exports::bulkhead::policy::{backend, hook},
};
use crate::{
    auth::{self, Event, HookRequest, Mode, Value},
    pipeline::{Call, Operation},
};

/// The record that a plugin is asked with.
pub(crate) fn request(call: &Call, password_granted: bool) -> wit::Request {
    let request = &*call.request;
    let password = request
        .password
        .as_ref()
        .filter(|_| password_granted)
        .map(|password| password.expose().to_vec());
    wit::Request {
        session: request.session.clone(),
        external_session: request.external_session.clone(),
        service: request.service.clone(),
        protocol: request.protocol.clone(),
        method: request.method.clone(),
        username: request.username.clone(),
        password,
        no_auth: request.mode != Mode::Verify,
        debug: tracing::enabled!(tracing::Level::DEBUG),
        login_attempt: request.login_attempt,
        client: client(&request.client),
        local: endpoint(&request.local),
        tls: request.tls.as_ref().map(tls),
        identity: request.identity.as_ref().map(identity),
        dovecot: request.dovecot.as_ref().map(dovecot),
        progress: progress(&call.progress),
    }
}

fn client(client: &auth::Client) -> wit::Client {
    wit::Client {
        address: client.address.clone(),
        port: client.port.clone(),
        hostname: client.hostname.clone(),
        id: client.id.clone(),
        user_agent: client.user_agent.clone(),
        network: client.network.clone(),
    }
}

fn endpoint(endpoint: &auth::Endpoint) -> wit::Endpoint {
    wit::Endpoint {
        address: endpoint.address.clone(),
        port: endpoint.port.clone(),
    }
}

fn tls(tls: &auth::Tls) -> wit::Tls {
    wit::Tls {
        secured: tls.secured.clone(),
        protocol: tls.protocol.clone(),
        cipher: tls.cipher.clone(),
        session_id: tls.session_id.clone(),
        client_verify: tls.client_verify.clone(),
        client_dn: tls.client_dn.clone(),
        client_cn: tls.client_cn.clone(),
        issuer: tls.issuer.clone(),
        client_not_before: tls.client_not_before.clone(),
        client_not_after: tls.client_not_after.clone(),
        subject_dn: tls.subject_dn.clone(),
        issuer_dn: tls.issuer_dn.clone(),
        client_subject_dn: tls.client_subject_dn.clone(),
        client_issuer_dn: tls.client_issuer_dn.clone(),
        serial: tls.serial.clone(),
        fingerprint: tls.fingerprint.clone(),
    }
}

fn identity(identity: &auth::Identity) -> wit::Identity {
    wit::Identity {
        client_id: identity.client_id.clone(),
        client_name: identity.client_name.clone(),
        grant_type: identity.grant_type.clone(),
        redirect_uri: identity.redirect_uri.clone(),
        saml_entity_id: identity.saml_entity_id.clone(),
        mfa_completed: identity.mfa_completed,
        mfa_method: identity.mfa_method.clone(),
        requested_scopes: identity.requested_scopes.clone(),
        user_groups: identity.user_groups.clone(),
        allowed_client_scopes: identity.allowed_client_scopes.clone(),
        allowed_client_grant_types: identity.allowed_client_grant_types.clone(),
    }
}

fn dovecot(dovecot: &auth::Dovecot) -> wit::Dovecot {
    wit::Dovecot {
        real_client: endpoint(&dovecot.real_client),
        real_local: endpoint(&dovecot.real_local),
        client_pid: dovecot.client_pid.clone(),
        session_pid: dovecot.session_pid.clone(),
        original_user: dovecot.original_user.clone(),
        auth_user: dovecot.auth_user.clone(),
        login_user: dovecot.login_user.clone(),
        master_user: dovecot.master_user.clone(),
        local_name: dovecot.local_name.clone(),
        secured: dovecot.secured.clone(),
        certificate: dovecot.certificate.clone(),
        ja3_hash: dovecot.ja3_hash.clone(),
        certificate_fingerprint: dovecot.certificate_fingerprint.clone(),
        certificate_key_fingerprint: dovecot.certificate_key_fingerprint.clone(),
    }
}

fn progress(progress: &auth::Progress) -> wit::Progress {
    wit::Progress {
        authenticated: progress.authenticated,
        user_found: progress.user_found,
        account: progress.account.clone(),
        account_field: progress.account_field.clone(),
        unique_user_id: progress.unique_user_id.clone(),
        display_name: progress.display_name.clone(),
        backend: progress.backend.clone(),
        attributes: progress
            .attributes
            .iter()
            .map(|attribute| wit::Attribute {
                name: attribute.name.clone(),
                values: attribute.values.iter().map(value_out).collect(),
            })
            .collect(),
        feature: progress.feature.clone(),
        status_message: progress.status_message.clone(),
        brute_force_bucket: progress.brute_force_bucket.clone(),
        brute_force_counter: progress.brute_force_counter,
        repeating: progress.repeating,
        repeated_wrong_password: progress.repeated_wrong_password,
        latency_ms: progress.latency_ms,
        http_status: progress.http_status,
    }
}

fn value_out(value: &Value) -> wit::Value {
    match value {
        Value::Text(text) => wit::Value::Text(text.clone()),
        Value::Integer(number) => wit::Value::Integer(*number),
        Value::Decimal(number) => wit::Value::Decimal(*number),
        Value::Boolean(truth) => wit::Value::Boolean(*truth),
        Value::Bytes(bytes) => wit::Value::Bytes(bytes.clone()),
    }
}

/// A value that a guest gave.
pub(crate) fn value(value: wit::Value) -> Value {
    match value {
        wit::Value::Text(text) => Value::Text(text),
        wit::Value::Integer(number) => Value::Integer(number),
        wit::Value::Decimal(number) => Value::Decimal(number),
        wit::Value::Boolean(truth) => Value::Boolean(truth),
        wit::Value::Bytes(bytes) => Value::Bytes(bytes),
    }
}

/// Bytes that a value carries across the boundary.
pub(crate) fn weight(value: &wit::Value) -> usize {
    match value {
        wit::Value::Text(text) => text.len(),
        wit::Value::Bytes(bytes) => bytes.len(),
        wit::Value::Integer(_) | wit::Value::Decimal(_) => 8,
        wit::Value::Boolean(_) => 1,
    }
}

pub(crate) fn event_in(event: Event) -> wit::Event {
    match event {
        Event::Lua => wit::Event::Lua,
        Event::TlsEncryption => wit::Event::TlsEncryption,
        Event::RelayDomains => wit::Event::RelayDomains,
        Event::Rbl => wit::Event::Rbl,
        Event::BruteForce => wit::Event::BruteForce,
        Event::Post => wit::Event::Post,
    }
}

pub(crate) fn operation(operation: Operation) -> backend::Operation {
    match operation {
        Operation::Verify => backend::Operation::Verify,
        Operation::LookUp => backend::Operation::LookUp,
        Operation::ListAccounts => backend::Operation::ListAccounts,
        Operation::AddTotp(secret) => backend::Operation::AddTotp(secret),
        Operation::DeleteTotp => backend::Operation::DeleteTotp,
        Operation::AddRecoveryCodes(codes) => backend::Operation::AddRecoveryCodes(codes),
        Operation::DeleteRecoveryCodes => backend::Operation::DeleteRecoveryCodes,
        Operation::GetWebauthnCredentials => backend::Operation::GetWebauthnCredentials,
        Operation::SaveWebauthnCredential(text) => backend::Operation::SaveWebauthnCredential(text),
        Operation::UpdateWebauthnCredential { old, new } => {
            backend::Operation::UpdateWebauthnCredential(backend::WebauthnChange { old, new })
        }
        Operation::DeleteWebauthnCredential(text) => {
            backend::Operation::DeleteWebauthnCredential(text)
        }
    }
}

pub(crate) fn hook_request(request: &HookRequest) -> hook::HookRequest {
    hook::HookRequest {
        session: request.session.clone(),
        method: request.method.clone(),
        path: request.path.clone(),
        query: request
            .query
            .iter()
            .map(|(name, value)| hook::Parameter {
                name: name.clone(),
                value: value.clone(),
            })
            .collect(),
        headers: request
            .headers
            .iter()
            .map(|header| wit::Header {
                name: header.name.clone(),
                value: header.value.clone(),
            })
            .collect(),
        body: request.body.clone(),
        client_address: request.client_address.clone(),
    }
}
