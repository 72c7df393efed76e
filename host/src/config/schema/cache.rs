//! The sections `cache` and `pipeline.master_users`.

use std::{sync::Arc, time::Duration};

use ipnet::IpNet;

use crate::auth::Password;

/// `cache`: there is none without the section.
#[derive(Clone)]
pub struct Cache {
    /// `memory_ttl`: how long this process keeps what backends said. Default 30 s; zero: not at all.
    pub memory_ttl: Duration,
    /// `memory_bytes`: about the most memory for it. Default 64 MiB.
    pub memory_bytes: u64,
    /// `store_ttl`: how long the store keeps it. Default 1 h; zero: not at all.
    pub store_ttl: Duration,
    /// `store_timeout`: how long a login waits for the store before it asks the backends. Default 500 ms.
    pub store_timeout: Duration,
    /// `negative_ttl`: how long a wrong password or an unknown user is remembered. Default zero:
    /// not at all.
    pub negative_ttl: Duration,
    /// `negative_in_store`: the store remembers it too. Default false.
    pub negative_in_store: bool,
    /// `by_client_address`: what the store keeps holds only for the client that logged in. Default
    /// false.
    pub by_client_address: bool,
    /// `secret`: what the keys are made of under which the store's entries are sealed. Without one
    /// nothing is kept in the store.
    pub secret: Option<Arc<Password>>,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            memory_ttl: Duration::from_secs(30),
            memory_bytes: 64 << 20,
            store_ttl: Duration::from_secs(3600),
            store_timeout: Duration::from_millis(500),
            negative_ttl: Duration::ZERO,
            negative_in_store: false,
            by_client_address: false,
            secret: None,
        }
    }
}

/// `pipeline.master_users`
#[derive(Clone, Debug, PartialEq)]
pub struct MasterUsers {
    /// `format` or `delimiter`, as text with both placeholders. Default `{user}*{master_user}`.
    pub format: String,
    /// `accounts`: whose passwords let somebody log in as another user.
    pub accounts: Vec<String>,
    /// `networks`: where such a login may come from; everywhere if empty.
    pub networks: Vec<IpNet>,
}

impl MasterUsers {
    /// Stands for the user that is to be logged in.
    pub const USER: &'static str = "{user}";
    /// Stands for the user whose password is checked.
    pub const MASTER: &'static str = "{master_user}";

    /// What stands before, between and behind the placeholders, and whether the master comes first;
    /// nothing if they are not there once each with something between them.
    pub fn parts(&self) -> Option<(&str, &str, &str, bool)> {
        let text = self.format.as_str();
        let (user, master) = (text.find(Self::USER)?, text.find(Self::MASTER)?);
        let master_first = master < user;
        let (first, second) = if master_first {
            (Self::MASTER, Self::USER)
        } else {
            (Self::USER, Self::MASTER)
        };
        let (before, rest) = text.split_once(first)?;
        let (between, behind) = rest.split_once(second)?;
        let fits = !between.is_empty()
            && [before, between, behind]
                .iter()
                .all(|part| !part.contains(Self::USER) && !part.contains(Self::MASTER));
        fits.then_some((before, between, behind, master_first))
    }
}
