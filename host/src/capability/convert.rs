//! Between the domain's types and the contract's records.
//!
//! Going in, the password is left out unless it was granted. Coming back, an answer that breaks a rule
//! of the contract is refused as a whole.

use super::bindings::{
    bulkhead::policy::types as wit,
    exports::bulkhead::policy::{backend, feature, filter, hook},
};
use crate::{
    auth::{self, Attribute, Event, Header, HookRequest, HookResponse, Mode, Value},
    pipeline::{
        BackendAnswer, BackendUser, Call, FeatureAnswer, FeatureVerdict, FilterAnswer,
        FilterVerdict, Operation,
    },
};

/// Header fields that belong to the connection (RFC 9110, section 7.6.1) or to the response's framing.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

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

/// Counts the bytes of an answer as the contract's records hold them.
#[derive(Default)]
pub(crate) struct Weight(usize);

impl Weight {
    pub(crate) fn bytes(&self) -> usize {
        self.0
    }

    fn text(&mut self, text: &str) {
        self.0 = self.0.saturating_add(text.len());
    }

    fn texts(&mut self, texts: &[String]) {
        texts.iter().for_each(|text| self.text(text));
    }

    fn add(&mut self, bytes: usize) {
        self.0 = self.0.saturating_add(bytes);
    }
}

fn attributes(
    attributes: Vec<wit::Attribute>,
    weight_sum: &mut Weight,
) -> Result<Vec<Attribute>, String> {
    let mut seen = std::collections::BTreeSet::new();
    let mut out = Vec::with_capacity(attributes.len());
    for attribute in attributes {
        weight_sum.text(&attribute.name);
        attribute
            .values
            .iter()
            .for_each(|value| weight_sum.add(weight(value)));
        if attribute.name.is_empty() {
            return Err("it answered with an attribute that has no name".to_owned());
        }
        if !seen.insert(attribute.name.clone()) {
            return Err(format!(
                "it answered with the attribute {:?} twice",
                attribute.name
            ));
        }
        out.push(Attribute {
            name: attribute.name,
            values: attribute.values.into_iter().map(value).collect(),
        });
    }
    Ok(out)
}

/// Headers that a plugin adds to the response of a login.
fn response_headers(
    headers: Vec<wit::Header>,
    weight_sum: &mut Weight,
) -> Result<Vec<Header>, String> {
    let headers = checked_headers(headers, weight_sum)?;
    let forbidden = headers.iter().find(|header| {
        header.name.starts_with("auth-") || HOP_BY_HOP.contains(&header.name.as_str())
    });
    match forbidden {
        Some(header) => Err(format!(
            "it answered with the header {:?}, which plugins may not set",
            header.name
        )),
        None => Ok(headers),
    }
}

