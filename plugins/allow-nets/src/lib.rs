//! Filter: lets users in from their own networks only.
//!
//! Which networks are a user's is said by the attribute `allow_nets` that a backend gives, as in
//! Dovecot: addresses and CIDR blocks, separated by commas or spaces; `local` means that the client
//! has no address, such as over a UNIX socket. Networks in the configuration are everybody's, in
//! addition. A user without the attribute, where the configuration has no networks, may come from
//! anywhere. An entry that is no network matches nothing and is logged; an empty attribute lets
//! nobody in.
//!
//! ```yaml
//! pipeline:
//!   filters:
//!     - name: nets
//!       component: builtin:allow-nets
//! plugins:
//!   nets:
//!     configuration:
//!       networks: [192.0.2.0/24, local]       # everybody's; default: none
//!       attribute: allow_nets                 # default
//!       keep_attribute: false                 # default: clients do not get to see it
//!       status_message: Not from this network # default: the text of a wrong password
//! ```
//!
//! Needs no grants. Only accepted logins are looked at: nobody is told whether a wrong password
//! would have come from the right place.

use std::net::IpAddr;

use bulkhead_sdk::{
    Failure, Filter, Plugin, Problem, Request, filter::Answer, log, network::Networks,
};
use serde::Deserialize;

/// `plugins.NAME.configuration`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Configuration {
    /// Everybody's networks.
    pub networks: Vec<String>,
    /// The attribute that holds a user's networks.
    pub attribute: String,
    /// Whether clients get the attribute.
    pub keep_attribute: bool,
    /// What a rejected client is told.
    pub status_message: Option<String>,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            networks: Vec::new(),
            attribute: "allow_nets".to_owned(),
            keep_attribute: false,
            status_message: None,
        }
    }
}

/// Places that a client may come from.
#[derive(Clone, Debug, Default)]
struct Places {
    networks: Networks,
    /// Clients without an address.
    local: bool,
}

impl Places {
    fn contain(&self, address: Option<IpAddr>) -> bool {
        match address {
            Some(address) => self.networks.contains(address),
            None => self.local,
        }
    }
}

/// The configured filter.
#[derive(Debug)]
pub struct AllowNets {
    everybodys: Places,
    attribute: String,
    keep_attribute: bool,
    status_message: Option<String>,
}

impl Plugin for AllowNets {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        let mut everybodys = Places::default();
        let mut problems = Vec::new();
        for (index, text) in configuration.networks.iter().enumerate() {
            if text == "local" {
                everybodys.local = true;
            } else if !everybodys.networks.add(text) {
                problems.push(Problem::at(
                    format!("networks[{index}]"),
                    format!(
                        "`{text}` is no network; write `192.0.2.0/24`, `2001:db8::1` or `local`"
                    ),
                ));
            }
        }
        if configuration.attribute.is_empty() {
            problems.push(Problem::at("attribute", "must not be empty"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            everybodys,
            attribute: configuration.attribute,
            keep_attribute: configuration.keep_attribute,
            status_message: configuration.status_message,
        })
    }
}

impl AllowNets {
    /// Where the user of this request may come from; none means anywhere.
    fn places(&self, request: &Request) -> Option<Places> {
        let values = request.attribute(&self.attribute);
        let has_attribute =
            (request.progress.attributes.iter()).any(|attribute| attribute.name == self.attribute);
        let mut places = self.everybodys.clone();
        if !has_attribute && !places.local && places.networks.is_empty() {
            return None;
        }
        for text in values.iter().map(ToString::to_string) {
            let entries = text
                .split([',', ' ', '\t'])
                .filter(|entry| !entry.is_empty());
            for entry in entries {
                if entry == "local" {
                    places.local = true;
                } else if !places.networks.add(entry) {
                    log::warning(format_args!(
                        "`{entry}` in {} of {} is no network",
                        self.attribute, request.username
                    ));
                }
            }
        }
        Some(places)
    }

    /// Whether the client may come from where it comes from.
    fn allows(&self, request: &Request) -> bool {
        let Some(places) = self.places(request) else {
            return true;
        };
        let text = request.client.address.as_str();
        match request.client_address() {
            // An address that cannot be read is not the absence of one.
            None if !text.is_empty() => false,
            address => places.contain(address),
        }
    }
}

impl Filter for AllowNets {
    fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let mut answer = Answer::keep();
        if request.progress.authenticated && !self.allows(request) {
            log::add_field("allow_nets", "address not in the user's networks");
            answer = Answer::reject();
            answer.status_message = self.status_message.clone();
        }
        if !self.keep_attribute {
            answer = answer.without_attribute(&self.attribute);
        }
        Ok(answer)
    }
}

