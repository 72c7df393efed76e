//! Which buckets count a login, and under which keys the store keeps what concerns its client.
//!
//! Pure. All keys of one client have the same tag, the widest network that the configuration makes of
//! addresses of its family: a Redis cluster keeps them in one slot, and one step can see all of them.
//! Whoever configures a wider network than before therefore starts counting anew.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;

use super::network;
use crate::{
    auth::{Mode, Request},
    config::{BruteForce, Bucket, Tolerate},
    store::Key,
};

/// Everything that the control keeps in the store.
pub(super) const NAMESPACE: &str = "bulkhead.brute-force";

/// A login that is counted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Attempt {
    /// In its one form.
    pub(super) address: IpAddr,
    /// Buckets that apply, in configuration order.
    pub(super) places: Vec<Place>,
    /// What is tolerated here.
    pub(super) toleration: Toleration,
    tag: Vec<u8>,
    /// Whose users are remembered together.
    users: IpNet,
    /// Whose repeated passwords are remembered together.
    repeated: IpNet,
}

/// A bucket, and the network that it counts a client in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its position in the configuration.
    pub(super) bucket: usize,
    pub(super) name: String,
    pub(super) network: IpNet,
    /// Empty unless the bucket counts protocols for themselves.
    pub(super) protocol: String,
    /// Empty unless the bucket counts clients of an identity provider for themselves.
    pub(super) oidc_client: String,
}

/// What is tolerated at an address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Toleration {
    /// Zero tolerates nothing.
    pub(super) ttl: Duration,
    pub(super) tolerate: Tolerate,
}

/// The login as the control sees it; `None` when it has nothing to do with it: no password is checked, the
/// client's address is unknown or allowed, nothing counts this protocol.
pub(super) fn attempt(config: &BruteForce, request: &Request) -> Option<Attempt> {
    if request.mode != Mode::Verify || !applies_to(&config.protocols, &request.protocol) {
        return None;
    }
    let address = network::address(&request.client.address)?;
    let allowed = config.allowlist.get(&request.username);
    if network::holds(&config.ip_allowlist, address)
        || allowed.is_some_and(|networks| network::holds(networks, address))
    {
        return None;
    }
    let oidc_client = oidc_client(request);
    let places: Vec<_> = config
        .buckets
        .iter()
        .enumerate()
        .filter(|(_, bucket)| {
            applies_to(&bucket.protocols, &request.protocol)
                && applies_to(&bucket.oidc_clients, oidc_client)
        })
        .filter_map(|(index, bucket)| place(index, bucket, address, &request.protocol, oidc_client))
        .collect();
    if places.is_empty() {
        return None;
    }
    Some(Attempt {
        places,
        ..client(config, address)
    })
}

/// The configuration with every network in its one form.
pub(super) fn canonical(config: &BruteForce) -> BruteForce {
    let mut config = config.clone();
    let networks = config.ip_allowlist.iter_mut();
    let networks = networks.chain(config.allowlist.values_mut().flatten());
    let custom = config.custom_tolerations.iter_mut();
    for network in networks.chain(custom.map(|custom| &mut custom.network)) {
        *network = network::canonical(*network);
    }
    config
}

/// The client of an identity provider that asks; empty if none does.
pub(super) fn oidc_client(request: &Request) -> &str {
    let identity = request.identity.as_ref();
    identity.map_or("", |identity| identity.client_id.as_str())
}

/// What is kept of an address beside its buckets, but for what belongs to one account.
pub(super) fn address_keys(config: &BruteForce, address: IpAddr) -> Vec<Key> {
    let client = client(config, address);
    vec![client.negative(), client.address_history()]
}

/// Whatever may come from an address, but for its buckets.
pub(super) fn client(config: &BruteForce, address: IpAddr) -> Attempt {
    Attempt {
        address,
        places: Vec::new(),
        toleration: toleration(config, address),
        tag: tag(config, address),
        users: scoped(address, config.tolerations_ipv6_prefix),
        repeated: scoped(address, config.repeated_ipv6_prefix),
    }
}

fn applies_to(words: &[String], word: &str) -> bool {
    words.is_empty() || words.iter().any(|one| one == word)
}

/// Where the bucket counts a client; `None` if it is not for its family. Protocol and client count only
/// where the bucket tells them apart.
pub(super) fn place(
    index: usize,
    bucket: &Bucket,
    address: IpAddr,
    protocol: &str,
    oidc_client: &str,
) -> Option<Place> {
    let fits = match address {
        IpAddr::V4(_) => bucket.ipv4,
        IpAddr::V6(_) => bucket.ipv6,
    };
    let only_if = |tells_apart: bool, word: &str| match tells_apart {
        true => word.to_owned(),
        false => String::new(),
    };
    fits.then(|| Place {
        bucket: index,
        name: bucket.name.clone(),
        network: network::around(address, bucket.prefix),
        protocol: only_if(!bucket.protocols.is_empty(), protocol),
        oidc_client: only_if(!bucket.oidc_clients.is_empty(), oidc_client),
    })
}

