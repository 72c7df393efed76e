//! Action: reports each login to a web service, as one JSON document in a POST request.
//!
//! ```yaml
//! pipeline:
//!   actions:
//!     - name: report
//!       on: post
//!       component: builtin:webhook
//! secrets:
//!   report-key: {file: /etc/bulkhead/report.key}
//! plugins:
//!   report:
//!     grants:
//!       http: {hosts: [hooks.example.org]}
//!       secret: [report-key]
//!     configuration:
//!       url: https://hooks.example.org/logins
//!       secret: report-key          # default: none
//!       authentication: signature   # default; or `bearer`
//!       timeout_ms: 2000            # default; per attempt, 1 to 30000
//! ```
//!
//! The document holds what is known of the login, never a password ([`Report`] lists the keys). With
//! a secret the request carries either `X-Bulkhead-Signature: sha256=` and the HMAC-SHA256 of the
//! body in hexadecimal (RFC 2104), or `Authorization: Bearer` and the secret itself.
//!
//! A try that brings no response, or one of 500 and above or 429, is made once more. Each try has an
//! `Idempotency-Key` of its own, and both name the login in `X-Bulkhead-Session`, by which the
//! service can tell a repetition. Any other status than 200 to 299 is a failure at once.

mod report;

use std::time::Duration;

use bulkhead_sdk::{Action, Event, Failure, Plugin, Problem, Request, http, log, random, secret};
use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::Sha256;

pub use report::Report;

/// `plugins.NAME.configuration`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Where to.
    pub url: String,
    /// Name of the secret that proves who reports.
    #[serde(default)]
    pub secret: Option<String>,
    /// How the secret is used.
    #[serde(default)]
    pub authentication: Authentication,
    /// Of one attempt, in milliseconds.
    #[serde(default = "default_timeout")]
    pub timeout_ms: u32,
}

fn default_timeout() -> u32 {
    2000
}

/// How the secret is used.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Authentication {
    /// `signature`: as the key of an HMAC over the body.
    #[default]
    Signature,
    /// `bearer`: as it is.
    Bearer,
}

/// The configured action.
#[derive(Debug)]
pub struct Webhook {
    url: String,
    secret: Option<String>,
    authentication: Authentication,
    timeout: Duration,
}

impl Plugin for Webhook {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let rest = ["https://", "http://"]
            .iter()
            .find_map(|scheme| configuration.url.strip_prefix(scheme));
        if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/')) {
            let message = "must be absolute, such as `https://hooks.example.org/logins`";
            problems.push(Problem::at("url", message));
        }
        if configuration.secret.as_deref() == Some("") {
            let message = "must be the name of a secret; leave it out to send none";
            problems.push(Problem::at("secret", message));
        }
        if !(1..=30_000).contains(&configuration.timeout_ms) {
            problems.push(Problem::at("timeout_ms", "must be 1 to 30000"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            url: configuration.url,
            secret: configuration.secret,
            authentication: configuration.authentication,
            timeout: Duration::from_millis(configuration.timeout_ms.into()),
        })
    }
}

impl Webhook {
    /// The header that proves who reports.
    fn proof(&self, body: &[u8]) -> Result<Option<(&'static str, Vec<u8>)>, Failure> {
        let Some(name) = &self.secret else {
            return Ok(None);
        };
        let key = secret::get(name).ok_or_else(|| {
            Failure::new(format!(
                "there is no secret `{name}`; define it in `secrets` and grant it with `grants: {{secret: [{name}]}}`"
            ))
        })?;
        Ok(Some(match self.authentication {
            Authentication::Signature => ("X-Bulkhead-Signature", signature(&key, body)?),
            Authentication::Bearer => ("Authorization", [b"Bearer ".as_slice(), &key].concat()),
        }))
    }

    /// One attempt.
    fn attempt(&self, base: &http::Request) -> Result<http::Response, http::Error> {
        base.clone()
            .header("Idempotency-Key", random::identifier())
            .send()
    }
}

impl Action for Webhook {
    fn run(&self, request: &Request, event: Event) -> Result<(), Failure> {
        let body = serde_json::to_vec(&Report::new(request, event))?;
        let mut base = http::Request::post(&self.url)
            .header("Content-Type", "application/json")
            .header(
                "User-Agent",
                concat!("bulkhead-webhook/", env!("CARGO_PKG_VERSION")),
            )
            .header("X-Bulkhead-Session", &request.session)
            .timeout(self.timeout);
        if let Some((name, value)) = self.proof(&body)? {
            base = base.header(name, value);
        }
        let base = base.body(body);

        let mut outcome = self.attempt(&base);
        if worth_repeating(&outcome) {
            log::debug("trying once more");
            outcome = self.attempt(&base);
        }
        let response = outcome?;
        if response.is_success() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{} answered with status {}",
            self.url, response.status
        )))
    }
}

/// Whether a second try may fare better.
fn worth_repeating(outcome: &Result<http::Response, http::Error>) -> bool {
    match outcome {
        Ok(response) => response.status == 429 || response.status >= 500,
        Err(http::Error::Denied(_) | http::Error::Invalid(_) | http::Error::TooLarge(_)) => false,
        Err(_) => true,
    }
}

/// `sha256=` and the HMAC of the body in hexadecimal.
fn signature(key: &[u8], body: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)
        .map_err(|_| Failure::new("the secret cannot be used as a key"))?;
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha256={digits}").into_bytes())
}

bulkhead_sdk::export_action!(Webhook);

#[cfg(test)]
mod tests;
