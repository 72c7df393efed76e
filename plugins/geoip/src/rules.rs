//! `allow` and `deny`: what is named, and whether an address is there.

use std::collections::BTreeSet;

use bulkhead_sdk::Problem;
use serde::Deserialize;

use crate::facts::Facts;

/// Codes of continents, as databases hold them.
const CONTINENTS: [&str; 7] = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"];

/// `allow` or `deny`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RulesConfiguration {
    /// ISO 3166-1 codes of two letters.
    pub countries: Vec<String>,
    /// `AF`, `AN`, `AS`, `EU`, `NA`, `OC` or `SA`.
    pub continents: Vec<String>,
    /// Numbers of autonomous systems.
    pub asns: Vec<u32>,
}

/// What is named.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    countries: BTreeSet<String>,
    continents: BTreeSet<String>,
    asns: BTreeSet<u32>,
}

impl Rules {
    /// Reads what stands under the key; what is wrong is added to the problems.
    pub(crate) fn read(
        key: &str,
        configuration: &RulesConfiguration,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut rules = Self {
            asns: configuration.asns.iter().copied().collect(),
            ..Self::default()
        };
        for (index, country) in configuration.countries.iter().enumerate() {
            let code = country.to_ascii_uppercase();
            if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
                rules.countries.insert(code);
            } else {
                let text = format!("`{country}` is no code of a country; write it like `DE`");
                problems.push(Problem::at(format!("{key}.countries[{index}]"), text));
            }
        }
        for (index, continent) in configuration.continents.iter().enumerate() {
            let code = continent.to_ascii_uppercase();
            if CONTINENTS.contains(&code.as_str()) {
                rules.continents.insert(code);
            } else {
                let all = CONTINENTS.join(", ");
                let text = format!("`{continent}` is no continent; there are {all}");
                problems.push(Problem::at(format!("{key}.continents[{index}]"), text));
            }
        }
        rules
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.countries.is_empty() && self.continents.is_empty() && self.asns.is_empty()
    }

    /// What of the address is named, in words.
    pub(crate) fn matching(&self, facts: &Facts) -> Option<String> {
        if let Some(country) = &facts.country
            && self.countries.contains(country)
        {
            return Some(format!("the country {country}"));
        }
        if let Some(continent) = &facts.continent
            && self.continents.contains(continent)
        {
            return Some(format!("the continent {continent}"));
        }
        facts
            .asn
            .filter(|asn| self.asns.contains(asn))
            .map(|asn| format!("the autonomous system {asn}"))
    }

    /// Whether anything is known that the rules ask about.
    pub(crate) fn know(&self, facts: &Facts) -> bool {
        (!self.countries.is_empty() && facts.country.is_some())
            || (!self.continents.is_empty() && facts.continent.is_some())
            || (!self.asns.is_empty() && facts.asn.is_some())
    }
}
