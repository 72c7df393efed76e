//! The import `geoip`: what the databases that the grant names know of an address.

use std::net::IpAddr;

use super::{bindings::bulkhead::policy::geoip, state::CallState};
use crate::backend_io::geoip::{Facts, GeoipError};

impl geoip::Host for CallState {
    fn lookup(
        &mut self,
        database: String,
        address: String,
    ) -> wasmtime::Result<Result<Option<geoip::Facts>, geoip::Error>> {
        self.charge(database.len() + address.len())?;
        self.touched_outside = true;
        if !self.rights.grants.geoip.contains(&database) {
            let text = self.deny_as("geoip", &format!("geoip: [ {database} ]"));
            return Ok(Err(geoip::Error::Denied(text)));
        }
        let Ok(address) = address.parse::<IpAddr>() else {
            let text = "this is no IP address".to_owned();
            return Ok(Err(geoip::Error::Invalid(text)));
        };
        let found = self.rights.services.addresses.lookup(&database, address);
        Ok(match found {
            Ok(found) => Ok(found.map(facts)),
            Err(error @ GeoipError::NoSuchDatabase(_)) => {
                Err(geoip::Error::Invalid(error.to_string()))
            }
            Err(error @ GeoipError::Unusable(_)) => {
                Err(geoip::Error::Unavailable(error.to_string()))
            }
        })
    }
}

fn facts(facts: Facts) -> geoip::Facts {
    geoip::Facts {
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
