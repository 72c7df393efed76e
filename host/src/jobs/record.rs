//! What the store keeps of a job: names, words and times as Nauthilus' administrators know them.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobKind {
    /// Forgets what is cached of a user.
    #[serde(rename = "CACHE_FLUSH")]
    CacheFlush,
    /// Forgets bans and failures.
    #[serde(rename = "BF_FLUSH")]
    BruteForceFlush,
}

impl JobKind {
    /// The word of answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CacheFlush => "CACHE_FLUSH",
            Self::BruteForceFlush => "BF_FLUSH",
        }
    }
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobStatus {
    /// It waits for its turn.
    #[serde(rename = "QUEUED")]
    Queued,
    /// It runs.
    #[serde(rename = "INPROGRESS")]
    InProgress,
    /// It did what it was started for.
    #[serde(rename = "DONE")]
    Done,
    /// It failed, or was cut short.
    #[serde(rename = "ERROR")]
    Error,
}

impl JobStatus {
    /// The word of answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::InProgress => "INPROGRESS",
            Self::Done => "DONE",
            Self::Error => "ERROR",
        }
    }
}

/// One job, as every node sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobRecord {
    /// How far it is.
    pub status: JobStatus,
    /// What it does.
    pub kind: JobKind,
    /// Microseconds since 1970.
    pub created: u64,
    /// The same; nothing while it waits.
    pub started: Option<u64>,
    /// The same; nothing until it has ended.
    pub finished: Option<u64>,
    /// What it counted, such as keys removed; nothing until it is done.
    pub count: Option<u64>,
    /// Why it failed; empty unless it did.
    pub error: String,
}

impl JobRecord {
    /// A job that waits from now on.
    pub(super) fn queued(kind: JobKind) -> Self {
        Self {
            status: JobStatus::Queued,
            kind,
            created: now(),
            started: None,
            finished: None,
            count: None,
            error: String::new(),
        }
    }

    /// It runs from now on.
    pub(super) fn begin(&mut self) {
        self.status = JobStatus::InProgress;
        self.started = Some(now());
    }

    /// It has ended.
    pub(super) fn end(&mut self, result: Result<u64, String>) {
        self.finished = Some(now());
        match result {
            Ok(count) => {
                self.status = JobStatus::Done;
                self.count = Some(count);
            }
            Err(why) => {
                self.status = JobStatus::Error;
                self.error = why;
            }
        }
    }
}

/// A new id: nanoseconds since 1970, a dash, 16 hexadecimal digits. Nobody can guess the id of another's
/// job.
pub(super) fn new_id() -> String {
    format!("{}-{:016x}", since_1970().as_nanos(), rand::random::<u64>())
}

/// Whether the text can be an id: what cannot be one is not worth a look into the store.
pub(super) fn is_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(time, digits)| {
        (1..=20).contains(&time.len())
            && time.bytes().all(|byte| byte.is_ascii_digit())
            && digits.len() == 16
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

fn now() -> u64 {
    u64::try_from(since_1970().as_micros()).unwrap_or(u64::MAX)
}

fn since_1970() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_form_that_clients_know_and_nothing_else_is_one() {
        let id = new_id();
        assert!(is_id(&id), "{id}");
        assert_ne!(id, new_id());
        for text in [
            "",
            "-",
            "1-",
            "-0123456789abcdef",
            "1-0123456789abcde",
            "1-0123456789abcdef0",
            "1-0123456789ABCDEF",
            "1x-0123456789abcdef",
            "123456789012345678901-0123456789abcdef",
            "1-0123456789abcdef-",
        ] {
            assert!(!is_id(text), "{text}");
        }
        assert!(is_id("12345678901234567890-0123456789abcdef"));
    }
}
