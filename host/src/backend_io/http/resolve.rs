//! From a name to addresses that may be connected to.
//!
//! This is the only place where the HTTP client gets addresses for a name from, so what was checked
//! here is what is connected to: no second lookup can slip in between.

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::{address::Refusal, grant::Rules};

/// Answers which addresses a name has.
pub trait NameLookup: Send + Sync {
    /// The addresses, or why there are none.
    fn lookup(&self, name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, String>>;
}

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl NameLookup for SystemLookup {
    fn lookup(&self, name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, String>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found = found.map_err(|error| error.to_string())?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Resolves for connections to one port.
pub(super) struct CheckedResolver {
    pub(super) lookup: Arc<dyn NameLookup>,
    pub(super) rules: Arc<Rules>,
    pub(super) own: Arc<[SocketAddr]>,
    pub(super) port: u16,
    pub(super) lookups: Arc<Semaphore>,
}

/// The name has no address.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct LookupFailed(pub(super) String);

/// The name has addresses, none of which may be reached. Holds the first.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("address denied")]
pub(super) struct AddressDenied(pub(super) IpAddr, pub(super) Refusal);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (rules, own, port) = (self.rules.clone(), self.own.clone(), self.port);
        let found = self.lookup.lookup(name.as_str().to_owned());
        let lookups = self.lookups.clone();
        Box::pin(async move {
            let place = lookups.acquire_owned().await?;
            // A task of its own: who gives up waiting does not stop the system's lookup, so its
            // place must stay taken until that has ended.
            let task = tokio::spawn(async move {
                let found = found.await;
                drop(place);
                found
            });
            let found = task.await?.map_err(LookupFailed)?;
            let mut refused = None;
            let mut allowed = Vec::new();
            for ip in found {
                match rules.check_address(SocketAddr::new(ip, port), &own) {
                    Ok(()) => allowed.push(SocketAddr::new(ip, port)),
                    Err(refusal) => refused = refused.or(Some(AddressDenied(ip, refusal))),
                }
            }
            match refused {
                _ if !allowed.is_empty() => Ok(Box::new(allowed.into_iter()) as Addrs),
                Some(refused) => Err(Box::new(refused) as Box<dyn Error + Send + Sync>),
                None => Err(LookupFailed("the name has no address".to_owned()).into()),
            }
        })
    }
}
