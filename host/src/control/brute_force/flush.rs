//! Lifts bans: an address, or what one rule says of it, begins anew.

use std::{
    collections::{BTreeSet, HashSet},
    net::IpAddr,
    time::Instant,
};

use ipnet::IpNet;

use super::{
    Control,
    lists::{self, AT_ONCE, ListWish},
    network,
    rule::{self, Place},
};
use crate::{
    pipeline::Uncertain,
    store::{Command, Key, Reply, SortedCommand},
};

/// Names every rule.
pub(super) const ALL: &str = "*";

/// Whom to free of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlushWish {
    /// One address; the networks that rules make of it are freed as a whole.
    pub address: IpAddr,
    /// A rule, or `*`.
    pub rule: String,
    /// Only this protocol, where the rule tells protocols apart.
    pub protocol: Option<String>,
    /// Only this client, where the rule tells clients of the identity provider apart.
    pub oidc_client: Option<String>,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// What the store had and has no longer: networks with their rules, and users remembered of the
    /// address.
    pub removed: Vec<String>,
}

/// Why nothing, or not everything, was flushed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlushFailed {
    /// The configuration has no such rule.
    #[error("there is no rule `{0}`")]
    NoSuchRule(String),
    /// The store failed; asking again does no harm.
    #[error("{0}")]
    Store(String),
}

impl From<Uncertain> for FlushFailed {
    fn from(Uncertain(why): Uncertain) -> Self {
        Self::Store(why)
    }
}

impl Control {
    /// Forgets bans and failures of an address. With `*` also which users failed and which passwords were
    /// tried from there; passwords that may be repeated stay with their accounts.
    ///
    /// # Errors
    /// When there is no such rule, or the store fails.
    pub async fn flush(&self, wish: &FlushWish, deadline: Instant) -> Result<Flushed, FlushFailed> {
        let is_all = wish.rule == ALL;
        let mut buckets = self.config.buckets.iter();
        if !is_all && !buckets.any(|bucket| bucket.name == wish.rule) {
            return Err(FlushFailed::NoSuchRule(wish.rule.clone()));
        }
        let address = wish.address.to_canonical();
        let places = self.places(wish, address);
        let mut keys: Vec<Key> = places
            .iter()
            .map(|place| rule::bucket_key(&self.config, place))
            .collect();
        if is_all {
            keys.extend(rule::address_keys(&self.config, address));
        }
        let mut flushed = Flushed::default();
        // All keys of an address have one tag: this is one step.
        let commands = keys.iter().cloned().map(Command::Delete).collect();
        let replies = self.node.run(commands, deadline).await?;
        for (key, reply) in keys.iter().zip(replies) {
            match reply {
                Reply::Integer(0) => {}
                Reply::Integer(_) => flushed.removed.push(shown(key)),
                _ => return Err(FlushFailed::Store("the store refuses it".to_owned())),
            }
        }
        self.strike_off(&places, &BTreeSet::new(), deadline).await?;
        self.node.flushed().await;
        Ok(flushed)
    }

    /// Where the rules count the address.
    pub(super) fn places(&self, wish: &FlushWish, address: IpAddr) -> Vec<Place> {
        let mut places = Vec::new();
        for (index, bucket) in self.config.buckets.iter().enumerate() {
            if wish.rule != ALL && wish.rule != bucket.name {
                continue;
            }
            let protocols = chosen(&bucket.protocols, wish.protocol.as_deref());
            let clients = chosen(&bucket.oidc_clients, wish.oidc_client.as_deref());
            for protocol in &protocols {
                for client in &clients {
                    places.extend(rule::place(index, bucket, address, protocol, client));
                }
            }
        }
        places
    }

    /// Takes bans, and accounts that led to them, off the lists; of the accounts `names` also those that
    /// led to others. Returns what the list of accounts said of `names`.
    pub(super) async fn strike_off(
        &self,
        places: &[Place],
        names: &BTreeSet<&str>,
        deadline: Instant,
    ) -> Result<Vec<String>, Uncertain> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let networks: HashSet<IpNet> = places.iter().map(|place| place.network).collect();
        let prefixes: BTreeSet<u8> = networks.iter().map(IpNet::prefix_len).collect();
        let lifted = |entry: &lists::AccountEntry| {
            network::address(&entry.address).is_some_and(|address| {
                let mut prefixes = prefixes.iter();
                prefixes.any(|prefix| networks.contains(&network::around(address, *prefix)))
            })
        };
        let read = |entry: &str, _| {
            let account = lists::read_account(entry)?;
            let is_named = names.contains(account.account.as_str());
            (is_named || lifted(&account)).then(|| (is_named, entry.to_owned()))
        };
        let wish = ListWish::default();
        let accounts = self.list(lists::accounts(), &wish, read, deadline).await?;
        let accounts = accounts.entries;
        let named = accounts.iter().filter(|(is_named, _)| *is_named);
        let named = named
            .map(|(_, entry)| format!("{}|{entry}", shown(&lists::accounts())))
            .collect();
        let accounts = accounts.into_iter().map(|(_, entry)| entry.into_bytes());
        let bans = places.iter().map(|place| place.entry().into_bytes());
        for (list, entries) in [
            (lists::bans(), bans.collect::<Vec<_>>()),
            (lists::accounts(), accounts.collect()),
        ] {
            for entries in entries.chunks(AT_ONCE) {
                let remove = SortedCommand::Remove(entries.to_vec());
                let command = Command::OnSorted(list.clone(), remove);
                self.node.run(vec![command], deadline).await?;
            }
        }
        Ok(named)
    }
}

/// The words that a bucket tells apart, or the one that is wanted of them; one empty word where it tells
/// none apart.
fn chosen<'a>(words: &'a [String], wanted: Option<&str>) -> Vec<&'a str> {
    if words.is_empty() {
        return vec![""];
    }
    let words = words.iter().map(String::as_str);
    words
        .filter(|word| wanted.is_none_or(|one| one == *word))
        .collect()
}

/// A key for an administrator's eyes.
pub(super) fn shown(key: &Key) -> String {
    format!("{}:{}", key.namespace, String::from_utf8_lossy(&key.name))
}
