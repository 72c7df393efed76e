//! Forgetting users in the store, so that nothing older opens any more, and naming what is gone.

use std::collections::BTreeSet;

use super::{ENTRIES, InStore, PASSWORDS, USERS, VERSION, key};
use crate::{
    login_cache::{
        digest::{Digest, Digests},
        entry,
        seal::Belongs,
    },
    pipeline::Known,
    store::{Command, Key, Reply, SortedCommand, StoreError},
};

/// Keys that are read or deleted in one step.
const AT_ONCE: usize = 1000;

/// What was forgotten.
#[derive(Debug, Default)]
pub(in crate::login_cache) struct Removed {
    /// Names of keys.
    pub(in crate::login_cache) keys: Vec<String>,
    /// Tags of users.
    pub(in crate::login_cache) users: BTreeSet<Digest>,
    /// The accounts that were found.
    pub(in crate::login_cache) accounts: BTreeSet<String>,
}

impl InStore {
    /// Forgets the user, and everybody who has the user's account or one of `accounts`.
    ///
    /// # Errors
    /// When the store cannot. Some of it may be forgotten then.
    pub(in crate::login_cache) async fn forget(
        &self,
        digests: &Digests,
        name: &str,
        accounts: &BTreeSet<String>,
    ) -> Result<Removed, StoreError> {
        let mut removed = Removed::default();
        removed.accounts.clone_from(accounts);
        self.forget_user(digests.user(name), &mut removed).await?;
        let mut names = removed.accounts.clone();
        names.insert(name.to_owned());
        for account in names {
            let account = digests.user(&account);
            self.forget_user(account, &mut removed).await?;
            let index = key(&account, USERS);
            for user in self.members(&index).await? {
                if let Ok(user) = Digest::try_from(user) {
                    self.forget_user(user, &mut removed).await?;
                }
            }
            self.remove(vec![index], &mut removed).await?;
        }
        if self.store.numbers().is_some_and(|numbers| numbers.local) {
            let why = "a store in memory stands in for it, and it still remembers";
            return Err(StoreError::Unavailable(why.to_owned()));
        }
        Ok(removed)
    }

    async fn forget_user(&self, user: Digest, removed: &mut Removed) -> Result<(), StoreError> {
        if !removed.users.insert(user) {
            return Ok(());
        }
        let before = self.store.get(key(&user, VERSION)).await?;
        let version = self
            .new_version()
            .ok_or_else(|| StoreError::Unavailable("there are no random numbers".to_owned()))?;
        // From here on nothing of it opens, whatever happens to the rest.
        self.store.one(self.set_version(&user, &version)).await?;
        let before = before.unwrap_or_default();
        let index = key(&user, ENTRIES);
        let names = self.members(&index).await?;
        let mut keys: Vec<_> = names.iter().map(|name| key(&user, name)).collect();
        for (names, keys) in names.chunks(AT_ONCE).zip(keys.chunks(AT_ONCE)) {
            let commands = keys.iter().cloned().map(Command::Get).collect();
            let sealed = self.store.run(commands).await?;
            let accounts = names
                .iter()
                .zip(sealed)
                .filter_map(|(name, sealed)| match sealed {
                    Reply::Bytes(sealed) => self.account(&user, name, &before, &sealed),
                    _ => None,
                });
            removed.accounts.extend(accounts);
        }
        keys.extend([index, key(&user, PASSWORDS)]);
        self.remove(keys, removed).await
    }

    /// The account that an entry names.
    fn account(&self, user: &Digest, name: &[u8], version: &[u8], sealed: &[u8]) -> Option<String> {
        let mut entry = [0; 32];
        hex::decode_to_slice(name, &mut entry).ok()?;
        let belongs = Belongs {
            user,
            name: &entry,
            version,
        };
        let finding = entry::decode(&self.seals.open(sealed, belongs)?)?;
        finding.known.as_ref().map(Known::account)
    }

    /// All members of an index.
    async fn members(&self, index: &Key) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut members = Vec::new();
        loop {
            let part = SortedCommand::Range {
                from: whole(members.len()),
                to: whole(members.len() + AT_ONCE - 1),
                reverse: false,
            };
            let part = Command::OnSorted(index.clone(), part);
            let Reply::List(part) = self.store.one(part).await? else {
                return Ok(members);
            };
            let before = members.len();
            // Members and scores take turns.
            members.extend(part.into_iter().filter_map(|reply| match reply {
                Reply::Bytes(member) => Some(member),
                _ => None,
            }));
            if members.len() < before + AT_ONCE {
                return Ok(members);
            }
        }
    }

    /// Deletes keys of one tag, and names those that were there.
    async fn remove(&self, keys: Vec<Key>, removed: &mut Removed) -> Result<(), StoreError> {
        for keys in keys.chunks(AT_ONCE) {
            let commands = keys.iter().cloned().map(Command::Delete).collect();
            let replies = self.store.run(commands).await?;
            let gone = keys.iter().zip(replies);
            let gone = gone.filter(|(_, reply)| *reply == Reply::Integer(1));
            removed.keys.extend(gone.map(|(key, _)| shown(key)));
        }
        Ok(())
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A key as administrators see it.
fn shown(key: &Key) -> String {
    let text = String::from_utf8_lossy;
    format!("{}:{}:{}", key.namespace, text(&key.tag), text(&key.name))
}
