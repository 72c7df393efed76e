//! One check of one server behind the proxies: does it greet, and does it let the test user in?
//!
//! The server on the other side is not trusted: it may stall, drip, talk without end or talk nonsense.
//! Every check ends within its two times (`connect_timeout` until the greeting, `deep_timeout` for the
//! login) and holds at most `talk::MOST_BYTES` of what it hears. Whatever goes wrong is a [`Failure`]
//! with a reason in words, in which no test password stands.
//!
//! Knows nothing of intervals, thresholds or who is asked next: that is `upstream`.

mod connect;
mod http;
mod imap;
mod pop3;
mod proxy_header;
mod sasl;
mod sieve;
mod smtp;
mod talk;
mod tls;

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;

use self::talk::{Problem, Talk};
use super::http::{NameLookup, SystemLookup};
use crate::config::{DeepCheck, Encryption, HealthTarget, ServerProtocol};

/// How long a server may take to say good-bye; nobody minds if it does not.
const FAREWELL: Duration = Duration::from_millis(500);

/// How far a check got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Name, connection, PROXY header, TLS, greeting.
    Connect,
    /// The login of a deep check.
    Login,
}

/// What went wrong, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The name has no address.
    NameLookup,
    /// Nobody answers there.
    Connect,
    /// The certificate is wrong, or there is no common ground.
    Tls,
    /// It took too long.
    TimedOut,
    /// It said too much.
    TooLong,
    /// It broke off, or said what its protocol does not know.
    Protocol,
    /// It said no: it is busy, or does not know the test user.
    Refused,
}

impl FailureKind {
    /// The word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NameLookup => "name-lookup",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::TimedOut => "timed-out",
            Self::TooLong => "too-long",
            Self::Protocol => "protocol",
            Self::Refused => "refused",
        }
    }
}

/// A check that did not pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// Where.
    pub step: Step,
    /// What.
    pub kind: FailureKind,
    /// Why, in one line.
    pub text: String,
}

/// Checks one server again and again.
pub struct Probe {
    target: HealthTarget,
    tls: Option<TlsConnector>,
    lookup: Arc<dyn NameLookup>,
    /// Who gives up waiting does not stop the system's lookup: so that names that take for ever do not use
    /// up the threads, there is one at a time.
    lookups: Arc<Semaphore>,
}

impl Probe {
    /// For checks of one server.
    ///
    /// # Errors
    /// TLS cannot be set up; the text says why.
    pub fn new(target: HealthTarget) -> Result<Self, String> {
        Self::with_lookup(target, Arc::new(SystemLookup))
    }

    /// The same with names resolved by `lookup`.
    ///
    /// # Errors
    /// As [`Probe::new`].
    pub fn with_lookup(target: HealthTarget, lookup: Arc<dyn NameLookup>) -> Result<Self, String> {
        let tls = match target.tls {
            Encryption::None => None,
            Encryption::Implicit | Encryption::StartTls => Some(tls::connector(&target)?),
        };
        Ok(Self {
            target,
            tls,
            lookup,
            lookups: Arc::new(Semaphore::new(1)),
        })
    }

    /// What is checked.
    pub fn target(&self) -> &HealthTarget {
        &self.target
    }

    /// Connects and hears the greeting; logs in too if `deep` and the target says with whom. Returns the
    /// address that answered. Dropping the future ends the check.
    ///
    /// # Errors
    /// [`Failure`], by the end of the target's times at the latest.
    pub async fn run(&self, deep: bool) -> Result<SocketAddr, Failure> {
        let target = &self.target;
        let (mut talk, address) =
            step(Step::Connect, target.connect_timeout, self.greeted(deep)).await?;
        if let (true, Some(login)) = (deep, &target.deep) {
            let login = self.log_in(&mut talk, login);
            step(Step::Login, target.deep_timeout, login).await?;
        }
        // The check has passed, whatever comes of this.
        let _ = tokio::time::timeout(FAREWELL, self.leave(&mut talk)).await;
        Ok(address)
    }

