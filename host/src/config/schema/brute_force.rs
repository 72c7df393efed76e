//! The section `brute_force`.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ipnet::IpNet;

use crate::auth::Password;

/// `brute_force`: counts failed logins by network and bans networks that fail too often. Networks are
/// those of IPv4 wherever an IPv6 address is a mapped one.
#[derive(Clone)]
pub struct BruteForce {
    /// `buckets`, in the order in which they are looked at.
    pub buckets: Vec<Bucket>,
    /// `protocols`: the control looks at these only; all if empty.
    pub protocols: Vec<String>,
    /// `ip_allowlist`
    pub ip_allowlist: Vec<IpNet>,
    /// `allowlist`, by user name.
    pub allowlist: BTreeMap<String, Vec<IpNet>>,
    /// `learning`: names of features, or of events, whose rejects count too.
    pub learning: Vec<String>,
    /// `tolerate_ttl`: zero means that nothing is tolerated.
    pub tolerate_ttl: Duration,
    /// `tolerate_percent`, or the keys of `adaptive_toleration`.
    pub tolerate: Tolerate,
    /// `custom_tolerations`
    pub custom_tolerations: Vec<CustomToleration>,
    /// `tolerate_users`: names that are remembered of one address, of each kind.
    pub tolerate_users: u32,
    /// `ip_scoping.rwp_ipv6_cidr`; `None` is the address itself.
    pub repeated_ipv6_prefix: Option<u8>,
    /// `ip_scoping.tolerations_ipv6_cidr`; `None` is the address itself.
    pub tolerations_ipv6_prefix: Option<u8>,
    /// `rwp_allowed_unique_hashes`: 0 means that each wrong password counts.
    pub repeated_allowed: u32,
    /// `rwp_window`
    pub repeated_window: Duration,
    /// `cold_start_grace_ttl`: how long one failure of a known account at an address is forgiven; zero unless
    /// `cold_start_grace_enabled`.
    pub cold_start_grace: Duration,
    /// `password_history.max_entries`: 0 means that none is kept.
    pub history_entries: u32,
    /// `password_history.ttl`
    pub history_ttl: Duration,
    /// `pw_history_for_known_accounts`
    pub history_for_known_accounts: bool,
    /// `account_addresses`: 0 means that none is remembered.
    pub account_addresses: u32,
    /// `decision_cache`: how long a ban is known without asking the store.
    pub decision_cache: Duration,
    /// `decision_cache_entries`
    pub decision_cache_entries: u32,
    /// `digest_key`: keys the digests of wrong passwords. Without it one is drawn and kept in the store.
    pub digest_key: Option<Arc<Password>>,
    /// `list_format`
    pub list_format: ListFormat,
}

/// `brute_force.buckets`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// `name`: unique, letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// `period`: the window slides over so much time.
    pub period: Duration,
    /// `ban_time`: default 8 h.
    pub ban_time: Duration,
    /// `cidr`: length of the prefix that makes up a network.
    pub prefix: u8,
    /// `ipv4`
    pub ipv4: bool,
    /// `ipv6`
    pub ipv6: bool,
    /// `failed_requests`: so many failures in the period, and the next attempt is banned.
    pub failed_requests: u32,
    /// `filter_by_protocol`: counts these only, each for itself; all together if empty.
    pub protocols: Vec<String>,
    /// `filter_by_oidc_cid`: counts logins through these clients of the identity provider only, each for
    /// itself.
    pub oidc_clients: Vec<String>,
}

/// How many users of an address may fail, for those that succeed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerate {
    /// `tolerate_percent`
    Percent(u8),
    /// `adaptive_toleration: true`: grows with the number of users that succeed.
    Adaptive {
        /// `min_tolerate_percent`
        least: u8,
        /// `max_tolerate_percent`
        most: u8,
        /// `scale_factor`: how fast.
        scale: f64,
    },
}

/// `brute_force.custom_tolerations`
#[derive(Clone, Debug, PartialEq)]
pub struct CustomToleration {
    /// `ip_address`: the longest prefix that holds a client counts.
    pub network: IpNet,
    /// `tolerate_percent`
    pub percent: u8,
    /// `tolerate_ttl`
    pub ttl: Duration,
}

/// The shape of `/api/v1/bruteforce/list`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListFormat {
    /// `v3`: entries with times, and pages.
    #[default]
    V3,
    /// `v1`: of Nauthilus 1.
    V1,
}

impl Default for BruteForce {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            protocols: Vec::new(),
            ip_allowlist: Vec::new(),
            allowlist: BTreeMap::new(),
            learning: Vec::new(),
            tolerate_ttl: Duration::ZERO,
            tolerate: Tolerate::Percent(10),
            custom_tolerations: Vec::new(),
            tolerate_users: 1000,
            repeated_ipv6_prefix: None,
            tolerations_ipv6_prefix: None,
            repeated_allowed: 3,
            repeated_window: Duration::from_secs(15 * 60),
            cold_start_grace: Duration::ZERO,
            history_entries: 100,
            history_ttl: Duration::from_secs(60 * 60),
            history_for_known_accounts: false,
            account_addresses: 100,
            decision_cache: Duration::from_secs(1),
            decision_cache_entries: 100_000,
            digest_key: None,
            list_format: ListFormat::V3,
        }
    }
}
