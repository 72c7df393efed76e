//! Forgets a user: the password histories of the account, and bans, failures and tolerations wherever it was
//! seen lately.
//!
//! Networks are freed as a whole, whoever else is in them: a ban says nothing of whose failures led to it
//! (Nauthilus does the same). Histories of other accounts stay. What was found out where the user was seen
//! goes last, so that a flush that failed half-way can be tried again.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;

use super::{
    Control, FlushWish,
    digest::{DigestKey, Kind},
    flush::{ALL, shown},
    lists::{AT_ONCE, ListWish},
    rule::{self, Place},
    seen::{self, Seen},
};
use crate::{
    pipeline::{BRUTE_FORCE, Forget, Forgot, Subject, Uncertain},
    store::{Command, Key, Reply},
};

/// Longest wait for one step. Whoever wants the user forgotten waits less in all.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known of a user.
#[derive(Default)]
struct Traces {
    /// Digests of the user's name and of the account's.
    users: BTreeSet<Vec<u8>>,
    /// Where the user was seen, and the digests of passwords that may be repeated there.
    places: BTreeMap<IpAddr, BTreeSet<Vec<u8>>>,
    /// The sets that say so, and when the last of it was seen.
    sets: Vec<(Key, f64)>,
}

impl Forget for Control {
    fn forget<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Forgot, String>> {
        Box::pin(async move {
            match self.forget_user(subject).await {
                Ok(keys) => Ok(Forgot {
                    keys,
                    ..Forgot::default()
                }),
                Err(Uncertain(why)) => Err(format!("{BRUTE_FORCE}: {why}")),
            }
        })
    }
}

impl Control {
    async fn forget_user(&self, subject: &Subject) -> Result<Vec<String>, Uncertain> {
        let names: BTreeSet<&str> = subject
            .accounts
            .iter()
            .chain([&subject.user])
            .map(String::as_str)
            .collect();
        let key = self.node.digest_key(&self.config, soon()).await?;
        let traces = self.traces(&names, &key).await?;
        let places = self.places_of(traces.places.keys());
        let removed = self.free(&names, traces, &places).await;
        // Of what was freed before a failure, too.
        if !places.is_empty() {
            self.node.flushed().await;
        }
        let removed = removed?;
        if self.node.is_local() {
            let why = "a store in memory stands in for Redis, which still remembers";
            return Err(Uncertain(why.to_owned()));
        }
        Ok(removed)
    }

    /// Returns the names of what was there.
    async fn free(
        &self,
        names: &BTreeSet<&str>,
        traces: Traces,
        places: &[Place],
    ) -> Result<Vec<String>, Uncertain> {
        let mut removed = self.delete(self.kept(&traces, places)).await?;
        removed.extend(self.strike_off(places, names, soon()).await?);
        removed.extend(self.take_out(traces.sets).await?);
        Ok(removed)
    }

    /// Everything that leads to what is to be forgotten.
    async fn traces(&self, names: &BTreeSet<&str>, key: &DigestKey) -> Result<Traces, Uncertain> {
        let mut traces = Traces::default();
        let digest = |name: &&str| key.digest(Kind::User, &[name.as_bytes()]);
        let mut unread: BTreeSet<_> = names.iter().map(digest).collect();
        while !unread.is_empty() {
            unread = self.read(unread, &mut traces).await?;
        }
        // Who led to a ban was seen there, though the login itself was not counted.
        let wish = ListWish {
            accounts: names.iter().map(|name| (*name).to_owned()).collect(),
            ..ListWish::default()
        };
        for entry in self.accounts(&wish, soon()).await?.entries {
            if let Some(address) = super::network::address(&entry.address) {
                traces.places.entry(address).or_default();
            }
        }
        Ok(traces)
    }

    /// Reads what is known of these users. Returns the accounts that turn up.
    async fn read(
        &self,
        users: BTreeSet<Vec<u8>>,
        traces: &mut Traces,
    ) -> Result<BTreeSet<Vec<u8>>, Uncertain> {
        let sets = seen::sets(&users);
        traces.users.extend(users);
        let mut unread = BTreeSet::new();
        let commands = sets.iter().flat_map(seen::readings).collect();
        let replies = self.node.run(commands, soon()).await?;
        // Each set has two.
        for (set, reply) in sets.into_iter().zip(replies.into_iter().step_by(2)) {
            let (members, latest) = seen::members(reply).ok_or_else(refused)?;
            for member in &members {
                match Seen::read(member) {
                    Some(Seen::At { address, repeated }) => {
                        traces.places.entry(address).or_default().insert(repeated);
                    }
                    Some(Seen::Account(account)) if !traces.users.contains(&account) => {
                        unread.insert(account);
                    }
                    Some(Seen::Account(_)) | None => {}
                }
            }
            if !members.is_empty() {
                traces.sets.push((set, latest));
            }
        }
        Ok(unread)
    }

    /// Where the buckets count these addresses, each place once.
    fn places_of<'a>(&self, addresses: impl Iterator<Item = &'a IpAddr>) -> Vec<Place> {
        let mut places = BTreeMap::new();
        for address in addresses {
            let wish = FlushWish {
                address: *address,
                rule: ALL.to_owned(),
                protocol: None,
                oidc_client: None,
            };
            for place in self.places(&wish, *address) {
                places.insert(place.entry(), place);
            }
        }
        places.into_values().collect()
    }

    /// The keys of what is kept there.
    fn kept(&self, traces: &Traces, places: &[Place]) -> BTreeSet<Key> {
        let buckets = places
            .iter()
            .map(|place| rule::bucket_key(&self.config, place));
        let mut keys: BTreeSet<Key> = buckets.collect();
        for (address, repeated) in &traces.places {
            let client = rule::client(&self.config, *address);
            keys.extend([client.positive(), client.negative()]);
            for user in traces.users.iter().map(hex::encode) {
                keys.extend([client.account_history(&user), client.grace(&user)]);
            }
            let logins = repeated.iter().map(hex::encode);
            keys.extend(logins.map(|login| client.repeated(&login)));
        }
        keys
    }

    /// Returns those that were there.
    async fn delete(&self, keys: BTreeSet<Key>) -> Result<Vec<String>, Uncertain> {
        let keys: Vec<_> = keys.into_iter().collect();
        let mut removed = Vec::new();
        for keys in keys.chunks(AT_ONCE) {
            let commands = keys.iter().cloned().map(Command::Delete).collect();
            let replies = self.node.run(commands, soon()).await?;
            for (key, reply) in keys.iter().zip(replies) {
                match reply {
                    Reply::Integer(0) => {}
                    Reply::Integer(_) => removed.push(shown(key)),
                    _ => return Err(refused()),
                }
            }
        }
        Ok(removed)
    }

    /// Forgets where the user was seen, but for what was seen meanwhile. Returns the sets.
    async fn take_out(&self, sets: Vec<(Key, f64)>) -> Result<Vec<String>, Uncertain> {
        let names = sets.iter().map(|(set, _)| shown(set)).collect();
        let sets = sets.into_iter();
        let commands = sets.map(|(set, latest)| seen::take_out(set, latest));
        self.node.run(commands.collect(), soon()).await?;
        Ok(names)
    }
}

fn soon() -> Instant {
    Instant::now() + PATIENCE
}

fn refused() -> Uncertain {
    Uncertain("the store refuses it".to_owned())
}
