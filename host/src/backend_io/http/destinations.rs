//! The destinations of one grant: which of them answer, and which are left alone for a while.
//!
//! A destination is what connections are kept for: scheme, host and port. Only silence counts: no
//! connection, a broken message, no answer within the time that the request has. Any answer, whatever its
//! status, says that somebody is there. After so many failures in a row requests fail at once; after each
//! cool-down one of them is sent nevertheless.
//!
//! A script may choose whom it asks, so no more than [`DESTINATIONS`] are remembered.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use url::Url;

use super::{HttpError, Listener};
use crate::backend_io::breaker::{Breaker, LeftAlone, Permit};

/// Destinations of one grant that are remembered. For one more the one is forgotten that was not asked for
/// the longest time, of those that answer if there are any.
pub(super) const DESTINATIONS: usize = 256;
/// A destination that was not asked for so long is nobody's business any more.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// Those of one plugin.
pub(super) struct Destinations {
    /// Its name.
    pub(super) plugin: String,
    failures: u32,
    cool_down: Duration,
    listener: Option<Listener>,
    known: Mutex<HashMap<String, Arc<Destination>>>,
}

/// One of them.
pub(super) struct Destination {
    /// As `https://users.example.org`.
    origin: String,
    breaker: Breaker,
    seen: Mutex<Seen>,
}

struct Seen {
    asked: Instant,
    /// What the last failure was.
    last: String,
}

/// A request on its way. Dropped without a word, because whoever waited gave up, it counts as unanswered if
/// it had at least half of its time: a login that is nearly over leaves it little.
pub(super) struct Asked<'a> {
    destinations: &'a Destinations,
    destination: &'a Destination,
    permit: Option<Permit<'a>>,
    began: Instant,
    patience: Duration,
}

impl Destinations {
    /// None is known yet. `failures` in a row (at least 1) close a destination for `cool_down`.
    pub(super) fn new(
        plugin: &str,
        (failures, cool_down): (u32, Duration),
        listener: Option<Listener>,
    ) -> Self {
        Self {
            plugin: plugin.to_owned(),
            failures,
            cool_down,
            listener,
            known: Mutex::default(),
        }
    }

    /// The destination of a request that is to be sent now.
    pub(super) fn of(&self, url: &Url, now: Instant) -> Arc<Destination> {
        let origin = url.origin().ascii_serialization();
        let mut known = self.known();
        if let Some(destination) = known.get(&origin) {
            destination.seen().asked = now;
            return Arc::clone(destination);
        }
        if known.len() >= DESTINATIONS {
            make_room(&mut known, now);
        }
        let destination = Arc::new(Destination {
            origin: origin.clone(),
            breaker: Breaker::new(self.failures, self.cool_down),
            seen: Mutex::new(Seen {
                asked: now,
                last: String::new(),
            }),
        });
        known.insert(origin, Arc::clone(&destination));
        destination
    }

