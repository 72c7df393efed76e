//! What is known of one server: alive or dead, since when, and why.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::{Instant, SystemTime},
};

use crate::{
    backend_io::probe::{Failure, Step},
    config::{HealthTarget, ServerProtocol},
};

/// Whether a server is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// No check has passed yet, and not enough have failed. It is used.
    Unknown,
    /// It is used.
    Alive,
    /// It is not.
    Dead,
}

impl Life {
    /// The word for logs and `/healthz`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Alive => "alive",
            Self::Dead => "dead",
        }
    }
}

/// What is known of a server.
#[derive(Clone, Debug)]
pub struct Status {
    /// As configured.
    pub name: String,
    /// As configured.
    pub protocol: ServerProtocol,
    /// As configured.
    pub host: String,
    /// As configured.
    pub port: u16,
    /// Where it answered last, or will be looked for.
    pub address: Option<SocketAddr>,
    /// Whether it is used.
    pub life: Life,
    /// Since when.
    pub since: SystemTime,
    /// Why the last check that failed did, and when. Holds no secret.
    pub last_failure: Option<(SystemTime, String)>,
}

/// A server that may be chosen.
pub(super) struct Usable {
    pub(super) address: SocketAddr,
    pub(super) last_failure: Option<Instant>,
}

/// The life of one server has changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) from: Life,
    pub(super) to: Life,
}

/// One server's state. The lock is held for moments only.
pub(super) struct Server {
    pub(super) target: HealthTarget,
    state: Mutex<State>,
}

struct State {
    life: Life,
    since: SystemTime,
    address: Option<SocketAddr>,
    last_failure: Option<(Instant, SystemTime, String)>,
    greetings: Track,
    logins: Track,
}

/// Checks of one kind, in a row.
#[derive(Default)]
struct Track {
    dead: bool,
    /// How many in a row contradict `dead`.
    streak: u32,
}

impl Track {
    fn note(&mut self, passed: bool, target: &HealthTarget) {
        if passed != self.dead {
            self.streak = 0;
            return;
        }
        self.streak += 1;
        let enough = if passed {
            target.recovery_threshold
        } else {
            target.failure_threshold
        };
        if self.streak >= enough {
            self.dead = !passed;
            self.streak = 0;
        }
    }
}

