//! Several name servers as if they were one: the first answer counts, and an error is no answer.
//!
//! `hickory-resolver` takes what comes first from any of its servers, SERVFAIL and REFUSED included, so that
//! one ill server would spoil every look-up. Here a server that says that it cannot, or that cannot be
//! reached, makes room for the next one, within the same attempt. That there is no such name or no such
//! record is an answer, whoever gives it. To the resolver above, which keeps answers and tries again, all of
//! them are one connection.

use std::{
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::{
    Stream, StreamExt,
    stream::{self, FuturesUnordered},
};
use hickory_resolver::{
    ConnectionProvider, NameServerPool, PoolContext, TlsConfig,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::{
        DnsError, NetError,
        runtime::TokioRuntimeProvider,
        xfer::{DnsHandle, FirstAnswer},
    },
    proto::op::{DnsRequest, DnsResponse, ResponseCode},
};

/// Servers that are asked at the same time from the start.
const AT_ONCE: usize = 2;

/// All servers.
#[derive(Clone)]
pub(super) struct Servers {
    each: Arc<[NameServerPool<TokioRuntimeProvider>]>,
    /// The one that gave the last answer: it is among the first to be asked.
    preferred: Arc<AtomicUsize>,
    /// Without an answer for so long, those that were not asked yet are asked as well.
    patience: Duration,
    /// Whoever heard an error waits no longer for the others: a bit less than an attempt has, so that the
    /// error is told and not that time is over.
    enough: Duration,
    runtime: TokioRuntimeProvider,
}

impl Servers {
    /// Connects with nobody yet.
    ///
    /// # Errors
    /// What cannot be set up.
    pub(super) fn new(
        servers: Vec<NameServerConfig>,
        options: &ResolverOpts,
    ) -> Result<Self, NetError> {
        let runtime = TokioRuntimeProvider::default();
        let context = Arc::new(PoolContext::new(options.clone(), TlsConfig::new()?));
        let pool =
            |server| NameServerPool::from_config([server], Arc::clone(&context), runtime.clone());
        Ok(Self {
            each: servers.into_iter().map(pool).collect(),
            preferred: Arc::default(),
            patience: options.timeout / 2,
            enough: options.timeout.mul_f64(0.9),
            runtime,
        })
    }

    /// What the resolver is told: one server. Its address is never used.
    pub(super) fn as_one() -> ResolverConfig {
        let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let one = NameServerConfig::new(nowhere, true, vec![ConnectionConfig::udp()]);
        ResolverConfig::from_name_servers(vec![one])
    }

    async fn ask(self, request: DnsRequest) -> Result<DnsResponse, NetError> {
        let preferred = self.preferred.load(Relaxed);
        let others = (0..self.each.len()).filter(|index| *index != preferred);
        let mut waiting = std::iter::once(preferred)
            .chain(others)
            .filter_map(|index| Some((index, self.each.get(index)?)));
        let ask = |(index, server): (usize, &NameServerPool<TokioRuntimeProvider>)| {
            let answer = server.send(request.clone()).first_answer();
            async move { (index, answer.await) }
        };
        let mut asked: FuturesUnordered<_> = waiting.by_ref().take(AT_ONCE).map(ask).collect();
        let mut failure = NetError::NoConnections;
        let patience = tokio::time::sleep(self.patience);
        let enough = tokio::time::sleep(self.enough);
        tokio::pin!(patience, enough);
        loop {
            let was_told = matches!(failure, NetError::Dns(_));
            if asked.is_empty() || (was_told && enough.is_elapsed()) {
                return Err(failure);
            }
            tokio::select! {
                biased;
                Some((index, answer)) = asked.next() => match answer {
                    Err(error) if !is_answer(&error) => {
                        failure = more_telling(failure, error);
                        asked.extend(waiting.next().map(ask));
                    }
                    answer => {
                        self.preferred.store(index, Relaxed);
                        return answer;
                    }
                },
                () = &mut patience, if !patience.is_elapsed() => {
                    asked.extend(waiting.by_ref().map(ask));
                }
                () = &mut enough, if !enough.is_elapsed() => {}
            }
        }
    }
}

impl DnsHandle for Servers {
    type Response = Pin<Box<dyn Stream<Item = Result<DnsResponse, NetError>> + Send>>;
    type Runtime = TokioRuntimeProvider;

    fn send(&self, request: DnsRequest) -> Self::Response {
        stream::once(self.clone().ask(request)).boxed()
    }
}

impl ConnectionProvider for Servers {
    type Conn = Self;
    type FutureConn = Ready<Result<Self, NetError>>;
    type RuntimeProvider = TokioRuntimeProvider;

    fn new_connection(
        &self,
        _: IpAddr,
        _: &ConnectionConfig,
        _: &PoolContext,
    ) -> Result<Self::FutureConn, NetError> {
        Ok(ready(Ok(self.clone())))
    }

    fn runtime_provider(&self) -> &Self::RuntimeProvider {
        &self.runtime
    }
}

/// Whether the "error" says something about the name.
fn is_answer(error: &NetError) -> bool {
    let NetError::Dns(DnsError::NoRecordsFound(none)) = error else {
        return false;
    };
    let code = none.response_code;
    code == ResponseCode::NXDomain || code == ResponseCode::NoError
}

/// What a server said tells more than that another one is silent; of two that tell as much, the first.
fn more_telling(former: NetError, latter: NetError) -> NetError {
    let tells = |error: &NetError| match error {
        NetError::Dns(_) => 3,
        NetError::NoConnections => 0,
        NetError::Io(_) | NetError::Busy => 1,
        // Silence, and what cannot be understood.
        _ => 2,
    };
    match tells(&latter) > tells(&former) {
        true => latter,
        false => former,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_server_tells_more_than_silence_and_silence_more_than_a_closed_door() {
        let refused = || NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused));
        let failure = || NetError::Dns(DnsError::ResponseCode(ResponseCode::ServFail));
        let closed = || NetError::from(std::io::Error::other("closed"));
        for (former, latter, expected) in [
            (NetError::NoConnections, closed(), closed()),
            (closed(), NetError::Timeout, NetError::Timeout),
            (NetError::Timeout, closed(), NetError::Timeout),
            (NetError::Timeout, refused(), refused()),
            (refused(), NetError::Timeout, refused()),
            (failure(), refused(), failure()),
        ] {
            let found = more_telling(former, latter);
            assert_eq!(found.to_string(), expected.to_string());
        }
    }
}
