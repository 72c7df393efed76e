//! From the contract's records to the domain's answers. An answer that breaks a rule of the contract is
//! refused as a whole.

use super::{
    bindings::{
        bulkhead::policy::types as wit,
        exports::bulkhead::policy::{backend, cache_flush, feature, filter, hook},
    },
    convert::{value, weight},
};
use crate::{
    auth::{Attribute, Event, Header, HookResponse},
    pipeline::{
        BackendAnswer, BackendUser, CacheFlushAnswer, FeatureAnswer, FeatureVerdict, FilterAnswer,
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

pub(crate) fn cache_flush_answer(
    answer: cache_flush::Answer,
    weight: &mut Weight,
) -> CacheFlushAnswer {
    weight.texts(&answer.keys);
    weight.text(answer.account.as_deref().unwrap_or_default());
    CacheFlushAnswer {
        keys: answer.keys,
        account: answer.account,
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
