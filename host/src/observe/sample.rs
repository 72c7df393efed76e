//! Which logins belong to a sample: decided by an id alone, so that it can be decided again.

/// Whether the login of that session belongs to a sample of so large a share (0 to 1). The same session
/// always gets the same answer, and a larger share holds every smaller one.
pub(super) fn holds(session: &str, share: f64) -> bool {
    // FNV-1a, and a last step that spreads its weak high bits (splitmix64).
    let mut hash = session
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    is_below(hash ^ (hash >> 31), share)
}

/// Whether a number, seen as a share of all numbers, is below a share.
pub(super) fn is_below(number: u64, share: f64) -> bool {
    // 53 bits fit a float exactly.
    #[allow(clippy::cast_precision_loss)]
    let place = (number >> 11) as f64 / (1_u64 << 53) as f64;
    place < share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_sessions_is_in_the_sample() {
        let in_sample = |share| {
            let sessions = (0..10_000).map(|number| format!("2bxWuH{number:021}"));
            sessions.filter(|session| holds(session, share)).count()
        };
        assert_eq!(in_sample(0.0), 0);
        assert_eq!(in_sample(1.0), 10_000);
        for (share, expected) in [(0.01, 100), (0.5, 5000), (0.9, 9000)] {
            let found = in_sample(share);
            assert!(found.abs_diff(expected) < 200, "{share}: {found}");
        }
    }

    #[test]
    fn a_larger_sample_holds_the_smaller_one() {
        for number in 0..1000 {
            let session = number.to_string();
            assert!(!holds(&session, 0.2) || holds(&session, 0.3), "{session}");
        }
    }
}
