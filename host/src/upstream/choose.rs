//! Which one of several servers that live: pure arithmetic, but for chance.

use std::{collections::HashMap, time::Instant};

use rand::Rng;
use sha2::{Digest, Sha256};

use crate::config::Selection;

/// A server that could be chosen.
pub(super) struct Candidate<'a> {
    /// Unique, and the same after a restart and on other nodes.
    pub(super) name: &'a str,
    /// At least 1.
    pub(super) weight: u32,
    /// The end of its last check that failed.
    pub(super) last_failure: Option<Instant>,
}

/// Whose turn it is: how much each server is owed.
#[derive(Default)]
pub(super) struct Turns(HashMap<String, i64>);

/// The index of the chosen one; nothing if there is none to choose from.
pub(super) fn choose(
    selection: Selection,
    candidates: &[Candidate<'_>],
    account: &str,
    turns: &mut Turns,
) -> Option<usize> {
    match selection {
        Selection::RoundRobin => turns.next(candidates),
        Selection::Random => at_random(candidates),
        Selection::Priority => (!candidates.is_empty()).then_some(0),
        Selection::LeastRecentlyFailed => least_recently_failed(candidates, turns),
        Selection::ConsistentHash => by_account(candidates, account),
    }
}

impl Turns {
    /// Smooth weighted turns, as nginx has them: everybody is owed its weight, who is owed most gets the
    /// turn and pays for it.
    fn next(&mut self, candidates: &[Candidate<'_>]) -> Option<usize> {
        let mut chosen: Option<(usize, i64)> = None;
        let mut all = 0;
        for (index, candidate) in candidates.iter().enumerate() {
            let weight = i64::from(candidate.weight);
            all += weight;
            let owed = match self.0.get_mut(candidate.name) {
                Some(owed) => owed,
                None => self.0.entry(candidate.name.to_owned()).or_default(),
            };
            *owed += weight;
            if chosen.is_none_or(|(_, most)| *owed > most) {
                chosen = Some((index, *owed));
            }
        }
        let (index, _) = chosen?;
        if let Some(owed) = self.0.get_mut(candidates.get(index)?.name) {
            *owed -= all;
        }
        Some(index)
    }
}

fn at_random(candidates: &[Candidate<'_>]) -> Option<usize> {
    let all: u64 = candidates
        .iter()
        .map(|candidate| u64::from(candidate.weight))
        .sum();
    if all == 0 {
        return None;
    }
    let mut left = rand::rng().random_range(0..all);
    candidates.iter().position(|candidate| {
        let weight = u64::from(candidate.weight);
        let is_here = left < weight;
        left = left.saturating_sub(weight);
        is_here
    })
}

fn least_recently_failed(candidates: &[Candidate<'_>], turns: &mut Turns) -> Option<usize> {
    let oldest = candidates
        .iter()
        .map(|candidate| candidate.last_failure)
        .min()?;
    let equal: Vec<usize> = candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| candidate.last_failure == oldest)
        .map(|(index, _)| index)
        .collect();
    let few: Vec<_> = equal
        .iter()
        .filter_map(|index| candidates.get(*index))
        .map(|candidate| Candidate { ..*candidate })
        .collect();
    turns.next(&few).and_then(|index| equal.get(index).copied())
}

/// Rendezvous hashing with weights: each server draws a lot for the account, the best lot wins. A server
/// that goes takes along only its own accounts, and one that comes takes its share evenly from all.
fn by_account(candidates: &[Candidate<'_>], account: &str) -> Option<usize> {
    let lot = |candidate: &Candidate<'_>| {
        let mut digest = Sha256::new();
        digest.update((account.len() as u64).to_be_bytes());
        digest.update(account.as_bytes());
        digest.update(candidate.name.as_bytes());
        let digest: [u8; 32] = digest.finalize().into();
        let number = digest
            .iter()
            .take(8)
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        // 53 bits, so that it is above 0 and below 1 exactly.
        let uniform = ((number >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        -f64::from(candidate.weight) / uniform.ln()
    };
    candidates
        .iter()
        .enumerate()
        .max_by(|left, right| lot(left.1).total_cmp(&lot(right.1)))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::time::Duration;

    use super::*;

    fn servers<'a>(list: &[(&'a str, u32)]) -> Vec<Candidate<'a>> {
        let candidate = |&(name, weight): &(&'a str, u32)| Candidate {
            name,
            weight,
            last_failure: None,
        };
        list.iter().map(candidate).collect()
    }

    fn choices(selection: Selection, servers: &[Candidate<'_>], count: usize) -> Vec<usize> {
        let mut turns = Turns::default();
        (0..count)
            .map(|number| {
                let account = format!("user{number}@example.org");
                choose(selection, servers, &account, &mut turns).unwrap()
            })
            .collect()
    }

    fn counts(choices: &[usize]) -> [usize; 3] {
        [0, 1, 2].map(|index| choices.iter().filter(|chosen| **chosen == index).count())
    }

    #[test]
    fn nobody_is_chosen_from_nobody() {
        for selection in [
            Selection::RoundRobin,
            Selection::Random,
            Selection::Priority,
            Selection::LeastRecentlyFailed,
            Selection::ConsistentHash,
        ] {
            assert_eq!(choose(selection, &[], "a", &mut Turns::default()), None);
        }
    }

    #[test]
    fn turns_go_round_by_weight_and_smoothly() {
        let equal = servers(&[("a", 1), ("b", 1), ("c", 1)]);
        let turns = choices(Selection::RoundRobin, &equal, 6);
        assert_eq!(turns, [0, 1, 2, 0, 1, 2]);
        // nginx' own example: no server gets its turns in a row.
        let weighted = servers(&[("a", 5), ("b", 1), ("c", 1)]);
        let turns = choices(Selection::RoundRobin, &weighted, 7);
        assert_eq!(turns, [0, 0, 1, 0, 2, 0, 0]);
    }

    #[test]
    fn who_was_away_gets_no_more_than_its_turns_afterwards() {
        let mut turns = Turns::default();
        let all = servers(&[("a", 1), ("b", 1)]);
        let rest = servers(&[("b", 1)]);
        turns.next(&all);
        for _ in 0..100 {
            turns.next(&rest);
        }
        let after: Vec<_> = (0..10).map(|_| turns.next(&all).unwrap()).collect();
        assert_eq!(counts(&after)[..2], [5, 5], "{after:?}");
    }

    #[test]
    fn chance_follows_the_weights() {
        let weighted = servers(&[("a", 6), ("b", 3), ("c", 1)]);
        let [a, b, c] = counts(&choices(Selection::Random, &weighted, 10_000));
        assert!(a > 5500 && a < 6500, "{a}");
        assert!(b > 2500 && b < 3500, "{b}");
        assert!(c > 700 && c < 1300, "{c}");
    }

    #[test]
    fn the_first_of_the_list_has_priority() {
        let list = servers(&[("a", 1), ("b", 1000)]);
        assert_eq!(counts(&choices(Selection::Priority, &list, 5)), [5, 0, 0]);
    }

    #[test]
    fn the_longest_ago_is_chosen_and_those_without_a_failure_take_turns() {
        let now = Instant::now();
        let mut list = servers(&[("a", 1), ("b", 1), ("c", 1)]);
        let earlier = now.checked_sub(Duration::from_millis(1)).unwrap();
        list[0].last_failure = Some(now);
        list[1].last_failure = Some(earlier);
        list[2].last_failure = Some(now);
        let selection = Selection::LeastRecentlyFailed;
        assert_eq!(counts(&choices(selection, &list, 4)), [0, 4, 0]);
        list[0].last_failure = None;
        list[2].last_failure = None;
        assert_eq!(counts(&choices(selection, &list, 4)), [2, 0, 2]);
    }

    #[test]
    fn an_account_keeps_its_server_while_that_lives() {
        let all = servers(&[("a", 1), ("b", 1), ("c", 1)]);
        let rest = servers(&[("a", 1), ("c", 1)]);
        let selection = Selection::ConsistentHash;
        let before = choices(selection, &all, 3000);
        assert_eq!(before, choices(selection, &all, 3000));
        for share in counts(&before) {
            assert!((850..1150).contains(&share), "{share}");
        }
        // `b` went: only its accounts move, and `c` is now the second.
        let after = choices(selection, &rest, 3000);
        for (old, new) in before.iter().zip(&after) {
            match old {
                0 => assert_eq!(*new, 0),
                2 => assert_eq!(*new, 1),
                _ => {}
            }
        }
    }

    #[test]
    fn accounts_follow_the_weights() {
        let weighted = servers(&[("a", 2), ("b", 1), ("c", 1)]);
        let [a, b, c] = counts(&choices(Selection::ConsistentHash, &weighted, 4000));
        assert!((1850..2150).contains(&a), "{a}");
        assert!(
            (850..1150).contains(&b) && (850..1150).contains(&c),
            "{b} {c}"
        );
    }
}
