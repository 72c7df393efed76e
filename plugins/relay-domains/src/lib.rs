//! Feature: rejects logins of users whose domain is not served here.
//!
//! Looks at names with an `@` only; what follows the last one must be among the domains. Domains are
//! compared without regard to case, and in their IDNA form (UTS 46): `BÜCHER.example` is
//! `xn--bcher-kva.example`. In a master login the user to become is looked at. A login that is rejected
//! runs the actions of the event `relay_domains`.
//!
//! ```yaml
//! pipeline:
//!   controls:
//!     - name: domains
//!       component: builtin:relay-domains
//! plugins:
//!   domains:
//!     configuration:
//!       static: [example.org, bücher.example]
//!       allowlist: {postmaster@old.example: [192.0.2.0/24]}   # excepted from there; default: none
//!       status_message: Not here      # default: the text of a wrong password
//! ```
//!
//! Subdomains are domains of their own. Needs no grants.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_sdk::{
    Event, Failure, Feature, Plugin, Problem, Request, allowlist::Allowlist, feature::Answer, log,
};
use idna::AsciiDenyList;
use serde::Deserialize;

/// `plugins.NAME.configuration`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The domains that are served here.
    #[serde(rename = "static")]
    pub domains: Vec<String>,
    /// Users, and networks from which each is excepted.
    #[serde(default)]
    pub allowlist: BTreeMap<String, Vec<String>>,
    /// What a rejected client is told.
    #[serde(default)]
    pub status_message: Option<String>,
}

/// The configured feature.
#[derive(Debug)]
pub struct RelayDomains {
    /// Normalised.
    domains: BTreeSet<String>,
    allowlist: Allowlist,
    status_message: Option<String>,
}

impl Plugin for RelayDomains {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut domains = BTreeSet::new();
        for (index, domain) in configuration.domains.iter().enumerate() {
            match normalised(domain) {
                Some(domain) => {
                    domains.insert(domain);
                }
                None => problems.push(Problem::at(
                    format!("static[{index}]"),
                    format!("`{domain}` is no domain; write it like `example.org`"),
                )),
            }
        }
        if configuration.domains.is_empty() {
            let text = "name at least one domain: without any, every name with an `@` is rejected";
            problems.push(Problem::at("static", text));
        }
        let allowlist = Allowlist::from_configuration("allowlist", &configuration.allowlist)
            .unwrap_or_else(|found| {
                problems.extend(found);
                Allowlist::default()
            });
        match problems.is_empty() {
            true => Ok(Self {
                domains,
                allowlist,
                status_message: configuration.status_message,
            }),
            false => Err(problems),
        }
    }
}

impl Feature for RelayDomains {
    fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let Some((_, domain)) = target(request).rsplit_once('@') else {
            return Ok(Answer::pass());
        };
        let known = normalised(domain).is_some_and(|domain| self.domains.contains(&domain));
        if known || self.allowlist.covers(request) {
            return Ok(Answer::pass());
        }
        log::add_field("relay_domain", domain);
        let answer = Answer::reject().with_event(Event::RelayDomains);
        Ok(match &self.status_message {
            Some(message) => answer.with_status_message(message),
            None => answer,
        })
    }
}

/// Who is to be logged in: in a master login, the user to become.
fn target(request: &Request) -> &str {
    let master = request.dovecot.as_ref().map(|facts| &facts.login_user);
    master
        .filter(|target| !target.is_empty())
        .unwrap_or(&request.username)
}

/// The domain as the DNS knows it; nothing if it can be none.
fn normalised(domain: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::EMPTY).ok()?;
    let label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let fits = ascii.len() <= 253 && ascii.split('.').all(label) && !ascii.contains('@');
    fits.then(|| ascii.into_owned())
}

