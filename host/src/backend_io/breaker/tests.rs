//! What a breaker does, step by step in a table, and what it never does, whatever happens.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// Milliseconds.
const COOL_DOWN: u64 = 1_000;

/// What happens, at a time in milliseconds.
enum Step {
    /// The request of that name is let through.
    Passes(&'static str),
    /// A request is held back, after so many failures, for so long; nothing while one tries.
    Held(u32, Option<u64>),
    /// The request was answered, and that closes the breaker or not.
    Answered(&'static str, bool),
    /// The request failed, and that opens the breaker or not.
    Failed(&'static str, bool),
    /// The request is given up.
    GivenUp(&'static str),
    /// How the breaker stands.
    Is(BreakerState),
}

use BreakerState::{Closed, HalfOpen, Open};
use Step::{Answered, Failed, GivenUp, Held, Is, Passes};

/// The behaviour, how many failures open the breaker, and what happens when.
type Row = (&'static str, u32, &'static [(u64, Step)]);

const ROWS: &[Row] = &[
    (
        "it opens at the limit and not before",
        3,
        &[
            (0, Passes("a")),
            (5, Failed("a", false)),
            (6, Passes("b")),
            (7, Failed("b", false)),
            (7, Is(Closed)),
            (8, Passes("c")),
            (9, Failed("c", true)),
            (9, Is(Open)),
            (10, Held(3, Some(999))),
        ],
    ),
    (
        "an answer forgets the failures before it",
        2,
        &[
            (0, Passes("a")),
            (1, Failed("a", false)),
            (2, Passes("b")),
            (3, Answered("b", false)),
            (4, Passes("c")),
            (5, Failed("c", false)),
            (5, Is(Closed)),
        ],
    ),
    (
        "a failure beside an answer says nothing, one that began after it does",
        1,
        &[
            (0, Passes("silent")),
            (0, Passes("answered")),
            (5, Answered("answered", false)),
            (5, Passes("later")),
            (900, Failed("silent", false)),
            (901, Failed("later", true)),
        ],
    ),
    (
        "after the cool-down one request tries, and its answer closes",
        1,
        &[
            (0, Passes("a")),
            (10, Failed("a", true)),
            (1_009, Held(1, Some(1))),
            (1_010, Passes("trial")),
            (1_010, Is(HalfOpen)),
            (5_000, Held(1, None)),
            (5_001, Answered("trial", true)),
            (5_001, Is(Closed)),
            (5_001, Passes("b")),
            (5_001, Passes("c")),
        ],
    ),
    (
        "a trial that fails opens nothing anew, and the cool-down begins again",
        2,
        &[
            (0, Passes("a")),
            (0, Passes("b")),
            (0, Failed("a", false)),
            (0, Failed("b", true)),
            (1_000, Passes("trial")),
            (1_500, Failed("trial", false)),
            (1_500, Is(Open)),
            (2_499, Held(3, Some(1))),
            (2_500, Passes("next")),
            (2_600, Answered("next", true)),
            // The count has begun anew as well.
            (2_601, Passes("c")),
            (2_602, Failed("c", false)),
        ],
    ),
    (
        "a trial that is given up leaves its place to the next at once",
        1,
        &[
            (0, Passes("a")),
            (0, Failed("a", true)),
            (1_000, Passes("trial")),
            (1_001, GivenUp("trial")),
            (1_001, Is(Open)),
            (1_001, Passes("next")),
            (1_002, Held(1, None)),
        ],
    ),
    (
        "who is given up says nothing while it is closed",
        1,
        &[(0, Passes("a")), (9, GivenUp("a")), (9, Passes("b"))],
    ),
    (
        "what was let through before it opened neither closes it nor keeps it open",
        1,
        &[
            (0, Passes("answered")),
            (0, Passes("silent")),
            (0, Passes("given up")),
            (0, Passes("a")),
            (1, Failed("a", true)),
            (2, Answered("answered", false)),
            (2, Is(Open)),
            (900, Failed("silent", false)),
            (1_001, Passes("trial")),
            (1_002, GivenUp("given up")),
            (1_002, Held(2, None)),
        ],
    ),
    (
        "no failure at all is as many as one",
        0,
        &[
            (0, Passes("a")),
            (1, Answered("a", false)),
            (2, Passes("b")),
            (3, Failed("b", true)),
        ],
    ),
];

#[test]
fn it_does_what_the_table_says() {
    let start = Instant::now();
    for (behaviour, most, steps) in ROWS {
        let breaker = Breaker::new(*most, Duration::from_millis(COOL_DOWN));
        let mut permits = HashMap::new();
        for (number, (at, step)) in steps.iter().enumerate() {
            let place = format!("{behaviour}, step {number}");
            let now = start + Duration::from_millis(*at);
            match step {
                Passes(name) => {
                    let permit = breaker.enter(now);
                    assert!(permit.is_ok(), "{place}: {permit:?}");
                    permits.insert(*name, permit.unwrap());
                }
                Held(failures, wait) => {
                    let expected = LeftAlone {
                        failures: *failures,
                        wait: wait.map(Duration::from_millis),
                    };
                    assert_eq!(breaker.enter(now).err(), Some(expected), "{place}");
                }
                Answered(name, closes) => {
                    let closed = permits.remove(name).unwrap().succeeded(now);
                    assert_eq!(closed, *closes, "{place}");
                }
                Failed(name, opens) => {
                    let opened = permits.remove(name).unwrap().failed(now);
                    assert_eq!(opened, *opens, "{place}");
                }
                GivenUp(name) => drop(permits.remove(name).unwrap()),
                Is(state) => assert_eq!(breaker.state(), *state, "{place}"),
            }
        }
    }
}

#[test]
fn a_cool_down_beyond_the_end_of_time_is_none() {
    let (breaker, now) = (Breaker::new(1, Duration::MAX), Instant::now());
    assert!(breaker.enter(now).unwrap().failed(now));
    assert!(breaker.enter(now).is_ok());
}

proptest! {
    /// Whatever happens in whatever order: a closed breaker lets everybody through, one that is not lets
    /// nobody through before the cool-down and never two at once, and when nobody is on the way and the
    /// cool-down is over, one may try, and its answer closes.
    #[test]
    fn it_never_shuts_for_ever_and_never_lets_two_try(
        most in 1_u32..5,
        steps in prop::collection::vec((0_u8..4, any::<prop::sample::Index>(), 0_u64..700), 0..80),
    ) {
        let cool_down = Duration::from_millis(COOL_DOWN);
        let breaker = Breaker::new(most, cool_down);
        let mut now = Instant::now();
        let mut permits: Vec<Permit<'_>> = Vec::new();
        let mut opened = None;
        for (what, which, wait) in steps {
            now += Duration::from_millis(wait);
            let trials = permits.iter().filter(|permit| permit.is_trial).count();
            prop_assert!(trials <= 1);
            prop_assert_eq!(breaker.state() == HalfOpen, trials == 1);
            if what == 0 || permits.is_empty() {
                let before = breaker.state();
                let permit = breaker.enter(now);
                let is_over = opened.is_none_or(|at| now >= at + cool_down);
                let passes = before == Closed || (before == Open && is_over);
                prop_assert_eq!(permit.is_ok(), passes);
                permits.extend(permit);
                continue;
            }
            let permit = permits.swap_remove(which.index(permits.len()));
            let was_trial = permit.is_trial;
            match what {
                1 => {
                    prop_assert_eq!(permit.succeeded(now), was_trial);
                }
                2 => {
                    if permit.failed(now) || was_trial {
                        opened = Some(now);
                    }
                }
                _ => drop(permit),
            }
        }
        permits.clear();
        now += cool_down;
        let was_open = breaker.is_open();
        prop_assert_eq!(breaker.enter(now).unwrap().succeeded(now), was_open);
        prop_assert_eq!(breaker.state(), Closed);
    }
}
