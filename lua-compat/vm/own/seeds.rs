//! The seeds of every hash table and of the hashes of strings.
//!
//! The embedder chooses them once, before it creates the first `Lua`. Without that they are constants:
//! right for tests, wrong for strangers' input.

use std::sync::OnceLock;

static SEEDS: OnceLock<[u64; 4]> = OnceLock::new();

/// Sets the seeds. Only the first call has an effect, and only before the first `Lua` exists: the
/// hash of a string is kept with the string.
pub fn set(seeds: [u64; 4]) {
    let _ = SEEDS.set(seeds);
}

fn seeds() -> [u64; 4] {
    *SEEDS.get_or_init(|| {
        [
            0x243f_6a88_85a3_08d3,
            0x1319_8a2e_0370_7344,
            0xa409_3822_299f_31d0,
            0x082e_fa98_ec4e_6c89,
        ]
    })
}

pub(crate) fn random_state() -> ahash::RandomState {
    let [a, b, c, d] = seeds();
    ahash::RandomState::with_seeds(a, b, c, d)
}

/// The hash of a key that is no text: a number or an address. Two multiplications by secret odd numbers,
/// so that nobody can choose keys that collide.
pub(crate) fn mix(word: u64) -> u64 {
    let [a, b, c, _] = seeds();
    let word = (word ^ a).wrapping_mul(b | 1);
    let word = (word ^ (word >> 32)).wrapping_mul(c | 1);
    word ^ (word >> 32)
}