    /// The right to send a request, which may take so long.
    ///
    /// # Errors
    /// [`HttpError::Connect`] while the destination is left alone.
    pub(super) fn enter<'a>(
        &'a self,
        destination: &'a Destination,
        patience: Duration,
    ) -> Result<Asked<'a>, HttpError> {
        let began = Instant::now();
        match destination.breaker.enter(began) {
            Ok(permit) => Ok(Asked {
                destinations: self,
                destination,
                permit: Some(permit),
                began,
                patience,
            }),
            Err(LeftAlone { wait, .. }) => {
                let until = match wait {
                    Some(wait) => format!("none is sent for {} ms", wait.as_millis()),
                    None => "one is on its way, and none is sent beside it".to_owned(),
                };
                let why = destination.reason();
                Err(HttpError::Connect(format!(
                    "{}: {why}; {until}",
                    destination.origin
                )))
            }
        }
    }

    /// Those that are left alone, and why; nothing if none was ever asked.
    pub(super) fn left_alone(&self, now: Instant) -> Option<BTreeMap<String, String>> {
        let mut known = self.known();
        if known.is_empty() {
            return None;
        }
        known.retain(|_, destination| !(destination.breaker.is_open() && destination.is_old(now)));
        let open = known.values().filter(|one| one.breaker.is_open());
        Some(open.map(|one| (one.origin.clone(), one.reason())).collect())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Arc<Destination>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets what is old, or else at least one.
fn make_room(known: &mut HashMap<String, Arc<Destination>>, now: Instant) {
    known.retain(|_, destination| !destination.is_old(now));
    while known.len() >= DESTINATIONS {
        let least = known
            .values()
            .min_by_key(|one| (one.breaker.is_open(), one.seen().asked))
            .map(|one| one.origin.clone());
        let Some(origin) = least else { return };
        known.remove(&origin);
    }
}

impl Destination {
    fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.seen().asked) >= FORGOTTEN
    }

    fn reason(&self) -> String {
        format!(
            "{} requests in a row had no answer; the last one: {}",
            self.breaker.failures(),
            self.seen().last
        )
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked<'_> {
    /// What came of it. An error of the request itself, or of the grant, says nothing about the destination.
    pub(super) fn end(mut self, error: Option<&HttpError>) {
        let Some(permit) = self.permit.take() else {
            return;
        };
        match error {
            None | Some(HttpError::TooLarge(_) | HttpError::TooManyRedirects) => {
                if permit.succeeded(Instant::now()) {
                    let (plugin, origin) = (&self.destinations.plugin, &self.destination.origin);
                    tracing::info!(plugin, destination = origin, "A web service answers again");
                }
            }
            Some(
                error @ (HttpError::NameLookup(_)
                | HttpError::Connect(_)
                | HttpError::Tls(_)
                | HttpError::TimedOut
                | HttpError::Protocol(_)),
            ) => self.failed(permit, error),
            Some(HttpError::Denied(_) | HttpError::Invalid(_)) => drop(permit),
        }
    }

    fn failed(&self, permit: Permit<'_>, error: &HttpError) {
        let why = error.to_string();
        self.destination.seen().last.clone_from(&why);
        if permit.failed(Instant::now()) {
            let Destinations {
                plugin, listener, ..
            } = self.destinations;
            let (origin, seconds) = (
                &self.destination.origin,
                self.destinations.cool_down.as_secs_f64(),
            );
            tracing::warn!(
                plugin,
                destination = origin,
                seconds,
                "A web service is left alone for a while: {why}"
            );
            if let Some(listener) = listener {
                listener(plugin);
            }
        }
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take()
            && self.began.elapsed() >= self.patience / 2
        {
            self.failed(permit, &HttpError::TimedOut);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn destinations() -> Destinations {
        Destinations::new("web", (2, Duration::from_secs(60)), None)
    }

    fn url(host: usize) -> Url {
        format!("http://host{host}.example/a/path").parse().unwrap()
    }

    /// Fails twice, which opens it.
    fn open(destinations: &Destinations, url: &Url, now: Instant) {
        for _ in 0..2 {
            let destination = destinations.of(url, now);
            let asked = destinations.enter(&destination, Duration::from_secs(1));
            asked.unwrap().end(Some(&HttpError::TimedOut));
        }
    }

    fn is_open(destinations: &Destinations, url: &Url, now: Instant) -> bool {
        destinations.of(url, now).breaker.is_open()
    }

    #[test]
    fn only_silence_opens() {
        let text = String::new;
        for (error, counts) in [
            (HttpError::NameLookup(text()), true),
            (HttpError::Connect(text()), true),
            (HttpError::Tls(text()), true),
            (HttpError::TimedOut, true),
            (HttpError::Protocol(text()), true),
            (HttpError::TooLarge(text()), false),
            (HttpError::TooManyRedirects, false),
            (HttpError::Denied(text()), false),
            (HttpError::Invalid(text()), false),
        ] {
            let (destinations, now) = (destinations(), Instant::now());
            let destination = destinations.of(&url(1), now);
            for _ in 0..2 {
                let asked = destinations.enter(&destination, Duration::from_secs(1));
                asked.unwrap().end(Some(&error));
            }
            assert_eq!(destination.breaker.is_open(), counts, "{error:?}");
        }
    }

    #[test]
    fn who_is_held_back_hears_why() {
        let (destinations, now) = (destinations(), Instant::now());
        open(&destinations, &url(1), now);
        let destination = destinations.of(&url(1), now);
        let held = destinations.enter(&destination, Duration::from_secs(1));
        let text = match held.err() {
            Some(HttpError::Connect(text)) => text,
            other => format!("{other:?}"),
        };
        let start = "http://host1.example: 2 requests in a row had no answer; the last one: timed out; \
                     none is sent for ";
        assert!(text.starts_with(start) && text.ends_with(" ms"), "{text}");
    }

    #[test]
    fn a_request_that_is_given_up_counts_if_it_had_half_of_its_time() {
        let now = Instant::now();
        for (patience, counts) in [(Duration::ZERO, true), (Duration::from_secs(600), false)] {
            let destinations = destinations();
            let destination = destinations.of(&url(1), now);
            for _ in 0..2 {
                drop(destinations.enter(&destination, patience).unwrap());
            }
            assert_eq!(destination.breaker.is_open(), counts, "{patience:?}");
        }
    }

    #[test]
    fn schemes_and_ports_are_destinations_of_their_own_and_paths_are_not() {
        let (destinations, now) = (destinations(), Instant::now());
        open(&destinations, &"http://h.example/a".parse().unwrap(), now);
        for (text, same) in [
            ("http://h.example:80/b?c", true),
            ("http://H.EXAMPLE/", true),
            ("http://h.example:8080/a", false),
            ("https://h.example/a", false),
            ("http://g.example/a", false),
        ] {
            let is_open = is_open(&destinations, &text.parse().unwrap(), now);
            assert_eq!(is_open, same, "{text}");
        }
    }

    #[test]
    fn so_many_are_remembered_and_one_more_replaces_the_oldest_that_answers() {
        let (destinations, start) = (destinations(), Instant::now());
        let at = |step: usize| start + Duration::from_millis(step as u64);
        open(&destinations, &url(0), at(0));
        for host in 1..DESTINATIONS {
            destinations.of(&url(host), at(host));
        }
        let knows = |host: usize| {
            let origin = url(host).origin().ascii_serialization();
            destinations.known().contains_key(&origin)
        };
        assert!(knows(0) && knows(1) && knows(DESTINATIONS - 1));
        destinations.of(&url(DESTINATIONS), at(DESTINATIONS));
        assert_eq!(destinations.known().len(), DESTINATIONS);
        // The very oldest does not answer: that is worth more.
        assert!(knows(0) && !knows(1) && knows(2) && knows(DESTINATIONS));
    }

    #[test]
    fn where_nobody_answers_the_oldest_is_forgotten_all_the_same() {
        let (destinations, start) = (destinations(), Instant::now());
        for host in 0..=DESTINATIONS {
            open(
                &destinations,
                &url(host),
                start + Duration::from_millis(host as u64),
            );
        }
        assert_eq!(destinations.known().len(), DESTINATIONS);
        assert!(!is_open(&destinations, &url(0), start));
        assert!(is_open(&destinations, &url(DESTINATIONS), start));
    }

    #[test]
    fn what_nobody_asks_any_more_is_no_problem_any_more() {
        let (destinations, now) = (destinations(), Instant::now());
        assert_eq!(destinations.left_alone(now), None);
        open(&destinations, &url(1), now);
        let shown = |at| destinations.left_alone(at).map(|open| open.len());
        assert_eq!(shown(now + FORGOTTEN - Duration::from_nanos(1)), Some(1));
        assert_eq!(shown(now + FORGOTTEN), Some(0));
    }
}
