//! Store entries and the clock that ages them.

use std::{collections::BTreeMap, time::Duration};

use crate::store::{Error, Remaining};

/// A stored value and when it goes.
struct Entry {
    value: Vec<u8>,
    expires: Option<Duration>,
}

/// A store under a clock that only moves when told to.
pub(super) struct AgingStore {
    entries: BTreeMap<String, Entry>,
    /// Since 1970-01-01 00:00:00 UTC.
    pub(super) now: Duration,
    /// What every call answers, to play an outage.
    pub(super) outage: Option<String>,
}

impl AgingStore {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            entries: BTreeMap::new(),
            now,
            outage: None,
        }
    }

    /// The rules that the server checks as well.
    fn check(&self, key: &str) -> Result<(), Error> {
        if let Some(reason) = &self.outage {
            return Err(Error::Unavailable(reason.clone()));
        }
        match key.len() {
            1..=512 => Ok(()),
            length => Err(Error::Invalid(format!(
                "a key has 1 to 512 bytes, this one has {length}"
            ))),
        }
    }

    fn expiry(&self, seconds: Option<u32>) -> Option<Duration> {
        seconds.map(|seconds| self.now.saturating_add(Duration::from_secs(seconds.into())))
    }

    fn live(&mut self, key: &str) -> Option<&mut Entry> {
        let now = self.now;
        self.entries
            .retain(|_, entry| entry.expires.is_none_or(|expires| expires > now));
        self.entries.get_mut(key)
    }

    pub(super) fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.check(key)?;
        Ok(self.live(key).map(|entry| entry.value.clone()))
    }

    pub(super) fn set(
        &mut self,
        key: &str,
        value: &[u8],
        seconds: Option<u32>,
    ) -> Result<(), Error> {
        self.check(key)?;
        let entry = Entry {
            value: value.to_vec(),
            expires: self.expiry(seconds),
        };
        self.entries.insert(key.to_owned(), entry);
        Ok(())
    }

    pub(super) fn delete(&mut self, key: &str) -> Result<bool, Error> {
        self.check(key)?;
        let existed = self.live(key).is_some();
        self.entries.remove(key);
        Ok(existed)
    }

    pub(super) fn increment(
        &mut self,
        key: &str,
        by: i64,
        seconds: Option<u32>,
    ) -> Result<i64, Error> {
        self.check(key)?;
        let expiry = self.expiry(seconds);
        let Some(entry) = self.live(key) else {
            self.entries.insert(
                key.to_owned(),
                Entry {
                    value: by.to_string().into_bytes(),
                    expires: expiry,
                },
            );
            return Ok(by);
        };
        let sum = std::str::from_utf8(&entry.value)
            .ok()
            .and_then(|text| text.parse::<i64>().ok())
            .and_then(|number| number.checked_add(by))
            .ok_or(Error::NotANumber)?;
        entry.value = sum.to_string().into_bytes();
        Ok(sum)
    }

    pub(super) fn expire(&mut self, key: &str, seconds: u32) -> Result<bool, Error> {
        self.check(key)?;
        let expiry = self.expiry(Some(seconds));
        let Some(entry) = self.live(key) else {
            return Ok(false);
        };
        entry.expires = expiry;
        Ok(true)
    }

    pub(super) fn time_to_live(&mut self, key: &str) -> Result<Remaining, Error> {
        self.check(key)?;
        let now = self.now;
        Ok(match self.live(key).map(|entry| entry.expires) {
            None => Remaining::Missing,
            Some(None) => Remaining::Unlimited,
            Some(Some(expires)) => Remaining::Seconds(expires.saturating_sub(now).as_secs()),
        })
    }
}
