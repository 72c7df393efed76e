//! Filter: adds to the attributes of a login where it came from, as `builtin:geoip` found out.
//!
//! ```yaml
//! pipeline:
//!   controls:
//!     - name: geoip
//!       component: builtin:geoip
//!   filters:
//!     - name: geoip-attributes
//!       component: builtin:geoip-attributes
//! plugins:
//!   geoip-attributes:
//!     configuration:
//!       attributes:                   # name of the attribute: fact
//!         login_country: country
//!         login_network: asn
//! ```
//!
//! The facts are `network`, `country`, `country_name`, `registered_country`, `in_european_union`,
//! `continent`, `subdivision`, `city`, `postal_code`, `time_zone`, `latitude`, `longitude`,
//! `accuracy_radius_km`, `asn` and `organisation`; numbers and truth values become text, as all attributes
//! of front ends are. A fact that is not known adds nothing, and neither does a name that a backend has
//! used. Needs no grants.

use std::collections::BTreeMap;

use bulkhead_sdk::{Failure, Filter, Plugin, Problem, Request, context, filter::Answer};
use serde::Deserialize;

/// What `builtin:geoip` may know.
const FACTS: [&str; 15] = [
    "network",
    "country",
    "country_name",
    "registered_country",
    "in_european_union",
    "continent",
    "subdivision",
    "city",
    "postal_code",
    "time_zone",
    "latitude",
    "longitude",
    "accuracy_radius_km",
    "asn",
    "organisation",
];

/// `plugins.NAME.configuration`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Facts by the names of the attributes that hold them.
    pub attributes: BTreeMap<String, String>,
}

/// The configured filter.
#[derive(Debug)]
pub struct GeoipAttributes {
    attributes: BTreeMap<String, String>,
}

/// A value under the context key `geoip`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Fact {
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(String),
}

impl Plugin for GeoipAttributes {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        if configuration.attributes.is_empty() {
            let text = "name at least one attribute, such as `login_country: country`";
            problems.push(Problem::at("attributes", text));
        }
        for (name, fact) in &configuration.attributes {
            if name.is_empty() {
                problems.push(Problem::at("attributes", "a name must not be empty"));
            }
            if !FACTS.contains(&fact.as_str()) {
                let text = format!("`{fact}` is no fact; there are {}", FACTS.join(", "));
                problems.push(Problem::at(format!("attributes.{name}"), text));
            }
        }
        match problems.is_empty() {
            true => Ok(Self {
                attributes: configuration.attributes,
            }),
            false => Err(problems),
        }
    }
}

impl Filter for GeoipAttributes {
    fn run(&self, _request: &Request) -> Result<Answer, Failure> {
        let known: BTreeMap<String, Fact> = context::get("geoip")?.unwrap_or_default();
        let mut answer = Answer::keep();
        for (name, fact) in &self.attributes {
            answer = match known.get(fact) {
                None => answer,
                Some(Fact::Flag(flag)) => answer.with_attribute(name, flag.to_string()),
                Some(Fact::Whole(number)) => answer.with_attribute(name, number.to_string()),
                Some(Fact::Number(number)) => answer.with_attribute(name, number.to_string()),
                Some(Fact::Text(text)) => answer.with_attribute(name, text.as_str()),
            };
        }
        Ok(answer)
    }
}

bulkhead_sdk::export_filter!(GeoipAttributes);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bulkhead_sdk::{
        Attribute,
        testing::{TestHost, configure, request, run_filter},
    };
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    struct Found {
        country: &'static str,
        asn: u32,
        latitude: f64,
        in_european_union: bool,
    }

    const ALL: &str = r#"{"attributes": {
        "login_country": "country", "login_asn": "asn", "login_latitude": "latitude",
        "login_eu": "in_european_union", "login_city": "city"
    }}"#;

    #[test]
    fn what_is_known_becomes_attributes_and_the_rest_does_not() {
        let plugin = configure::<GeoipAttributes>(ALL).unwrap();
        let host = TestHost::new();
        let found = Found {
            country: "DE",
            asn: 64496,
            latitude: 52.5,
            in_european_union: true,
        };
        host.run(|| context::set("geoip", &found)).unwrap();
        let answer = run_filter(&plugin, &host, request().build()).unwrap();
        let wanted = [
            Attribute::new("login_asn", "64496"),
            Attribute::new("login_country", "DE"),
            Attribute::new("login_eu", "true"),
            Attribute::new("login_latitude", "52.5"),
        ];
        assert_eq!(answer.add_attributes, wanted);
    }

    #[test]
    fn without_facts_the_login_stays_as_it_is() {
        let plugin = configure::<GeoipAttributes>(ALL).unwrap();
        let answer = run_filter(&plugin, &TestHost::new(), request().build()).unwrap();
        assert_eq!(answer, Answer::keep());
    }

    #[test]
    fn every_mistake_is_a_problem_at_its_place() {
        let cases = [
            ("null", ""),
            (r#"{"attributes": {}}"#, "attributes"),
            (r#"{"attributes": {"": "country"}}"#, "attributes"),
            (
                r#"{"attributes": {"a": "country", "b": "county"}}"#,
                "attributes.b",
            ),
            (r#"{"attribute": {}}"#, "attribute"),
        ];
        for (json, path) in cases {
            let problems = configure::<GeoipAttributes>(json).unwrap_err();
            assert_eq!(problems.first().unwrap().path, path, "{json}");
        }
    }
}
