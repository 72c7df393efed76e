//! The generators behind `math.random`.
//!
//! Until a script gives a seed, numbers come from the host's randomness, fresh in every call. With a seed
//! they are those that PUC-Rio gives for it: xoshiro256** in Lua 5.4, glibc's `rand` in Lua 5.1.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// Where numbers come from.
pub(super) enum Generator {
    Host(SmallRng),
    Xoshiro([u64; 4]),
    Glibc(Box<Additive>),
}

/// glibc's additive feedback generator.
pub(super) struct Additive {
    words: [u32; 31],
    next: usize,
}

/// glibc's `RAND_MAX`.
const LARGEST: u32 = 0x7fff_ffff;

impl Generator {
    pub(super) fn from_host() -> Self {
        Self::Host(SmallRng::from_entropy())
    }

    /// As `math.randomseed` of Lua 5.4.
    pub(super) fn xoshiro(first: i64, second: i64) -> Self {
        let mut generator = Self::Xoshiro([first as u64, 0xff, second as u64, 0]);
        for _ in 0..16 {
            generator.word();
        }
        generator
    }

    /// As C's `srand`.
    pub(super) fn glibc(seed: u32) -> Self {
        let mut word = i64::from(seed.max(1) as i32);
        let mut words = [0; 31];
        for slot in &mut words {
            *slot = word as u32;
            word = (16_807 * (word % 127_773)) - 2836 * (word / 127_773);
            if word < 0 {
                word += i64::from(LARGEST);
            }
        }
        let mut generator = Additive { words, next: 3 };
        for _ in 0..310 {
            generator.step();
        }
        Self::Glibc(Box::new(generator))
    }

    /// 64 random bits.
    pub(super) fn word(&mut self) -> u64 {
        match self {
            Self::Host(generator) => generator.r#gen::<i64>() as u64,
            Self::Glibc(generator) => {
                let high = u64::from(generator.step());
                (high << 33) | (u64::from(generator.step()) << 2)
            }
            Self::Xoshiro([one, two, three, four]) => {
                let word = two.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
                let shifted = *two << 17;
                *three ^= *one;
                *four ^= *two;
                *two ^= *three;
                *one ^= *four;
                *three ^= shifted;
                *four = four.rotate_left(45);
                word
            }
        }
    }

    /// In `[0, 1)`, from 53 bits.
    pub(super) fn fraction(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// In `[0, 1)`, as Lua 5.1 makes it from C's `rand`.
    pub(super) fn coarse_fraction(&mut self) -> f64 {
        let word = match self {
            Self::Glibc(generator) => generator.step(),
            other => (other.word() >> 33) as u32,
        };
        f64::from(word % LARGEST) / f64::from(LARGEST)
    }

    /// From `low` to `high`, both included, all equally likely.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = (high as u64).wrapping_sub(low as u64);
        let mut word = self.word();
        let mask = match width.checked_add(1) {
            Some(count) if !count.is_power_of_two() => u64::MAX >> width.leading_zeros(),
            _ => width,
        };
        loop {
            word &= mask;
            if word <= width {
                return word.wrapping_add(low as u64) as i64;
            }
            word = self.word();
        }
    }
}

impl Additive {
    /// 31 random bits.
    fn step(&mut self) -> u32 {
        let behind = (self.next + 28) % 31;
        let added = self.words.get(behind).copied().unwrap_or(0);
        let Some(slot) = self.words.get_mut(self.next) else {
            return 0;
        };
        *slot = slot.wrapping_add(added);
        let word = *slot;
        self.next = (self.next + 1) % 31;
        word >> 1
    }
}
