//! Forgetting a user: here, in the store, and on all other nodes.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;

use super::{Cache, Shared};
use crate::pipeline::{Forget, Forgot, Subject};

impl Forget for Cache {
    fn forget<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Forgot, String>> {
        Box::pin(self.shared.forget(subject))
    }
}

impl Shared {
    /// The store first, so that what is read from now on is new; then those who find out at this moment,
    /// who may have read before; then the memory, into which they can put nothing any more.
    async fn forget(&self, subject: &Subject) -> Result<Forgot, String> {
        let remembered = self.accounts_in_memory(subject);
        let accounts: BTreeSet<_> = subject.accounts.union(&remembered).cloned().collect();
        let mut forgot = Forgot::default();
        let mut users = BTreeSet::from([self.digests.user(&subject.user)]);
        let mut failed = None;
        forgot.accounts.clone_from(&accounts);
        if let Some(store) = &self.store {
            match store.forget(&self.digests, &subject.user, &accounts).await {
                Ok(removed) => {
                    forgot.keys = removed.keys;
                    forgot.accounts.extend(removed.accounts);
                    users.extend(removed.users);
                }
                Err(error) => failed = Some(format!("cache: {error}")),
            }
        }
        let accounts = forgot.accounts.iter().map(|name| self.digests.user(name));
        let accounts: Vec<_> = accounts.chain([self.digests.user(&subject.user)]).collect();
        let users: Vec<_> = users.into_iter().collect();
        self.flights.detach(|_| true);
        if let Some(memory) = &self.memory {
            let forgotten = memory.forget_accounts(&users, &accounts);
            forgot.keys.extend(forgotten.names);
            forgot.accounts.extend(forgotten.accounts);
        }
        let both = users.iter().chain(&accounts).copied();
        let all: BTreeSet<_> = both.collect();
        let told = self.news.forget_accounts(all.into_iter().collect()).await;
        let untold = |why| format!("cache: other nodes do not hear of it: {why}");
        match failed.or(told.err().map(untold)) {
            Some(why) => Err(why),
            None => Ok(forgot),
        }
    }

    /// The accounts that this node knows the user by.
    fn accounts_in_memory(&self, subject: &Subject) -> BTreeSet<String> {
        let memory = self.memory.as_ref();
        memory.map_or_else(BTreeSet::new, |memory| {
            memory.accounts(&self.digests.user(&subject.user))
        })
    }
}