    /// Looks the host up, without connecting.
    ///
    /// # Errors
    /// [`Failure`], within the target's time.
    pub async fn look_up(&self) -> Result<Vec<SocketAddr>, Failure> {
        step(Step::Connect, self.target.connect_timeout, self.addresses()).await
    }

    async fn greeted(&self, deep: bool) -> Result<(Talk, SocketAddr), Problem> {
        let target = &self.target;
        let (stream, address) = connect::any(&self.addresses().await?, target).await?;
        let implicit = self
            .tls
            .as_ref()
            .filter(|_| target.tls == Encryption::Implicit);
        let mut talk = Talk::open(stream, target, implicit).await?;
        let upgrade = self
            .tls
            .as_ref()
            .filter(|_| target.tls == Encryption::StartTls);
        match target.protocol {
            ServerProtocol::Smtp | ServerProtocol::Lmtp => {
                smtp::greet(&mut talk, target, upgrade).await
            }
            ServerProtocol::Imap => imap::greet(&mut talk, target, upgrade).await,
            ServerProtocol::Pop3 => pop3::greet(&mut talk, target, upgrade).await,
            ServerProtocol::Sieve => sieve::greet(&mut talk, target, upgrade).await,
            // The one question of the connection comes with the login.
            ServerProtocol::Http if deep && target.deep.is_some() => Ok(()),
            // Without one, asking is the only way to hear anything.
            ServerProtocol::Http => http::ask(&mut talk, target, None).await,
        }?;
        Ok((talk, address))
    }

    async fn log_in(&self, talk: &mut Talk, login: &DeepCheck) -> Result<(), Problem> {
        talk.hide(login.password.expose());
        match self.target.protocol {
            ServerProtocol::Smtp => smtp::log_in(talk, login).await,
            ServerProtocol::Lmtp => smtp::log_in_or_ask(talk, login).await,
            ServerProtocol::Imap => imap::log_in(talk, login).await,
            ServerProtocol::Pop3 => pop3::log_in(talk, login).await,
            ServerProtocol::Sieve => sieve::log_in(talk, login).await,
            ServerProtocol::Http => http::ask(talk, &self.target, Some(login)).await,
        }
    }

    async fn leave(&self, talk: &mut Talk) -> Result<(), Problem> {
        let farewell = match self.target.protocol {
            ServerProtocol::Smtp | ServerProtocol::Lmtp | ServerProtocol::Pop3 => "QUIT",
            ServerProtocol::Imap => "z LOGOUT",
            ServerProtocol::Sieve => "LOGOUT",
            ServerProtocol::Http => return Ok(()),
        };
        talk.write_line(farewell).await?;
        talk.read_line().await.map(drop)
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, Problem> {
        let port = self.target.port;
        if let Some(ip) = self.target.fixed_address() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let host = &self.target.host;
        let failed = |why: String| Problem::new(FailureKind::NameLookup, format!("{host}: {why}"));
        let place = Arc::clone(&self.lookups).acquire_owned().await;
        let found = self.lookup.lookup(host.clone());
        let task = tokio::spawn(async move {
            let found = found.await;
            drop(place);
            found
        });
        let found = task.await.map_err(|defect| failed(defect.to_string()))?;
        let found: Vec<IpAddr> = found.map_err(failed)?;
        if found.is_empty() {
            return Err(failed("the name has no address".to_owned()));
        }
        let address = |ip: IpAddr| SocketAddr::new(ip.to_canonical(), port);
        Ok(found.into_iter().map(address).collect())
    }
}

/// Gives a step its time and its name.
async fn step<T>(
    step: Step,
    time: Duration,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Failure> {
    let problem = match tokio::time::timeout(time, work).await {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(problem)) => problem,
        Err(_) => Problem::new(
            FailureKind::TimedOut,
            match step {
                Step::Connect => format!("no greeting within {time:?}"),
                Step::Login => format!("no end of the login within {time:?}"),
            },
        ),
    };
    Err(Failure {
        step,
        kind: problem.kind,
        text: problem.text,
    })
}
