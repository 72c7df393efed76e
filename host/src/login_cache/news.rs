//! What nodes tell each other: whom their memories should forget.
//!
//! A message is the sender, a kind and digests. Nobody can make a node answer wrongly with it: at worst it
//! asks the store again. Nodes without a secret have no digests in common: they say that everybody is to be
//! forgotten, which costs the others at most what they have learned in the last `memory_ttl`, and needs no
//! key that anybody who reads the store could try names against.
//!
//! While a node does not hear the others, its memory answers nothing, and it forgets everything when it
//! hears again. What it misses before it notices is made good by that too, or by `memory_ttl`.

use std::sync::{Arc, Weak, atomic::Ordering};

use super::{Shared, digest::Digest, in_store::CACHE};
use crate::store::{Heard, Store, Subscription};

/// Tells a node's own messages from those of others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeId([u8; 16]);

impl NodeId {
    pub(super) fn random() -> Self {
        Self(rand::random())
    }
}

/// To and from other nodes.
pub(super) struct News {
    store: Arc<dyn Store>,
    node: NodeId,
    /// The others know the same digests.
    shares_digests: bool,
}

/// Whom to forget.
#[derive(Debug, PartialEq)]
enum Message {
    /// Users by name.
    Users(Vec<Digest>),
    /// Users by name or account.
    Accounts(Vec<Digest>),
    /// All.
    Everybody,
}

impl News {
    /// `shares_digests`: there is a secret, which makes digests the same on all nodes.
    pub(super) fn new(store: Arc<dyn Store>, node: NodeId, shares_digests: bool) -> Self {
        Self {
            store,
            node,
            shares_digests,
        }
    }

    /// These users have other passwords.
    pub(super) async fn users_changed(&self, users: &[Digest]) {
        if let Err(error) = self.publish(&Message::Users(users.to_vec())).await {
            tracing::warn!(error, "Other nodes do not hear whom to ask about again");
        }
    }

    /// These users, and everybody who has an account of one of these names, are to be forgotten.
    ///
    /// # Errors
    /// When nobody else hears of it. Who hears nothing at all answers nothing from memory, but others may
    /// hear each other.
    pub(super) async fn forget_accounts(&self, digests: Vec<Digest>) -> Result<(), String> {
        let message = match self.shares_digests {
            true => Message::Accounts(digests),
            false => Message::Everybody,
        };
        self.publish(&message).await
    }

    async fn publish(&self, message: &Message) -> Result<(), String> {
        let message = message.encode(self.node);
        let published = self.store.publish(CACHE, message).await;
        published.map_err(|error| error.to_string())?;
        match self.store.numbers() {
            Some(numbers) if numbers.local => Err("a store in memory stands in for it".to_owned()),
            _ => Ok(()),
        }
    }

    /// Listens until the cache is gone. Subscribes at once, before anything is kept.
    pub(super) fn listen(&self, shared: &Arc<Shared>) -> impl Future<Output = ()> + use<> {
        let messages = self.store.subscribe(CACHE);
        shared.hears.store(messages.hears(), Ordering::Release);
        listen(messages, self.node, Arc::downgrade(shared))
    }
}

async fn listen(mut messages: Subscription, node: NodeId, shared: Weak<Shared>) {
    while let Some(heard) = messages.next().await {
        let Some(shared) = shared.upgrade() else {
            return;
        };
        match heard {
            Heard::Message(message) => match Message::decode(&message) {
                Some((sender, _)) if sender == node => {}
                Some((_, message)) => obey(&shared, &message),
                None => {}
            },
            Heard::Deaf => shared.hears.store(false, Ordering::Release),
            // Whoever it was about.
            Heard::Again => {
                forget_everybody(&shared);
                shared.hears.store(true, Ordering::Release);
            }
        }
    }
}

fn forget_everybody(shared: &Shared) {
    shared.flights.detach(|_| true);
    if let Some(memory) = &shared.memory {
        memory.forget_all();
    }
}

fn obey(shared: &Shared, message: &Message) {
    match message {
        Message::Users(users) => {
            shared.flights.detach(|user| users.contains(user));
            if let Some(memory) = &shared.memory {
                memory.forget(users);
            }
        }
        Message::Accounts(digests) => {
            shared.flights.detach(|_| true);
            if let Some(memory) = &shared.memory {
                memory.forget_accounts(digests, digests);
            }
        }
        Message::Everybody => forget_everybody(shared),
    }
}

impl Message {
    fn encode(&self, sender: NodeId) -> Vec<u8> {
        let (kind, digests) = match self {
            Self::Users(digests) => (0, digests.as_slice()),
            Self::Accounts(digests) => (1, digests.as_slice()),
            Self::Everybody => (2, [].as_slice()),
        };
        let mut bytes = sender.0.to_vec();
        bytes.push(kind);
        bytes.extend(digests.iter().flatten());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<(NodeId, Self)> {
        let (sender, rest) = bytes.split_first_chunk::<16>()?;
        let (kind, rest) = rest.split_first()?;
        let (digests, rest) = rest.as_chunks::<32>();
        let digests = digests.to_vec();
        let message = match (kind, rest) {
            (0, []) => Self::Users(digests),
            (1, []) => Self::Accounts(digests),
            (2, []) if digests.is_empty() => Self::Everybody,
            _ => return None,
        };
        Some((NodeId(*sender), message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_and_anything_else_is_none() {
        let node = NodeId([7; 16]);
        for message in [
            Message::Users(Vec::new()),
            Message::Users(vec![[1; 32], [2; 32]]),
            Message::Accounts(vec![[3; 32]]),
            Message::Everybody,
        ] {
            let bytes = message.encode(node);
            let decoded = Message::decode(&bytes);
            assert!(decoded.is_some_and(|(sender, decoded)| sender == node && decoded == message));
            let mut longer = bytes.clone();
            longer.push(0);
            assert!(Message::decode(&longer).is_none());
        }
        assert!(Message::decode(b"").is_none());
        assert!(Message::decode(&[0; 16]).is_none());
        assert!(Message::decode(&[3; 17]).is_none());
        assert!(Message::decode(&[2; 17 + 32]).is_none());
    }
}
