//! Questions to the domain name system, through name servers that the configuration names.
//!
//! One resolver per server process: one cache, and one limit of questions in work. "The name does not
//! exist" is an answer; everything that is none says which kind of failure it was, so that nobody takes
//! an outage for knowledge. Where nothing comes back, question after question, a circuit breaker lets them
//! fail at once. Of several servers one that is ill is made up for by the others (`servers`). Names are always asked as they are: no search list, no hosts file.
//!
//! Knows nothing of WebAssembly and of grants; `wit/dns.wit` documents the records that the types here
//! mirror.

mod failure;
mod health;
mod question;
mod servers;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hickory_resolver::{
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverOpts},
    proto::rr::{Name, RData, Record},
};
use tokio::sync::Semaphore;

pub use self::{
    failure::DnsError,
    question::{Answer, Data, Kind, Question},
};
use self::{health::Health, question::host_text, servers::Servers};
use crate::{backend_io::breaker::Permit, config::DnsConfig};

/// Hears of every question: its kind, what came of it in one word, and how long it took.
pub type Listener = Box<dyn Fn(Kind, &'static str, Duration) + Send + Sync>;

/// Asks the configured name servers. Must be used within a tokio runtime.
pub struct Resolver {
    client: hickory_resolver::Resolver<Servers>,
    timeout: Duration,
    /// Most questions of one call.
    questions: usize,
    /// Questions in work.
    places: Arc<Semaphore>,
    health: Health,
    listener: Listener,
}

impl Resolver {
    /// A resolver as configured. Without servers it takes those of the system (`/etc/resolv.conf`); if
    /// that names none or cannot be read, every question is answered with a failure.
    ///
    /// # Errors
    /// Why the resolver cannot be set up.
    pub fn new(config: &DnsConfig, listener: Listener) -> Result<Self, String> {
        let servers = match config.servers.is_empty() {
            false => config.servers.iter().map(server).collect(),
            true => system_servers(),
        };
        let mut options = ResolverOpts::default();
        set(&mut options, config);
        let servers = Servers::new(servers, &options).map_err(|error| error.to_string())?;
        let mut builder =
            hickory_resolver::Resolver::builder_with_config(Servers::as_one(), servers);
        *builder.options_mut() = options;
        let client = builder.build().map_err(|error| error.to_string())?;
        Ok(Self {
            client,
            timeout: config.timeout,
            questions: usize::try_from(config.questions).unwrap_or(usize::MAX),
            places: Arc::new(Semaphore::new(
                usize::try_from(config.concurrency).unwrap_or(Semaphore::MAX_PERMITS),
            )),
            health: Health::new(config.breaker_failures, config.breaker_cool_down),
            listener,
        })
    }

    /// Asks all questions at the same time; the answers come in their order, by the deadline and within
    /// the configured timeout.
    pub async fn lookup(&self, questions: Vec<Question>, deadline: Instant) -> Vec<Answer> {
        if questions.len() > self.questions {
            let text = format!(
                "{} questions in one call; dns.questions allows {}",
                questions.len(),
                self.questions
            );
            return questions
                .iter()
                .map(|_| Answer {
                    records: Err(DnsError::Invalid(text.clone())),
                    elapsed: Duration::ZERO,
                })
                .collect();
        }
        let deadline = Instant::now()
            .checked_add(self.timeout)
            .map_or(deadline, |own| own.min(deadline));
        let asked = questions
            .iter()
            .map(|question| self.ask(question, deadline));
        futures_util::future::join_all(asked).await
    }

    /// What somebody should look at: that question after question went without an answer.
    pub fn problem(&self) -> Option<String> {
        self.health.problem()
    }

    /// Whether anything was ever asked.
    pub fn in_use(&self) -> bool {
        self.health.in_use()
    }

    async fn ask(&self, question: &Question, deadline: Instant) -> Answer {
        let started = Instant::now();
        let mut pending = Pending {
            resolver: self,
            kind: question.kind,
            started,
            permit: None,
        };
        let records = match question.checked_name() {
            Err(error) => Err(error),
            Ok(name) => match self.health.enter(started) {
                Err(error) => Err(error),
                Ok(permit) => {
                    pending.permit = Some(permit);
                    self.records(name, question.kind, deadline).await
                }
            },
        };
        let elapsed = started.elapsed();
        pending.end(&records);
        Answer { records, elapsed }
    }

    async fn records(
        &self,
        name: Name,
        kind: Kind,
        deadline: Instant,
    ) -> Result<Vec<Data>, DnsError> {
        let deadline = tokio::time::Instant::from_std(deadline);
        let waiting = tokio::time::timeout_at(deadline, self.places.acquire());
        let Ok(Ok(_place)) = waiting.await else {
            return Err(DnsError::Overloaded);
        };
        let lookup = self.client.lookup(name, kind.record_type());
        match tokio::time::timeout_at(deadline, lookup).await {
            Err(_) => Err(DnsError::TimedOut),
            Ok(Ok(found)) => Ok(found
                .answers()
                .iter()
                .filter(|record| record.record_type() == kind.record_type())
                .filter_map(data)
                .collect()),
            Ok(Err(error)) => failure::judge(error),
        }
    }
}

/// A question on its way. One that is given up, because the call behind it had to end, had no answer in time.
struct Pending<'a> {
    resolver: &'a Resolver,
    kind: Kind,
    started: Instant,
    /// It got past the breaker, and nobody has said what came of it.
    permit: Option<Permit<'a>>,
}

