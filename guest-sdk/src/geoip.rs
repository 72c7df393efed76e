//! Where an address is and whose it is, under the grant `geoip`, which names the databases.

use std::net::IpAddr;

pub use crate::bindings::bulkhead::policy::geoip::Facts;
use crate::host::{Current, Host};

/// Why nobody can say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No grant covers the database; the text holds the grant to write.
    #[error("not granted: {0}")]
    Denied(String),
    /// The configuration has no database of that name, or the address is none.
    #[error("{0}")]
    Invalid(String),
    /// The file cannot be used.
    #[error("the database cannot be used: {0}")]
    Unavailable(String),
}

/// What a database knows of an address; nothing if it does not hold it.
///
/// # Errors
/// When the database cannot be asked.
pub fn lookup(database: &str, address: IpAddr) -> Result<Option<Facts>, Error> {
    Current::geoip_lookup(database, &address.to_canonical().to_string())
}

impl Facts {
    /// What both know; where both know something, what `self` knows.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let network = match self.network.as_str() {
            "" => other.network,
            _ => self.network,
        };
        Self {
            network,
            country: self.country.or(other.country),
            country_name: self.country_name.or(other.country_name),
            registered_country: self.registered_country.or(other.registered_country),
            in_european_union: self.in_european_union.or(other.in_european_union),
            continent: self.continent.or(other.continent),
            subdivision: self.subdivision.or(other.subdivision),
            city: self.city.or(other.city),
            postal_code: self.postal_code.or(other.postal_code),
            time_zone: self.time_zone.or(other.time_zone),
            latitude: self.latitude.or(other.latitude),
            longitude: self.longitude.or(other.longitude),
            accuracy_radius_km: self.accuracy_radius_km.or(other.accuracy_radius_km),
            asn: self.asn.or(other.asn),
            organisation: self.organisation.or(other.organisation),
        }
    }
}
