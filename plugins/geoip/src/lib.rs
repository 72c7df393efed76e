//! Feature: allows and rejects logins by the country, the continent or the network operator that they come
//! from, by databases in MaxMind's format.
//!
//! ```yaml
//! geoip:
//!   city: {file: /var/lib/GeoIP/GeoLite2-City.mmdb}
//!   asn: {file: /var/lib/GeoIP/GeoLite2-ASN.mmdb}
//! pipeline:
//!   controls:
//!     - name: geoip
//!       component: builtin:geoip
//! plugins:
//!   geoip:
//!     grants:
//!       geoip: [city, asn]
//!     configuration:
//!       databases: [city, asn]        # where two know the same thing, the first is believed
//!       allow:                        # default: everything
//!         countries: [DE, AT, CH]     # ISO 3166-1
//!         continents: [EU]            # AF, AN, AS, EU, NA, OC, SA
//!         asns: [64496]               # autonomous systems
//!       deny:                         # default: nothing
//!         asns: [64511]
//!       unknown: reject               # or `pass`; default: `reject` with `allow`, else `pass`
//!       skip_private: true            # default: addresses that nobody outside can have are not judged
//!       ip_allowlist: [198.51.100.0/24]               # nor these; default: none
//!       allowlist: {alice: [203.0.113.0/24]}          # nor these users from there; default: none
//!       status_message: Rejected      # default: the text of a wrong password
//! ```
//!
//! What `deny` names is rejected, whatever `allow` says. With `allow`, one of the things that it names must
//! be known of the address. An address of which nothing is known that the rules ask about is `unknown`, and
//! so is a client without an address.
//!
//! Without `allow` and `deny` nothing is rejected: the plugin then only finds out. What it found is left
//! under the context key `geoip` for later plugins ([`facts::Facts`]), `builtin:geoip-attributes` among
//! them, and in the log fields `geoip_country` and `geoip_asn`. A database that cannot be used is a failure
//! of the plugin, so a temporary failure unless `on_error` says otherwise.

pub mod facts;
mod rules;

use std::{collections::BTreeMap, net::IpAddr};

use bulkhead_sdk::{
    Failure, Feature, Plugin, Problem, Request,
    allowlist::Allowlist,
    context,
    feature::Answer,
    geoip, log,
    network::{Networks, is_private},
};
use serde::Deserialize;

use facts::Facts;
use rules::Rules;
pub use rules::RulesConfiguration;

/// Most databases that one login may ask.
pub const DATABASES: usize = 16;

/// `plugins.NAME.configuration`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Names in the server's section `geoip`.
    pub databases: Vec<String>,
    /// One of these must be known of the address.
    #[serde(default)]
    pub allow: RulesConfiguration,
    /// None of these may be.
    #[serde(default)]
    pub deny: RulesConfiguration,
    /// What becomes of an address of which nothing is known that the rules ask about.
    #[serde(default)]
    pub unknown: Option<Unknown>,
    /// Private and loopback addresses are not judged.
    #[serde(default = "yes")]
    pub skip_private: bool,
    /// Networks that are not judged.
    #[serde(default)]
    pub ip_allowlist: Vec<String>,
    /// Users, and networks from which each is not judged.
    #[serde(default)]
    pub allowlist: BTreeMap<String, Vec<String>>,
    /// What a rejected client is told.
    #[serde(default)]
    pub status_message: Option<String>,
}

/// `unknown`
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// There is nothing to object to.
    Pass,
    /// It is not where logins may come from.
    Reject,
}

fn yes() -> bool {
    true
}

/// The configured feature.
#[derive(Debug)]
pub struct Geoip {
    databases: Vec<String>,
    allow: Rules,
    deny: Rules,
    unknown: Unknown,
    skip_private: bool,
    ip_allowlist: Networks,
    allowlist: Allowlist,
    status_message: Option<String>,
}

impl Plugin for Geoip {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        if !(1..=DATABASES).contains(&configuration.databases.len()) {
            let text = format!("must name 1 to {DATABASES} of the server's databases");
            problems.push(Problem::at("databases", text));
        }
        let allow = Rules::read("allow", &configuration.allow, &mut problems);
        let deny = Rules::read("deny", &configuration.deny, &mut problems);
        let ip_allowlist =
            Networks::from_configuration("ip_allowlist", &configuration.ip_allowlist)
                .unwrap_or_else(|found| {
                    problems.extend(found);
                    Networks::default()
                });
        let allowlist = Allowlist::from_configuration("allowlist", &configuration.allowlist)
            .unwrap_or_else(|found| {
                problems.extend(found);
                Allowlist::default()
            });
        if configuration.unknown.is_some() && allow.is_empty() && deny.is_empty() {
            let text = "has no effect without `allow` or `deny`; remove it, or add one of them";
            problems.push(Problem::at("unknown", text));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let unknown = configuration.unknown.unwrap_or(match allow.is_empty() {
            true => Unknown::Pass,
            false => Unknown::Reject,
        });
        Ok(Self {
            databases: configuration.databases,
            allow,
            deny,
            unknown,
            skip_private: configuration.skip_private,
            ip_allowlist,
            allowlist,
            status_message: configuration.status_message,
        })
    }
}

impl Geoip {
    /// What all databases together know.
    fn facts(&self, address: IpAddr) -> Result<Option<Facts>, Failure> {
        let mut known: Option<geoip::Facts> = None;
        for database in &self.databases {
            let Some(more) = geoip::lookup(database, address)? else {
                continue;
            };
            known = Some(match known {
                Some(known) => known.or(more),
                None => more,
            });
        }
        Ok(known.map(Facts::from))
    }

    /// Why a login from there is rejected, if it is.
    fn objection(&self, facts: Option<&Facts>) -> Option<String> {
        if let Some(match_) = facts.and_then(|facts| self.deny.matching(facts)) {
            return Some(format!("{match_} is denied"));
        }
        let asking = match self.allow.is_empty() {
            true => &self.deny,
            false => &self.allow,
        };
        if asking.is_empty() {
            return None;
        }
        match facts.filter(|facts| asking.know(facts)) {
            Some(facts) => (!self.allow.is_empty() && self.allow.matching(facts).is_none())
                .then(|| "it is nowhere that is allowed".to_owned()),
            None => {
                (self.unknown == Unknown::Reject).then(|| "nobody knows where it is".to_owned())
            }
        }
    }

    fn reject(&self) -> Answer {
        let answer = Answer::reject();
        match &self.status_message {
            Some(message) => answer.with_status_message(message),
            None => answer,
        }
    }
}

impl Feature for Geoip {
    fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let address = request.client_address();
        let facts = match address {
            Some(address) => self.facts(address)?,
            None => None,
        };
        if let Some(facts) = &facts {
            facts.log();
            context::set("geoip", facts)?;
        }
        let excepted = address.is_some_and(|address| {
            (self.skip_private && is_private(address)) || self.ip_allowlist.contains(address)
        }) || self.allowlist.covers(request);
        if excepted {
            return Ok(Answer::pass());
        }
        let Some(why) = self.objection(facts.as_ref()) else {
            return Ok(Answer::pass());
        };
        let from = address.map_or_else(
            || "a client without an address".to_owned(),
            |one| one.to_string(),
        );
        log::info(format!("{from} may not log in: {why}"));
        Ok(self.reject())
    }
}

bulkhead_sdk::export_feature!(Geoip);

#[cfg(test)]
mod tests;
