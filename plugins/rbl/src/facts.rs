//! What came out, as later plugins and the log see it.

use std::collections::BTreeMap;

use bulkhead_sdk::log;
use serde::{Deserialize, Serialize};

use crate::list::{List, Verdict};

/// The value under the context key `rbl`. Absent when no list was asked, or the plugin failed.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct Facts {
    /// Sum of the weights of the lists that hold the address.
    pub score: i64,
    /// From which score a login is rejected.
    pub threshold: i64,
    /// Whether the score has reached it.
    pub listed: bool,
    /// Names of the lists that hold the address, in configuration order.
    pub matched_lists: Vec<String>,
    /// Names of the lists that gave no answer.
    pub failed_lists: Vec<String>,
    /// By name: every list that was asked.
    pub lists: BTreeMap<String, ListFacts>,
}

/// What one list said.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ListFacts {
    /// It holds the address.
    pub listed: bool,
    /// Its answers that are return codes.
    pub codes: Vec<String>,
    /// Its weight.
    pub weight: i64,
    /// Why it gave no answer.
    pub error: Option<String>,
    /// It may be missing.
    pub allow_failure: bool,
}

impl Facts {
    pub(crate) fn new(threshold: i64) -> Self {
        Self {
            score: 0,
            threshold,
            listed: false,
            matched_lists: Vec::new(),
            failed_lists: Vec::new(),
            lists: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, list: &List, verdict: Verdict) {
        let mut facts = ListFacts {
            weight: list.weight,
            allow_failure: list.allow_failure,
            ..ListFacts::default()
        };
        match verdict {
            Verdict::Listed(codes) => {
                self.score = self.score.saturating_add(list.weight);
                self.matched_lists.push(list.name.clone());
                facts.listed = true;
                facts.codes = codes;
            }
            Verdict::Unlisted => {}
            Verdict::Failed(why) => {
                log::warning(format!("the list {} gave no answer: {why}", list.name));
                self.failed_lists.push(list.name.clone());
                facts.error = Some(why);
            }
        }
        self.listed = self.score >= self.threshold;
        self.lists.insert(list.name.clone(), facts);
    }

    /// Lists that must answer and did not.
    pub(crate) fn blocking_failures(&self) -> impl Iterator<Item = &str> {
        self.failed_lists
            .iter()
            .filter(|name| self.lists.get(*name).is_none_or(|list| !list.allow_failure))
            .map(String::as_str)
    }

    /// Whether lists of good reputation that gave no answer could have kept the score below the threshold.
    pub(crate) fn might_be_saved(&self) -> bool {
        let missing = self
            .failed_lists
            .iter()
            .filter_map(|name| self.lists.get(name))
            .map(|list| list.weight.min(0));
        self.score.saturating_add(missing.sum()) < self.threshold
    }

    /// Adds to the login's line what is worth a word.
    pub(crate) fn log(&self) {
        if !self.matched_lists.is_empty() {
            log::add_field("rbl_score", self.score);
            log::add_field("rbl_lists", self.matched_lists.join(","));
        }
        if !self.failed_lists.is_empty() {
            log::add_field("rbl_failed", self.failed_lists.join(","));
        }
    }
}