/// The custom toleration of the smallest network that holds the address, or what holds for all.
fn toleration(config: &BruteForce, address: IpAddr) -> Toleration {
    let custom = config
        .custom_tolerations
        .iter()
        .filter(|custom| custom.network.contains(&address))
        .max_by_key(|custom| custom.network.prefix_len());
    match custom {
        Some(custom) => Toleration {
            ttl: custom.ttl,
            tolerate: Tolerate::Percent(custom.percent),
        },
        None => Toleration {
            ttl: config.tolerate_ttl,
            tolerate: config.tolerate,
        },
    }
}

/// Several IPv6 addresses may count as one client.
fn scoped(address: IpAddr, ipv6_prefix: Option<u8>) -> IpNet {
    match (address, ipv6_prefix) {
        (IpAddr::V6(_), Some(prefix)) => network::around(address, prefix),
        _ => IpNet::from(address),
    }
}

/// The widest network that holds all that is kept of a client.
fn tag(config: &BruteForce, address: IpAddr) -> Vec<u8> {
    let buckets = config.buckets.iter();
    let widest = match address {
        IpAddr::V4(_) => buckets
            .filter(|bucket| bucket.ipv4)
            .map(|bucket| bucket.prefix)
            .min(),
        IpAddr::V6(_) => buckets
            .filter(|bucket| bucket.ipv6)
            .map(|bucket| bucket.prefix)
            .chain(config.repeated_ipv6_prefix)
            .chain(config.tolerations_ipv6_prefix)
            .min(),
    };
    let widest = widest.unwrap_or(128);
    network::around(address, widest).to_string().into_bytes()
}

/// The key of what a bucket knows of a network.
pub(super) fn bucket_key(config: &BruteForce, place: &Place) -> Key {
    let tag = tag(config, place.network.addr());
    Key::tagged(NAMESPACE, tag, format!("bucket|{}", place.entry()))
}

impl Place {
    /// In one line, as lists and messages hold it. No part holds `|`, and the last may not either.
    pub(super) fn entry(&self) -> String {
        let Self {
            name,
            network,
            protocol,
            oidc_client,
            ..
        } = self;
        format!("{name}|{network}|{protocol}|{oidc_client}")
    }

    /// What [`Self::entry`] was made of, if the configuration still has the bucket and it still makes such
    /// a network of the address.
    pub(super) fn from_entry(config: &BruteForce, entry: &str) -> Option<Self> {
        let mut parts = entry.splitn(4, '|');
        let mut next = || parts.next();
        let (name, network, protocol, client) = (next()?, next()?, next()?, next()?);
        let (index, bucket) = config
            .buckets
            .iter()
            .enumerate()
            .find(|(_, bucket)| bucket.name == name)?;
        let network: IpNet = network.parse().ok()?;
        let place = place(index, bucket, network.addr(), protocol, client)?;
        (place.entry() == entry).then_some(place)
    }
}

impl Attempt {
    fn key(&self, kind: &str, network: IpNet, detail: &str) -> Key {
        let name = format!("{kind}|{network}|{detail}");
        Key::tagged(NAMESPACE, self.tag.clone(), name)
    }

    /// Users that succeeded.
    pub(super) fn positive(&self) -> Key {
        self.key("positive", self.users, "")
    }

    /// Users that failed.
    pub(super) fn negative(&self) -> Key {
        self.key("negative", self.users, "")
    }

    /// Wrong passwords of the address.
    pub(super) fn address_history(&self) -> Key {
        self.key("history", IpNet::from(self.address), "")
    }

    /// Wrong passwords of a user at the address.
    pub(super) fn account_history(&self, user: &str) -> Key {
        self.key("history", IpNet::from(self.address), user)
    }

    /// Failures of a user at the address since one was forgiven.
    pub(super) fn grace(&self, user: &str) -> Key {
        self.key("grace", IpNet::from(self.address), user)
    }

    /// Wrong passwords of a login that may be repeated.
    pub(super) fn repeated(&self, login: &str) -> Key {
        self.key("repeated", self.repeated, login)
    }

    /// One for each place.
    pub(super) fn buckets(&self) -> Vec<Key> {
        self.places
            .iter()
            .map(|place| {
                let name = format!("bucket|{}", place.entry());
                Key::tagged(NAMESPACE, self.tag.clone(), name)
            })
            .collect()
    }
}