bulkhead_sdk::export_feature!(RelayDomains);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bulkhead_sdk::{
        Dovecot,
        feature::Verdict,
        testing::{TestHost, configure, request, run_feature},
    };

    use super::*;

    const DOMAINS: &str = r#"{
        "static": ["example.org", "Bücher.example", "xn--strae-oqa.example", "a_b.example"],
        "allowlist": {"eve@old.example": ["192.0.2.0/24"]}
    }"#;

    fn answer(request: Request) -> Answer {
        let plugin = configure::<RelayDomains>(DOMAINS).unwrap();
        run_feature(&plugin, &TestHost::new(), request).unwrap()
    }

    #[test]
    fn names_pass_when_their_domain_is_served_here() {
        let cases = [
            ("alice", Verdict::Pass),
            ("alice@example.org", Verdict::Pass),
            ("alice@EXAMPLE.Org", Verdict::Pass),
            ("odd@name@example.org", Verdict::Pass),
            ("alice@bücher.example", Verdict::Pass),
            ("alice@BÜCHER.EXAMPLE", Verdict::Pass),
            // The same letter, written as u and a combining mark.
            ("alice@bu\u{308}cher.example", Verdict::Pass),
            ("alice@xn--bcher-kva.example", Verdict::Pass),
            ("alice@XN--BCHER-KVA.example", Verdict::Pass),
            ("alice@straße.example", Verdict::Pass),
            ("alice@a_b.example", Verdict::Pass),
            // An ideographic full stop is a dot (UTS 46).
            ("alice@example\u{3002}org", Verdict::Pass),
            ("alice@sub.example.org", Verdict::Reject),
            ("alice@example.org.", Verdict::Reject),
            ("alice@example.orgx", Verdict::Reject),
            ("alice@", Verdict::Reject),
            ("@", Verdict::Reject),
            ("alice@example.org@other.example", Verdict::Reject),
            ("alice@strasse.example", Verdict::Reject),
            ("alice@xn--\u{fc}.example", Verdict::Reject),
            ("alice@exam ple.org", Verdict::Reject),
            ("alice@example.org\0", Verdict::Reject),
        ];
        for (name, wanted) in cases {
            let said = answer(request().username(name).build());
            assert_eq!(said.verdict, wanted, "{name:?}");
        }
    }

    #[test]
    fn a_reject_names_its_event_and_tells_the_client_nothing() {
        let said = answer(request().username("alice@other.example").build());
        assert_eq!(said.event, Some(Event::RelayDomains));
        assert_eq!(said.status_message, None);
    }

    #[test]
    fn in_a_master_login_the_user_to_become_is_looked_at() {
        for (username, target, wanted) in [
            ("admin", "alice@other.example", Verdict::Reject),
            ("admin@other.example", "alice@example.org", Verdict::Pass),
            ("alice@example.org", "", Verdict::Pass),
        ] {
            let mut login = request().username(username).build();
            login.dovecot = Some(Dovecot {
                login_user: target.to_owned(),
                ..Dovecot::default()
            });
            assert_eq!(answer(login).verdict, wanted, "{username} {target}");
        }
    }

    #[test]
    fn a_user_may_be_excepted_from_some_networks() {
        let from = |address: &str| {
            let login = request()
                .username("Eve@old.example")
                .client_address(address);
            answer(login.build()).verdict
        };
        assert_eq!(from("192.0.2.9"), Verdict::Pass);
        assert_eq!(from("198.51.100.9"), Verdict::Reject);
    }

    #[test]
    fn every_mistake_is_a_problem_at_its_place() {
        let cases = [
            ("null", ""),
            (r#"{"static": []}"#, "static"),
            (r#"{"static": ["example.org", ""]}"#, "static[1]"),
            (r#"{"static": ["a..b"]}"#, "static[0]"),
            (r#"{"static": ["user@example.org"]}"#, "static[0]"),
            (
                r#"{"static": ["a"], "allowlist": {"x": ["lan"]}}"#,
                "allowlist.x[0]",
            ),
            (r#"{"statics": ["a"]}"#, "statics"),
        ];
        for (json, path) in cases {
            let problems = configure::<RelayDomains>(json).unwrap_err();
            assert_eq!(problems.first().unwrap().path, path, "{json}");
        }
    }
}