/// Names are tokens (RFC 9110, section 5.6.2); values hold no control characters but tab.
fn checked_headers(
    headers: Vec<wit::Header>,
    weight_sum: &mut Weight,
) -> Result<Vec<Header>, String> {
    headers
        .into_iter()
        .map(|header| {
            weight_sum.text(&header.name);
            weight_sum.add(header.value.len());
            let name_ok = !header.name.is_empty()
                && header
                    .name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
            let value_ok = header
                .value
                .iter()
                .all(|byte| *byte == b'\t' || (*byte >= 0x20 && *byte != 0x7f));
            if !name_ok || !value_ok {
                return Err(format!(
                    "it answered with the header {:?}, whose name or value is not allowed in HTTP",
                    header.name
                ));
            }
            Ok(Header {
                name: header.name.to_ascii_lowercase(),
                value: header.value,
            })
        })
        .collect()
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

fn event_out(event: wit::Event) -> Event {
    match event {
        wit::Event::Lua => Event::Lua,
        wit::Event::TlsEncryption => Event::TlsEncryption,
        wit::Event::RelayDomains => Event::RelayDomains,
        wit::Event::Rbl => Event::Rbl,
        wit::Event::BruteForce => Event::BruteForce,
        wit::Event::Post => Event::Post,
    }
}

pub(crate) fn feature_answer(
    answer: feature::Answer,
    weight: &mut Weight,
) -> Result<FeatureAnswer, String> {
    weight.text(answer.status_message.as_deref().unwrap_or_default());
    Ok(FeatureAnswer {
        verdict: match answer.verdict {
            feature::Verdict::Pass => FeatureVerdict::Pass,
            feature::Verdict::Abort => FeatureVerdict::Abort,
            feature::Verdict::Reject => FeatureVerdict::Reject,
            feature::Verdict::TemporaryFailure => FeatureVerdict::TemporaryFailure,
        },
        event: answer.event.map_or(Event::Lua, event_out),
        status_message: answer.status_message,
        response_headers: response_headers(answer.response_headers, weight)?,
    })
}

pub(crate) fn filter_answer(
    answer: filter::Answer,
    weight: &mut Weight,
) -> Result<FilterAnswer, String> {
    weight.text(answer.status_message.as_deref().unwrap_or_default());
    weight.texts(&answer.remove_attributes);
    Ok(FilterAnswer {
        verdict: match answer.verdict {
            filter::Verdict::Keep => FilterVerdict::Keep,
            filter::Verdict::Accept => FilterVerdict::Accept,
            filter::Verdict::Reject => FilterVerdict::Reject,
            filter::Verdict::TemporaryFailure => FilterVerdict::TemporaryFailure,
        },
        status_message: answer.status_message,
        add_attributes: attributes(answer.add_attributes, weight)?,
        remove_attributes: answer.remove_attributes,
        response_headers: response_headers(answer.response_headers, weight)?,
    })
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

/// The answer must be of the kind that the operation asks for.
pub(crate) fn backend_answer(
    asked: &Operation,
    answer: backend::Answer,
    weight: &mut Weight,
) -> Result<BackendAnswer, String> {
    let answer = match answer {
        backend::Answer::User(user) => BackendAnswer::User(Box::new(backend_user(user, weight)?)),
        backend::Answer::Accounts(accounts) => {
            weight.texts(&accounts);
            BackendAnswer::Accounts(accounts)
        }
        backend::Answer::Credentials(credentials) => {
            weight.texts(&credentials);
            BackendAnswer::Credentials(credentials)
        }
        backend::Answer::Done => BackendAnswer::Done,
        backend::Answer::Unsupported => BackendAnswer::Unsupported,
    };
    let fits = match (&answer, asked) {
        (BackendAnswer::Unsupported, _)
        | (BackendAnswer::User(_), Operation::Verify | Operation::LookUp)
        | (BackendAnswer::Accounts(_), Operation::ListAccounts)
        | (BackendAnswer::Credentials(_), Operation::GetWebauthnCredentials) => true,
        (BackendAnswer::Done, asked) => !matches!(
            asked,
            Operation::Verify
                | Operation::LookUp
                | Operation::ListAccounts
                | Operation::GetWebauthnCredentials
        ),
        _ => false,
    };
    if fits {
        Ok(answer)
    } else {
        Err("it answered another question than the one that was asked".to_owned())
    }
}

fn backend_user(user: backend::User, weight: &mut Weight) -> Result<BackendUser, String> {
    weight.texts(&user.groups);
    weight.texts(&user.group_dns);
    Ok(BackendUser {
        found: user.found,
        authenticated: user.authenticated,
        account_field: user.account_field,
        totp_secret_field: user.totp_secret_field,
        totp_recovery_field: user.totp_recovery_field,
        unique_user_id_field: user.unique_user_id_field,
        display_name_field: user.display_name_field,
        attributes: attributes(user.attributes, weight)?,
        groups: user.groups,
        group_dns: user.group_dns,
    })
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

pub(crate) fn hook_response(
    response: hook::HookResponse,
    weight: &mut Weight,
) -> Result<HookResponse, String> {
    weight.add(response.body.len());
    if !(100..=599).contains(&response.status) {
        return Err(format!(
            "it answered with the HTTP status {}",
            response.status
        ));
    }
    let headers = checked_headers(response.headers, weight)?;
    if let Some(header) = headers
        .iter()
        .find(|header| HOP_BY_HOP.contains(&header.name.as_str()))
    {
        return Err(format!(
            "it answered with the header {:?}, which plugins may not set",
            header.name
        ));
    }
    Ok(HookResponse {
        status: response.status,
        headers,
        body: response.body,
    })
}
