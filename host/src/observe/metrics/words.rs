//! Label values, and the cap on how many different ones there are.

use std::{
    collections::HashSet,
    fmt::{self, Write as _},
    hash::{Hash, Hasher},
    sync::{Arc, PoisonError, RwLock},
};

use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};

/// Longest value that has a label of its own, in bytes.
const BYTES: usize = 64;
/// Stands for all that have none.
const OTHER: &str = "other";

/// One label value. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) enum Word {
    Fixed(&'static str),
    Found(Arc<str>),
}

impl Word {
    fn as_str(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Found(text) => text,
        }
    }
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Word {}

impl Hash for Word {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl From<&'static str> for Word {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::Found(text.into())
    }
}

impl EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> Result<(), fmt::Error> {
        encoder.write_str(self.as_str())
    }
}

/// The words that were seen, up to a number; whatever comes later is [`OTHER`].
pub(super) struct Words {
    limit: usize,
    seen: RwLock<HashSet<Arc<str>>>,
}

impl Words {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            seen: RwLock::default(),
        }
    }

    /// The word itself, or the one for all others.
    pub(super) fn get(&self, text: &str) -> Word {
        if text.len() > BYTES {
            return OTHER.into();
        }
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(word) = seen.get(text) {
            return Word::Found(Arc::clone(word));
        }
        if seen.len() >= self.limit {
            return OTHER.into();
        }
        drop(seen);
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= self.limit && !seen.contains(text) {
            return OTHER.into();
        }
        let word: Arc<str> = text.into();
        seen.insert(Arc::clone(&word));
        Word::Found(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_keep_their_label_and_the_rest_share_one() {
        let words = Words::new(2);
        let long = "x".repeat(BYTES + 1);
        let rows = [
            ("imap", "imap"),
            ("pop3", "pop3"),
            ("smtp", OTHER),
            ("imap", "imap"),
            (long.as_str(), OTHER),
        ];
        for (text, expected) in rows {
            assert_eq!(words.get(text).as_str(), expected);
        }
        let longest = "x".repeat(BYTES);
        assert_eq!(Words::new(1).get(&longest).as_str(), longest);
    }
}
