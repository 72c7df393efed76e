//! What MaxMind's databases hold, as far as plugins get to see it. Keys that a database lacks are absent;
//! those that nobody reads are passed over. Numbers may be of any type that says the same (`lenient`).

use serde::Deserialize;

use super::lenient::{decimal, flag, whole};

/// What a database knows of an address (`wit/geoip.wit`).
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Facts {
    /// In CIDR form.
    pub network: String,
    /// ISO 3166-1, two letters.
    pub country: Option<String>,
    pub country_name: Option<String>,
    pub registered_country: Option<String>,
    pub in_european_union: Option<bool>,
    pub continent: Option<String>,
    /// ISO 3166-2 without the country, the largest one.
    pub subdivision: Option<String>,
    pub city: Option<String>,
    pub postal_code: Option<String>,
    /// Of the IANA database.
    pub time_zone: Option<String>,
    /// Degrees.
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub accuracy_radius_km: Option<u16>,
    pub asn: Option<u32>,
    pub organisation: Option<String>,
}

/// The keys of City, Country, Enterprise, ASN and ISP databases.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    city: Place,
    continent: Place,
    country: Place,
    registered_country: Place,
    subdivisions: Vec<Place>,
    location: Location,
    postal: Place,
    traits: System,
    #[serde(deserialize_with = "whole")]
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Place {
    iso_code: Option<String>,
    code: Option<String>,
    #[serde(deserialize_with = "flag")]
    is_in_european_union: Option<bool>,
    names: Names,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Names {
    en: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Location {
    #[serde(deserialize_with = "decimal")]
    latitude: Option<f64>,
    #[serde(deserialize_with = "decimal")]
    longitude: Option<f64>,
    #[serde(deserialize_with = "whole")]
    accuracy_radius: Option<u16>,
    time_zone: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct System {
    #[serde(deserialize_with = "whole")]
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<String>,
}

impl Record {
    pub(super) fn into_facts(self, network: String) -> Facts {
        Facts {
            network,
            country: self.country.iso_code,
            country_name: self.country.names.en,
            registered_country: self.registered_country.iso_code,
            in_european_union: self.country.is_in_european_union,
            continent: self.continent.code,
            subdivision: self
                .subdivisions
                .into_iter()
                .next()
                .and_then(|place| place.iso_code),
            city: self.city.names.en,
            postal_code: self.postal.code,
            time_zone: self.location.time_zone,
            latitude: self.location.latitude,
            longitude: self.location.longitude,
            accuracy_radius_km: self.location.accuracy_radius,
            asn: self
                .autonomous_system_number
                .or(self.traits.autonomous_system_number),
            organisation: self
                .autonomous_system_organization
                .or(self.traits.autonomous_system_organization),
        }
    }
}
