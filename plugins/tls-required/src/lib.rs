//! Feature: a login over an unencrypted connection gets a temporary failure.
//!
//! The client is told `TLS transport encryption required`, and actions of the event
//! `tls_encryption` run. A login passes when the front end says that its connection is encrypted
//! (`ssl` of a JSON request, `Auth-SSL` of nginx), or when the client's address is in a network where
//! clear text is fine. An address that is unknown is in no network.
//!
//! ```yaml
//! pipeline:
//!   controls:
//!     - name: tls
//!       component: builtin:tls-required
//! plugins:
//!   tls:
//!     configuration:
//!       allow_cleartext_networks: [127.0.0.0/8, "::1", 10.2.0.0/16]   # default: none
//! ```
//!
//! Needs no grants.

use bulkhead_sdk::{
    Event, Failure, Feature, Plugin, Problem, Request, feature::Answer, network::Networks,
};
use serde::Deserialize;

/// What a client without encryption is told.
const STATUS_MESSAGE: &str = "TLS transport encryption required";

/// `plugins.NAME.configuration`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Configuration {
    /// Networks or single addresses from which clear text is fine.
    pub allow_cleartext_networks: Vec<String>,
}

/// The configured feature.
#[derive(Debug)]
pub struct TlsRequired {
    allowed: Networks,
}

impl Plugin for TlsRequired {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        let networks = &configuration.allow_cleartext_networks;
        Networks::from_configuration("allow_cleartext_networks", networks)
            .map(|allowed| Self { allowed })
    }
}

impl Feature for TlsRequired {
    fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let may_be_cleartext = request
            .client_address()
            .is_some_and(|address| self.allowed.contains(address));
        if request.is_encrypted() || may_be_cleartext {
            return Ok(Answer::pass());
        }
        Ok(Answer::temporary_failure()
            .with_event(Event::TlsEncryption)
            .with_status_message(STATUS_MESSAGE))
    }
}

bulkhead_sdk::export_feature!(TlsRequired);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bulkhead_sdk::{
        feature::Verdict,
        testing::{TestHost, configure, request, run_feature},
    };

    use super::*;

    fn verdict(configuration: &str, request: Request) -> Answer {
        let plugin = configure::<TlsRequired>(configuration).unwrap();
        run_feature(&plugin, &TestHost::new(), request).unwrap()
    }

    #[test]
    fn an_encrypted_login_passes() {
        let answer = verdict("null", request().build());
        assert_eq!(answer, Answer::pass());
    }

    #[test]
    fn an_unencrypted_login_is_a_temporary_failure_with_the_event_and_a_text() {
        let answer = verdict("null", request().cleartext().build());
        assert_eq!(answer.verdict, Verdict::TemporaryFailure);
        assert_eq!(answer.event, Some(Event::TlsEncryption));
        assert_eq!(
            answer.status_message.as_deref(),
            Some("TLS transport encryption required")
        );
    }

    #[test]
    fn tls_facts_without_the_word_secured_are_no_encryption() {
        let mut plain = request().build();
        plain.tls = Some(bulkhead_sdk::Tls {
            protocol: "TLSv1.3".to_owned(),
            ..bulkhead_sdk::Tls::default()
        });
        assert_eq!(verdict("null", plain).verdict, Verdict::TemporaryFailure);
    }

    #[test]
    fn clear_text_is_fine_from_allowed_networks_only() {
        let configuration = r#"{"allow_cleartext_networks": ["10.2.0.0/16", "2001:db8::1", "::ffff:192.0.2.0/120"]}"#;
        let cases = [
            ("10.2.3.4", Verdict::Pass),
            ("10.3.0.1", Verdict::TemporaryFailure),
            ("::ffff:10.2.3.4", Verdict::Pass),
            ("192.0.2.77", Verdict::Pass),
            ("2001:db8::1", Verdict::Pass),
            ("2001:db8::2", Verdict::TemporaryFailure),
            ("", Verdict::TemporaryFailure),
            ("unix", Verdict::TemporaryFailure),
        ];
        for (address, wanted) in cases {
            let request = request().cleartext().client_address(address).build();
            assert_eq!(verdict(configuration, request).verdict, wanted, "{address}");
        }
    }

    #[test]
    fn every_wrong_network_is_a_problem_at_its_place() {
        let configuration = r#"{"allow_cleartext_networks": ["10.0.0.0/8", "10.0.0.0/33", "lan"]}"#;
        let problems = configure::<TlsRequired>(configuration).unwrap_err();
        let paths: Vec<_> = problems
            .iter()
            .map(|problem| problem.path.as_str())
            .collect();
        assert_eq!(
            paths,
            ["allow_cleartext_networks[1]", "allow_cleartext_networks[2]"]
        );
    }

    #[test]
    fn a_misspelt_key_is_a_problem() {
        let problems =
            configure::<TlsRequired>(r#"{"allow_clear_text_networks": []}"#).unwrap_err();
        assert_eq!(problems.first().unwrap().path, "allow_clear_text_networks");
    }
}
