//! `dns` and `geoip`: what controls ask about a client's address.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// `dns`: how names are looked up.
#[derive(Clone, Debug, PartialEq)]
pub struct DnsConfig {
    /// `servers`: name servers; those of the system (`/etc/resolv.conf`) if empty.
    pub servers: Vec<SocketAddr>,
    /// `timeout`: of one question, all attempts included. Default 3 s.
    pub timeout: Duration,
    /// `attempts`: how often a question is tried. Default 2.
    pub attempts: u32,
    /// `cache_entries`: answers that are kept. Default 8192.
    pub cache_entries: u32,
    /// `min_ttl`: answers are kept at least this long. Default 0.
    pub min_ttl: Duration,
    /// `max_ttl`: and at most this long. Default 1 h.
    pub max_ttl: Duration,
    /// `max_negative_ttl`: that a name does not exist is kept at most this long. Default 5 min.
    pub max_negative_ttl: Duration,
    /// `concurrency`: questions at the same time. Default 256.
    pub concurrency: u32,
    /// `questions`: of one call of a plugin. Default 64.
    pub questions: u32,
    /// `breaker_failures`: questions in a row without an answer that open the breaker. Default 20.
    pub breaker_failures: u32,
    /// `breaker_cool_down`: for how long. Default 2 s.
    pub breaker_cool_down: Duration,
}

impl Default for DnsConfig {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            timeout: Duration::from_secs(3),
            attempts: 2,
            cache_entries: 8192,
            min_ttl: Duration::ZERO,
            max_ttl: Duration::from_secs(60 * 60),
            max_negative_ttl: Duration::from_secs(5 * 60),
            concurrency: 256,
            questions: 64,
            breaker_failures: 20,
            breaker_cool_down: Duration::from_secs(2),
        }
    }
}

/// `geoip.NAME`
#[derive(Clone, Debug, PartialEq)]
pub struct GeoipDatabase {
    /// `file`: in MaxMind's format.
    pub file: PathBuf,
    /// `max_bytes`: a larger file is refused. Default 512 MiB.
    pub max_bytes: u64,
}

/// `plugins.NAME.grants.dns`
#[derive(Clone, Debug, PartialEq)]
pub enum DnsGrant {
    /// `true`: any name.
    All,
    /// These zones, in lower case and without a final dot: the names themselves, and all below.
    Zones(Vec<String>),
}

impl DnsGrant {
    /// Whether a question about the name may be asked.
    pub fn covers(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        match self {
            Self::All => true,
            Self::Zones(zones) => zones.iter().any(|zone| {
                name.strip_suffix(zone.as_str())
                    .is_some_and(|below| below.is_empty() || below.ends_with('.'))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_the_name_and_all_below_it() {
        let grant = DnsGrant::Zones(vec!["zen.example".to_owned()]);
        for (name, covered) in [
            ("zen.example", true),
            ("99.2.0.192.ZEN.example.", true),
            ("xzen.example", false),
            ("example", false),
            ("zen.example.org", false),
            ("", false),
        ] {
            assert_eq!(grant.covers(name), covered, "{name}");
            assert!(DnsGrant::All.covers(name));
        }
    }
}
