//! What is known of an address, as later plugins and the log see it.

use bulkhead_sdk::{geoip, log};
use serde::{Deserialize, Serialize};

/// The value under the context key `geoip`. Absent when no database holds the client's address. What a
/// database does not know is absent.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Facts {
    /// In CIDR form.
    pub network: String,
    /// ISO 3166-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// In English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_name: Option<String>,
    /// Where the network is registered, ISO 3166-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered_country: Option<String>,
    /// Whether the country is a member of the European Union.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_european_union: Option<bool>,
    /// `AF`, `AN`, `AS`, `EU`, `NA`, `OC` or `SA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continent: Option<String>,
    /// ISO 3166-2, without the country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdivision: Option<String>,
    /// In English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// As the country writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Of the IANA database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Degrees, north positive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Degrees, east positive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// Kilometres around that point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy_radius_km: Option<u16>,
    /// Number of the autonomous system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<u32>,
    /// Who runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
}

impl From<geoip::Facts> for Facts {
    fn from(facts: geoip::Facts) -> Self {
        Self {
            network: facts.network,
            country: facts.country,
            country_name: facts.country_name,
            registered_country: facts.registered_country,
            in_european_union: facts.in_european_union,
            continent: facts.continent,
            subdivision: facts.subdivision,
            city: facts.city,
            postal_code: facts.postal_code,
            time_zone: facts.time_zone,
            latitude: facts.latitude,
            longitude: facts.longitude,
            accuracy_radius_km: facts.accuracy_radius_km,
            asn: facts.asn,
            organisation: facts.organisation,
        }
    }
}

impl Facts {
    pub(crate) fn log(&self) {
        if let Some(country) = &self.country {
            log::add_field("geoip_country", country.as_str());
        }
        if let Some(asn) = self.asn {
            log::add_field("geoip_asn", i64::from(asn));
        }
    }
}
