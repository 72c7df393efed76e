//! Stands in for `rand` 0.8 in the Lua VM: the few names that `math.random` uses.
//!
//! The real crate does not compile for this use on 32-bit targets, and it asks the operating system
//! for randomness, which a component without imports of its own does not have. Here the embedder gives
//! a seed. After a snapshot it calls [`renew`], so that no two instances share their numbers.

use std::cell::Cell;
use std::ops::RangeInclusive;

thread_local! {
    static SOURCE: Cell<Option<fn() -> u64>> = const { Cell::new(None) };
    static GENERATION: Cell<u64> = const { Cell::new(0) };
}

/// Where seeds come from. Until it is set, the seed is a constant.
pub fn set_source(source: fn() -> u64) {
    SOURCE.set(Some(source));
}

/// Makes every generator that nobody seeded by hand take a new seed before its next number.
pub fn renew() {
    GENERATION.set(GENERATION.get().wrapping_add(1));
}

fn entropy() -> u64 {
    SOURCE
        .get()
        .map_or(0x9e37_79b9_7f4a_7c15, |source| source())
}

/// Generators, under the name that the VM uses.
pub mod rngs {
    /// SplitMix64: small, fast, and not for secrets, like `math.random`.
    #[derive(Debug, Clone)]
    pub struct SmallRng {
        pub(crate) state: u64,
        /// The generation in which the seed was taken; absent when Lua code gave the seed.
        pub(crate) generation: Option<u64>,
    }
}

use rngs::SmallRng;

impl SmallRng {
    fn next(&mut self) -> u64 {
        if let Some(generation) = self.generation
            && generation != GENERATION.get()
        {
            *self = Self::fresh();
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn fresh() -> Self {
        Self {
            state: entropy(),
            generation: Some(GENERATION.get()),
        }
    }
}

/// Ways to seed a generator.
pub trait SeedableRng: Sized {
    /// A seed from the embedder, taken when the first number is needed.
    fn from_entropy() -> Self;
    /// The same numbers for the same seed.
    fn seed_from_u64(seed: u64) -> Self;
    /// As `seed_from_u64`, from the first bytes.
    fn from_seed(seed: [u8; 32]) -> Self;
}

impl SeedableRng for SmallRng {
    fn from_entropy() -> Self {
        Self {
            state: 0,
            // Differs from every current generation, so the first number takes a seed.
            generation: Some(GENERATION.get().wrapping_sub(1)),
        }
    }

    fn seed_from_u64(seed: u64) -> Self {
        Self {
            state: seed,
            generation: None,
        }
    }

    fn from_seed(seed: [u8; 32]) -> Self {
        let mut words = [0_u64; 2];
        for (word, bytes) in words.iter_mut().zip(seed.chunks_exact(8)) {
            *word = bytes
                .iter()
                .rev()
                .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        }
        let [low, high] = words;
        Self::seed_from_u64(low ^ high.rotate_left(32))
    }
}

/// What a generator can give.
pub trait Rng {
    /// A number of the type's usual range: `[0, 1)` for floats, all values for integers.
    fn r#gen<T: Standard>(&mut self) -> T;
    /// A number in the range, both ends included.
    fn gen_range(&mut self, range: RangeInclusive<i64>) -> i64;
}

impl Rng for SmallRng {
    fn r#gen<T: Standard>(&mut self) -> T {
        T::from_word(self.next())
    }

    fn gen_range(&mut self, range: RangeInclusive<i64>) -> i64 {
        let (first, last) = range.into_inner();
        let width = (last as u64).wrapping_sub(first as u64).wrapping_add(1);
        if width == 0 {
            return self.next() as i64;
        }
        // Words past the last full multiple of the width would favour small numbers.
        let limit = u64::MAX - u64::MAX % width;
        let mut word = self.next();
        while word >= limit {
            word = self.next();
        }
        (first as u64).wrapping_add(word % width) as i64
    }
}

/// Types that [`Rng::gen`] can give.
pub trait Standard {
    /// Made from 64 random bits.
    fn from_word(word: u64) -> Self;
}

impl Standard for f64 {
    fn from_word(word: u64) -> Self {
        (word >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Standard for i64 {
    fn from_word(word: u64) -> Self {
        word as i64
    }
}

#[cfg(test)]
mod tests {
    use super::{Rng, SeedableRng, rngs::SmallRng};

    #[test]
    fn a_seed_repeats_its_numbers() {
        let numbers = |seed| {
            let mut generator = SmallRng::seed_from_u64(seed);
            [generator.r#gen::<i64>(), generator.r#gen::<i64>()]
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }

    #[test]
    fn ranges_hold_both_ends() {
        let mut generator = SmallRng::seed_from_u64(1);
        let drawn: std::collections::BTreeSet<i64> =
            (0..1000).map(|_| generator.gen_range(-1..=1)).collect();
        assert!(drawn.into_iter().eq(-1..=1));
        assert_eq!(generator.gen_range(5..=5), 5);
    }

    #[test]
    fn renewing_takes_a_new_seed_unless_one_was_given() {
        use std::cell::Cell;
        thread_local!(static SEED: Cell<u64> = const { Cell::new(1) });
        super::set_source(|| {
            SEED.set(SEED.get() + 1);
            SEED.get()
        });
        let mut own = SmallRng::from_entropy();
        let first = own.r#gen::<i64>();
        let mut copy = own.clone();
        super::renew();
        assert_ne!(own.r#gen::<i64>(), copy.r#gen::<i64>());
        assert_ne!(first, own.r#gen::<i64>());
        let mut given = SmallRng::seed_from_u64(3);
        let mut same = given.clone();
        super::renew();
        assert_eq!(given.r#gen::<i64>(), same.r#gen::<i64>());
    }
}
