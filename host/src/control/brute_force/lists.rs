//! What administrators get to see: bans in force, and the accounts whose logins led to them.
//!
//! Both lists are kept beside the bans, because a store cannot be searched. They hold the entries that last
//! longest, up to [`MOST_ENTRIES`]; a ban that has no place in the list holds all the same, and can be
//! lifted by its address.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use super::{
    Control, milliseconds, network,
    procedures::{
        enlist::{self, ENLIST},
        page::{self, PAGE},
    },
    rule::{Attempt, NAMESPACE, Place},
};
use crate::{auth::Request, pipeline::Uncertain, store::Key};

/// Entries of each list.
const MOST_ENTRIES: u64 = 100_000;
/// Entries that one step reads.
pub(super) const AT_ONCE: usize = 1_000;
/// Longest name in the list of accounts, in bytes; a longer one is left out.
const LONGEST_NAME: usize = 512;

/// A ban in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BanEntry {
    /// In CIDR form.
    pub network: String,
    /// The rule.
    pub bucket: String,
    /// How long the rule bans.
    pub ban_time: Duration,
    /// How much of it is left.
    pub remaining: Duration,
    /// The only protocol that is banned; empty: all.
    pub protocol: String,
    /// The only client of the identity provider that is banned; empty: all.
    pub oidc_client: String,
}

/// A user whose attempt led to a ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// The name that was tried.
    pub account: String,
    /// From there.
    pub address: String,
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListWish {
    /// So many to leave out first.
    pub offset: u64,
    /// At most so many; nothing: all.
    pub limit: Option<u64>,
    /// Only bans that hold one of these addresses, if there are any here.
    pub addresses: Vec<IpAddr>,
    /// Only these accounts, if there are any here.
    pub accounts: Vec<String>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// How many there are in all.
    pub total: u64,
    /// Those that were asked for; what lasts longest first.
    pub entries: Vec<T>,
}

/// The two lists. They have one tag: one step writes to both.
pub(super) fn bans() -> Key {
    Key::tagged(NAMESPACE, "lists", "bans")
}

pub(super) fn accounts() -> Key {
    Key::tagged(NAMESPACE, "lists", "accounts")
}

impl Control {
    /// Puts a new ban into the lists. A ban that cannot be listed holds all the same.
    pub(super) async fn enlist(
        &self,
        attempt: &Attempt,
        place: &Place,
        request: &Request,
        remaining: Duration,
        deadline: Instant,
    ) {
        let mut keys = vec![bans()];
        let mut entries = vec![place.entry()];
        if !request.username.is_empty() && request.username.len() <= LONGEST_NAME {
            keys.push(accounts());
            entries.push(account_entry(attempt.address, &request.username));
        }
        let arguments = enlist::arguments(milliseconds(remaining), MOST_ENTRIES, &entries);
        let listed = self.node.call(&ENLIST, keys, arguments, deadline);
        if let Err(Uncertain(why)) = listed.await {
            let session = &request.session;
            tracing::warn!(session, why, "A ban holds, but is not in the list of bans");
        }
    }

    /// The bans in force.
    ///
    /// # Errors
    /// When the store cannot say.
    pub async fn bans(
        &self,
        wish: &ListWish,
        deadline: Instant,
    ) -> Result<Page<BanEntry>, Uncertain> {
        let fits = |ban: &BanEntry| {
            let network = ban.network.parse::<ipnet::IpNet>();
            wish.addresses.is_empty()
                || network.is_ok_and(|network| {
                    let mut addresses = wish.addresses.iter();
                    addresses.any(|address| network.contains(&address.to_canonical()))
                })
        };
        let read = |entry: &str, remaining| self.ban_entry(entry, remaining).filter(fits);
        self.list(bans(), wish, read, deadline).await
    }

    /// The accounts whose logins led to a ban that is in force.
    ///
    /// # Errors
    /// When the store cannot say.
    pub async fn accounts(
        &self,
        wish: &ListWish,
        deadline: Instant,
    ) -> Result<Page<AccountEntry>, Uncertain> {
        let fits = |entry: &AccountEntry| {
            wish.accounts.is_empty() || wish.accounts.contains(&entry.account)
        };
        let read = |entry: &str, _| read_account(entry).filter(fits);
        self.list(accounts(), wish, read, deadline).await
    }

    /// The entries of one list that `read` wants.
    pub(super) async fn list<T>(
        &self,
        list: Key,
        wish: &ListWish,
        read: impl Fn(&str, Duration) -> Option<T>,
        deadline: Instant,
    ) -> Result<Page<T>, Uncertain> {
        let limit = wish.limit.unwrap_or(u64::MAX);
        let mut page = Page {
            total: 0,
            entries: Vec::new(),
        };
        let mut skip = 0;
        while skip < MOST_ENTRIES {
            let arguments = page::arguments(skip, AT_ONCE as u64);
            let keys = vec![list.clone()];
            let reply = self.node.call(&PAGE, keys, arguments, deadline);
            let (_, found) =
                page::read(reply.await?).map_err(|error| Uncertain(error.to_string()))?;
            let is_last = found.len() < AT_ONCE;
            for (entry, remaining) in found {
                let Some(entry) = read(&entry, Duration::from_millis(remaining)) else {
                    continue;
                };
                let wanted = page.total >= wish.offset && page.total - wish.offset < limit;
                page.total += 1;
                if wanted {
                    page.entries.push(entry);
                }
            }
            if is_last {
                break;
            }
            skip += AT_ONCE as u64;
        }
        Ok(page)
    }

    /// Nothing if the configuration no longer has such a bucket: its bans do not hold.
    fn ban_entry(&self, entry: &str, remaining: Duration) -> Option<BanEntry> {
        let place = Place::from_entry(&self.config, entry)?;
        let bucket = self.config.buckets.get(place.bucket)?;
        Some(BanEntry {
            network: place.network.to_string(),
            bucket: place.name,
            // A ban that began under a longer one.
            ban_time: bucket.ban_time.max(remaining),
            remaining,
            protocol: place.protocol,
            oidc_client: place.oidc_client,
        })
    }
}

fn account_entry(address: IpAddr, account: &str) -> String {
    format!("{address}|{account}")
}

/// What [`account_entry`] was made of.
pub(super) fn read_account(entry: &str) -> Option<AccountEntry> {
    let (address, account) = entry.split_once('|')?;
    network::address(address)?;
    Some(AccountEntry {
        account: account.to_owned(),
        address: address.to_owned(),
    })
}