impl Server {
    pub(super) fn new(target: HealthTarget) -> Self {
        let address = target
            .fixed_address()
            .map(|ip| SocketAddr::new(ip, target.port));
        Self {
            target,
            state: Mutex::new(State {
                life: Life::Unknown,
                since: SystemTime::now(),
                address,
                last_failure: None,
                greetings: Track::default(),
                logins: Track::default(),
            }),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a check. `deep` says that it would have logged in; one that failed before says
    /// nothing of logins.
    pub(super) fn note(&self, result: &Result<SocketAddr, Failure>, deep: bool) -> Option<Change> {
        let target = &self.target;
        let mut state = self.state();
        let (greeted, logged_in) = match result {
            Ok(_) => (true, deep.then_some(true)),
            Err(failure) if failure.step == Step::Login => (true, Some(false)),
            Err(_) => (false, None),
        };
        state.greetings.note(greeted, target);
        if let Some(logged_in) = logged_in {
            state.logins.note(logged_in, target);
        }
        match result {
            Ok(address) => state.address = Some(*address),
            Err(failure) => {
                let now = (Instant::now(), SystemTime::now(), failure.text.clone());
                state.last_failure = Some(now);
            }
        }
        let from = state.life;
        let to = if state.greetings.dead || state.logins.dead {
            Life::Dead
        } else if from == Life::Unknown && result.is_err() {
            Life::Unknown
        } else {
            Life::Alive
        };
        if from == to {
            return None;
        }
        state.life = to;
        state.since = SystemTime::now();
        Some(Change { from, to })
    }

    /// The address to use before a check has found one that answers.
    pub(super) fn suggest(&self, address: SocketAddr) {
        self.state().address.get_or_insert(address);
    }

    /// Where to send a login, unless it is dead or has no address.
    pub(super) fn usable(&self) -> Option<Usable> {
        let state = self.state();
        if state.life == Life::Dead {
            return None;
        }
        Some(Usable {
            address: state.address?,
            last_failure: state.last_failure.as_ref().map(|(at, ..)| *at),
        })
    }

    pub(super) fn status(&self) -> Status {
        let target = &self.target;
        let state = self.state();
        Status {
            name: target.name.clone(),
            protocol: target.protocol,
            host: target.host.clone(),
            port: target.port,
            address: state.address,
            life: state.life,
            since: state.since,
            last_failure: state
                .last_failure
                .as_ref()
                .map(|(_, at, why)| (*at, why.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;
    use crate::{backend_io::probe::FailureKind, config::Encryption};

    fn server(failures: u32, recoveries: u32) -> Server {
        Server::new(HealthTarget {
            name: "one".to_owned(),
            protocol: ServerProtocol::Imap,
            host: "192.0.2.1".to_owned(),
            port: 143,
            weight: 1,
            tls: Encryption::None,
            tls_server_name: None,
            tls_skip_verify: false,
            authorities: None,
            proxy_protocol: false,
            deep: None,
            request_uri: "/".to_owned(),
            connect_interval: Duration::from_secs(1),
            deep_interval: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(1),
            deep_timeout: Duration::from_secs(1),
            failure_threshold: failures,
            recovery_threshold: recoveries,
        })
    }

    /// Notes checks, one letter each: `g` and `l` passed, `G` failed before the login, `L` at the login;
    /// `l` and `L` are deep. Returns the life after each, in one letter.
    fn after(server: &Server, checks: &str) -> String {
        let life = |check: char| {
            let failed = |step| {
                Err(Failure {
                    step,
                    kind: FailureKind::Refused,
                    text: String::new(),
                })
            };
            let result = match check {
                'G' => failed(Step::Connect),
                'L' => failed(Step::Login),
                _ => Ok(SocketAddr::from(([192, 0, 2, 1], 143))),
            };
            server.note(&result, check.eq_ignore_ascii_case(&'l'));
            match server.status().life {
                Life::Unknown => 'u',
                Life::Alive => 'a',
                Life::Dead => 'd',
            }
        };
        checks.chars().map(life).collect()
    }

    #[test]
    fn so_many_in_a_row_decide() {
        for (failures, recoveries, checks, lives) in [
            (1, 1, "gGgG", "adad"),
            (1, 1, "GG", "dd"),
            (3, 2, "GGG", "uud"),
            (3, 2, "gGGgGGG", "aaaaaad"),
            (3, 2, "GGGgGgg", "uudddda"),
        ] {
            let found = after(&server(failures, recoveries), checks);
            assert_eq!(found, lives, "{failures}/{recoveries} {checks}");
        }
    }

    #[test]
    fn a_greeting_says_nothing_of_logins() {
        for (failures, recoveries, checks, lives) in [
            (1, 1, "lLgggl", "adddda"),
            // The failure of a greeting says nothing of logins either.
            (1, 1, "lGg", "ada"),
            (1, 1, "lLGgl", "addda"),
            // Greetings in between do not interrupt a row of failed logins.
            (2, 1, "lLgLg", "aaadd"),
            (1, 2, "lLlglg", "adddaa"),
        ] {
            let found = after(&server(failures, recoveries), checks);
            assert_eq!(found, lives, "{failures}/{recoveries} {checks}");
        }
    }

    #[test]
    fn the_dead_are_not_used_and_the_unknown_are() {
        let server = server(2, 1);
        assert!(server.usable().is_some());
        after(&server, "G");
        assert!(server.usable().is_some());
        after(&server, "G");
        assert!(server.usable().is_none());
        after(&server, "g");
        assert!(server.usable().unwrap().last_failure.is_some());
    }
}