bulkhead_sdk::export_filter!(AllowNets);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bulkhead_sdk::{
        Attribute, Value,
        filter::Verdict,
        testing::{TestHost, configure, request, run_filter},
    };

    use super::*;

    fn answer(configuration: &str, request: Request) -> Answer {
        let plugin = configure::<AllowNets>(configuration).unwrap();
        run_filter(&plugin, &TestHost::new(), request).unwrap()
    }

    /// The verdict on alice, accepted, from an address, with the attribute.
    fn verdict(nets: &str, address: &str) -> Verdict {
        let request = request()
            .authenticated("alice")
            .attribute("allow_nets", nets)
            .client_address(address)
            .build();
        answer("null", request).verdict
    }

    #[test]
    fn the_users_networks_decide() {
        let cases = [
            ("192.0.2.0/24", "192.0.2.1", Verdict::Keep),
            ("192.0.2.0/24", "192.0.3.1", Verdict::Reject),
            ("192.0.2.0/24", "::ffff:192.0.2.1", Verdict::Keep),
            (
                "10.0.0.0/8, 192.0.2.1 2001:db8::/32",
                "192.0.2.1",
                Verdict::Keep,
            ),
            (
                "10.0.0.0/8, 192.0.2.1 2001:db8::/32",
                "2001:db8::5",
                Verdict::Keep,
            ),
            (
                "10.0.0.0/8, 192.0.2.1 2001:db8::/32",
                "192.0.2.2",
                Verdict::Reject,
            ),
            ("local", "", Verdict::Keep),
            ("local", "192.0.2.1", Verdict::Reject),
            ("0.0.0.0/0", "", Verdict::Reject),
            ("local", "garbage", Verdict::Reject),
            ("", "192.0.2.1", Verdict::Reject),
            ("nonsense,192.0.2.1", "192.0.2.1", Verdict::Keep),
            ("nonsense", "192.0.2.1", Verdict::Reject),
        ];
        for (nets, address, wanted) in cases {
            assert_eq!(verdict(nets, address), wanted, "{nets:?} {address:?}");
        }
    }

    #[test]
    fn a_user_without_networks_may_come_from_anywhere() {
        let request = request().authenticated("alice").build();
        assert_eq!(answer("null", request).verdict, Verdict::Keep);
    }

    #[test]
    fn an_attribute_may_be_a_list() {
        let mut request = request().authenticated("alice").build();
        request.progress.attributes = vec![Attribute::list(
            "allow_nets",
            ["10.0.0.0/8", "192.0.2.0/24"],
        )];
        assert_eq!(answer("null", request).verdict, Verdict::Keep);
    }

    #[test]
    fn an_attribute_without_values_lets_nobody_in() {
        let mut request = request().authenticated("alice").build();
        request.progress.attributes = vec![Attribute::list("allow_nets", Vec::<Value>::new())];
        assert_eq!(answer("null", request).verdict, Verdict::Reject);
    }

    #[test]
    fn configured_networks_are_everybodys_in_addition() {
        let configuration = r#"{"networks": ["198.51.100.0/24"]}"#;
        let from = |address: &str| request().authenticated("alice").client_address(address);
        let own = from("192.0.2.1").attribute("allow_nets", "192.0.2.0/24");
        assert_eq!(answer(configuration, own.build()).verdict, Verdict::Keep);
        let office = from("198.51.100.7").attribute("allow_nets", "192.0.2.0/24");
        assert_eq!(answer(configuration, office.build()).verdict, Verdict::Keep);
        let elsewhere = from("203.0.113.1");
        assert_eq!(
            answer(configuration, elsewhere.build()).verdict,
            Verdict::Reject
        );
    }

    #[test]
    fn configured_local_is_for_clients_without_an_address() {
        let local = request().authenticated("alice").client_address("").build();
        let configuration = r#"{"networks": ["local"]}"#;
        assert_eq!(answer(configuration, local).verdict, Verdict::Keep);
    }

    #[test]
    fn a_login_that_failed_is_left_alone() {
        let request = request().attribute("allow_nets", "10.0.0.0/8").build();
        assert_eq!(answer("null", request).verdict, Verdict::Keep);
    }

    #[test]
    fn clients_do_not_get_the_attribute_unless_told_otherwise() {
        let login = || request().authenticated("alice").build();
        assert_eq!(answer("null", login()).remove_attributes, ["allow_nets"]);
        let kept = answer(r#"{"keep_attribute": true}"#, login());
        assert!(kept.remove_attributes.is_empty());
    }

    #[test]
    fn the_status_message_and_the_attribute_can_be_chosen() {
        let configuration = r#"{"attribute": "nets", "status_message": "Not from here"}"#;
        let request = request()
            .authenticated("alice")
            .attribute("nets", "10.0.0.0/8")
            .build();
        let answer = answer(configuration, request);
        assert_eq!(answer.verdict, Verdict::Reject);
        assert_eq!(answer.status_message.as_deref(), Some("Not from here"));
        assert_eq!(answer.remove_attributes, ["nets"]);
    }

    #[test]
    fn an_entry_that_is_no_network_is_logged() {
        let host = TestHost::new();
        let request = request()
            .authenticated("alice")
            .attribute("allow_nets", "lan")
            .build();
        run_filter(&configure::<AllowNets>("null").unwrap(), &host, request).unwrap();
        let log = host.log();
        assert!(
            log.iter().any(|line| line.message.contains("`lan`")),
            "{log:?}"
        );
    }

    #[test]
    fn every_mistake_is_a_problem_at_its_place() {
        let cases = [
            (r#"{"networks": ["local", "lan"]}"#, "networks[1]"),
            (r#"{"attribute": ""}"#, "attribute"),
            (r#"{"network": []}"#, "network"),
            (r#"{"keep_attribute": "yes"}"#, "keep_attribute"),
        ];
        for (configuration, path) in cases {
            let problems = configure::<AllowNets>(configuration).unwrap_err();
            assert_eq!(problems.first().unwrap().path, path, "{configuration}");
        }
    }
}
