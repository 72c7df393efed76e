//! MD5's compression of one block (RFC 1321, section 3.4).
//!
//! CRAM-MD5 stores the state between two blocks, which no digest crate gives out.

const SHIFTS: [[u32; 4]; 4] = [
    [7, 12, 17, 22],
    [5, 9, 14, 20],
    [4, 11, 16, 23],
    [6, 10, 15, 21],
];

/// The state after the first block of a message, in the byte order of a digest.
pub(super) fn state_after(block: &[u8; 64]) -> [u8; 16] {
    let start: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let mut words = [0_u32; 16];
    let (chunks, _) = block.as_chunks::<4>();
    for (word, bytes) in words.iter_mut().zip(chunks) {
        *word = u32::from_le_bytes(*bytes);
    }
    let [mut a, mut b, mut c, mut d] = start;
    for (round, shifts) in SHIFTS.into_iter().enumerate() {
        for step in 0..16 {
            let (mixed, word) = match round {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), 5 * step + 1),
                2 => (b ^ c ^ d, 3 * step + 5),
                _ => (c ^ (b | !d), 7 * step),
            };
            let word = words.get(word % 16).copied().unwrap_or_default();
            let shift = shifts.get(step % 4).copied().unwrap_or_default();
            let sum = a
                .wrapping_add(mixed)
                .wrapping_add(constant(16 * round + step))
                .wrapping_add(word);
            (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(shift)));
        }
    }
    let mut state = [0_u8; 16];
    let (targets, _) = state.as_chunks_mut::<4>();
    for (target, (before, after)) in targets.iter_mut().zip(start.into_iter().zip([a, b, c, d])) {
        *target = before.wrapping_add(after).to_le_bytes();
    }
    state
}

/// The integer part of 2³² · |sin(step + 1)|, as the RFC defines its table.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)]
fn constant(step: usize) -> u32 {
    (4_294_967_296.0 * ((step + 1) as f64).sin().abs()) as u32
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use md5::{Digest, Md5};

    use super::*;

    #[test]
    fn the_state_after_a_padded_message_is_its_digest() {
        for length in 0..56_u8 {
            let message: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(5)).collect();
            let mut block = [0; 64];
            block[..message.len()].copy_from_slice(&message);
            block[message.len()] = 0x80;
            block[56..].copy_from_slice(&(u64::from(length) * 8).to_le_bytes());
            assert_eq!(state_after(&block), *Md5::digest(&message));
        }
    }
}