impl Pending<'_> {
    fn end(mut self, records: &Result<Vec<Data>, DnsError>) {
        let outcome = match records {
            Ok(records) if records.is_empty() => "empty",
            Ok(_) => "ok",
            Err(error) => error.word(),
        };
        if let Some(permit) = self.permit.take() {
            self.heard(permit, records.as_ref().err());
        }
        (self.resolver.listener)(self.kind, outcome, self.started.elapsed());
    }

    fn heard(&self, permit: Permit<'_>, error: Option<&DnsError>) {
        let health = &self.resolver.health;
        if health.heard(permit, error, Instant::now())
            && let Some(why) = health.problem()
        {
            tracing::warn!("The name servers are left alone for a while: {why}");
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            let error = DnsError::TimedOut;
            self.heard(permit, Some(&error));
            (self.resolver.listener)(self.kind, error.word(), self.started.elapsed());
        }
    }
}

fn server(address: &std::net::SocketAddr) -> NameServerConfig {
    let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for connection in &mut connections {
        connection.port = address.port();
    }
    NameServerConfig::new(address.ip(), true, connections)
}

/// The system's name servers, without its search list.
fn system_servers() -> Vec<NameServerConfig> {
    hickory_resolver::system_conf::read_system_conf()
        .map(|(config, _)| config.into_parts().2)
        .unwrap_or_else(|error| {
            tracing::debug!("the system names no name server: {error}");
            Vec::new()
        })
}

fn set(options: &mut ResolverOpts, config: &DnsConfig) {
    let attempts = config.attempts.max(1);
    // Of one attempt: all of them must fit into the timeout of the question.
    options.timeout = config.timeout / attempts;
    options.attempts = usize::try_from(attempts - 1).unwrap_or_default();
    options.cache_size = u64::from(config.cache_entries);
    options.positive_min_ttl = Some(config.min_ttl);
    options.negative_min_ttl = Some(config.min_ttl);
    options.positive_max_ttl = Some(config.max_ttl.max(config.min_ttl));
    options.negative_max_ttl = Some(config.max_negative_ttl.max(config.min_ttl));
    options.use_hosts_file = ResolveHosts::Never;
    options.max_active_requests = usize::try_from(config.concurrency).unwrap_or(usize::MAX);
    options.preserve_intermediates = false;
}

fn data(record: &Record) -> Option<Data> {
    Some(match &record.data {
        RData::A(address) => Data::Address(address.0.into()),
        RData::AAAA(address) => Data::Address(address.0.into()),
        RData::PTR(name) => Data::Name(host_text(&name.0)),
        RData::MX(exchanger) => Data::Mail {
            preference: exchanger.preference,
            host: host_text(&exchanger.exchange),
        },
        RData::TXT(text) => Data::Text(text.txt_data.concat()),
        _ => return None,
    })
}
