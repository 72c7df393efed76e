//! Single flight: of those who ask the same at the same time, one finds out and the others wait for him.
//!
//! In this process alone, so that no outage of the store can lose it. Whoever finds out and goes away
//! leaves his place to one of those who wait. What is forgotten while somebody finds it out is told to
//! those who wait already, but kept for nobody.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::watch;

use super::digest::Digest;
use crate::pipeline::Finding;

/// Questions that are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FlightKey {
    /// Who wants to log in.
    pub(super) user: Digest,
    /// Everything but the password.
    pub(super) login: Digest,
    /// The password.
    pub(super) password: Digest,
    /// What may answer: memory, store. A question that nothing may answer is nobody else's.
    pub(super) may: (bool, bool),
}

/// Who finds out what. The number tells a question that is nobody else's from all others.
type Running = HashMap<(FlightKey, u64), Arc<watch::Sender<Landing>>>;

/// All questions that somebody finds out about at this moment.
#[derive(Default)]
pub(super) struct Flights {
    running: Mutex<Running>,
    alone: AtomicU64,
}

/// What those who wait hear.
#[derive(Clone)]
enum Landing {
    NotYet,
    Found(Arc<Finding>),
    Abandoned,
}

/// Whose turn it is.
pub(super) enum Turn {
    /// The asker's: he finds out.
    Lead(Lead),
    /// Somebody else's, who finds out already.
    Follow(Follow),
}

/// The duty to find out. Dropped without a finding, it goes to one of those who wait.
pub(super) struct Lead {
    flights: Arc<Flights>,
    key: (FlightKey, u64),
    landing: Arc<watch::Sender<Landing>>,
}

/// A place among those who wait.
pub(super) struct Follow(watch::Receiver<Landing>);

impl Flights {
    /// Joins those who ask the same, or is the first of them.
    pub(super) fn join(self: &Arc<Self>, key: FlightKey) -> Turn {
        let number = match key.may {
            (false, false) => self.alone.fetch_add(1, Ordering::Relaxed) + 1,
            _ => 0,
        };
        let key = (key, number);
        let mut running = self.running();
        if let Some(landing) = running.get(&key) {
            return Turn::Follow(Follow(landing.subscribe()));
        }
        let landing = Arc::new(watch::Sender::new(Landing::NotYet));
        running.insert(key, Arc::clone(&landing));
        Turn::Lead(Lead {
            flights: Arc::clone(self),
            key,
            landing,
        })
    }

    /// Nobody joins those who find out something about these users now, and nothing that they find is
    /// kept.
    pub(super) fn detach(&self, concerns: impl Fn(&Digest) -> bool) {
        self.running().retain(|(key, _), _| !concerns(&key.user));
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead {
    /// Tells everybody. `keep` runs before anybody can ask anew, unless the user was forgotten meanwhile;
    /// returns whether it ran. It must be quick.
    pub(super) fn land(self, finding: &Arc<Finding>, keep: impl FnOnce()) -> bool {
        let mut running = self.flights.running();
        let counts = self.is_running(&running);
        if counts {
            keep();
            running.remove(&self.key);
        }
        drop(running);
        // Nobody may wait; that is no failure.
        self.landing
            .send_replace(Landing::Found(Arc::clone(finding)));
        counts
    }

    fn is_running(&self, running: &Running) -> bool {
        let mine = running.get(&self.key);
        mine.is_some_and(|landing| Arc::ptr_eq(landing, &self.landing))
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let mut running = self.flights.running();
        if self.is_running(&running) {
            running.remove(&self.key);
        }
        drop(running);
        self.landing.send_if_modified(|landing| {
            let abandoned = matches!(landing, Landing::NotYet);
            if abandoned {
                *landing = Landing::Abandoned;
            }
            abandoned
        });
    }
}

impl Follow {
    /// What the other one found; nothing if he went away without.
    pub(super) async fn outcome(mut self) -> Option<Arc<Finding>> {
        let landed = self
            .0
            .wait_for(|landing| !matches!(landing, Landing::NotYet))
            .await;
        match landed.as_deref() {
            Ok(Landing::Found(finding)) => Some(Arc::clone(finding)),
            Ok(Landing::NotYet | Landing::Abandoned) | Err(_) => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;
    use crate::pipeline::Conclusion;

    const KEY: FlightKey = FlightKey {
        user: [1; 32],
        login: [2; 32],
        password: [3; 32],
        may: (true, true),
    };

    fn finding() -> Arc<Finding> {
        Arc::new(Finding {
            conclusion: Conclusion::UnknownUser,
            known: None,
            context: Vec::new(),
            certain: true,
        })
    }

    fn lead(flights: &Arc<Flights>, key: FlightKey) -> Lead {
        match flights.join(key) {
            Turn::Lead(lead) => lead,
            Turn::Follow(_) => panic!("somebody leads already"),
        }
    }

    fn follow(flights: &Arc<Flights>, key: FlightKey) -> Follow {
        match flights.join(key) {
            Turn::Lead(_) => panic!("nobody leads"),
            Turn::Follow(follow) => follow,
        }
    }

    #[tokio::test]
    async fn those_who_wait_hear_what_was_found() {
        let flights = Arc::default();
        let first = lead(&flights, KEY);
        let waiting: Vec<_> = (0..3).map(|_| follow(&flights, KEY)).collect();
        let mut kept = false;
        assert!(first.land(&finding(), || kept = true));
        assert!(kept);
        for one in waiting {
            assert_eq!(one.outcome().await, Some(finding()));
        }
        // Whoever comes later asks anew.
        lead(&flights, KEY);
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_his_place() {
        let flights = Arc::default();
        let first = lead(&flights, KEY);
        let waiting = follow(&flights, KEY);
        drop(first);
        assert_eq!(waiting.outcome().await, None);
        lead(&flights, KEY);
    }

    #[tokio::test]
    async fn what_is_forgotten_meanwhile_is_told_and_not_kept() {
        let flights = Arc::default();
        let first = lead(&flights, KEY);
        let waiting = follow(&flights, KEY);
        flights.detach(|user| *user == KEY.user);
        let second = lead(&flights, KEY);
        assert!(!first.land(&finding(), || panic!("it was forgotten")));
        assert_eq!(waiting.outcome().await, Some(finding()));
        // The second one still leads.
        let waiting = follow(&flights, KEY);
        assert!(second.land(&finding(), || {}));
        assert_eq!(waiting.outcome().await, Some(finding()));
    }

    #[tokio::test]
    async fn others_are_not_forgotten() {
        let flights = Arc::default();
        let first = lead(&flights, KEY);
        flights.detach(|user| *user == [9; 32]);
        follow(&flights, KEY);
        assert!(first.land(&finding(), || {}));
    }

    #[test]
    fn questions_that_differ_in_anything_are_not_shared() {
        let flights = Arc::default();
        let _first = lead(&flights, KEY);
        for other in [
            FlightKey {
                user: [9; 32],
                ..KEY
            },
            FlightKey {
                login: [9; 32],
                ..KEY
            },
            FlightKey {
                password: [9; 32],
                ..KEY
            },
            FlightKey {
                may: (false, true),
                ..KEY
            },
        ] {
            lead(&flights, other);
        }
        let alone = FlightKey {
            may: (false, false),
            ..KEY
        };
        let _one = lead(&flights, alone);
        lead(&flights, alone);
    }
}
