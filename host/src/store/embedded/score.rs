//! Scores of sorted sets as numbers that sort.
//!
//! IEEE 754 total order, in which infinities are ends like any other, with -0 equal to 0. There is no
//! score that is not a number.

use std::ops::RangeInclusive;

use super::super::Bound;

const SIGN: u64 = 1 << 63;

/// A score, in a form whose order is that of the scores. Neighbours in it are neighbouring numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Score(pub(in crate::store) u64);

impl Score {
    pub(super) const LOWEST: Self = Self(0);
    pub(super) const HIGHEST: Self = Self(u64::MAX);

    /// Nothing if it is not a number.
    pub(super) fn new(number: f64) -> Option<Self> {
        // -0 + 0 is 0.
        let bits = (number + 0.0).to_bits();
        let ordered = if bits & SIGN == 0 { bits | SIGN } else { !bits };
        (!number.is_nan()).then_some(Self(ordered))
    }

    pub(super) fn number(self) -> f64 {
        let bits = if self.0 & SIGN == 0 {
            !self.0
        } else {
            self.0 & !SIGN
        };
        f64::from_bits(bits)
    }

    /// The scores between two bounds. Nothing if one of them is not a number.
    pub(super) fn between(from: Bound, to: Bound) -> Option<RangeInclusive<Self>> {
        let from = match from {
            Bound::Including(number) => Self::new(number)?.0,
            Bound::Excluding(number) => Self::new(number)?.0.saturating_add(1),
        };
        let to = match to {
            Bound::Including(number) => Self::new(number)?.0,
            Bound::Excluding(number) => Self::new(number)?.0.saturating_sub(1),
        };
        Some(Self(from)..=Self(to))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn scores_order_as_numbers_do_and_come_back(a in any::<f64>(), b in any::<f64>()) {
            let (Some(first), Some(second)) = (Score::new(a), Score::new(b)) else {
                prop_assert!(a.is_nan() || b.is_nan());
                return Ok(());
            };
            prop_assert_eq!(first.cmp(&second), a.partial_cmp(&b).unwrap());
            prop_assert_eq!(first.number(), a);
        }
    }

    #[test]
    fn the_edges_are_in_order_and_both_zeros_are_one() {
        let edges = [
            f64::NEG_INFINITY,
            f64::MIN,
            -1.0,
            -f64::MIN_POSITIVE,
            -5e-324,
            0.0,
            5e-324,
            1.0,
            f64::MAX,
            f64::INFINITY,
        ];
        let scores = edges.map(|edge| Score::new(edge).unwrap());
        assert!(scores.is_sorted_by(|a, b| a < b));
        assert_eq!(Score::new(-0.0), Score::new(0.0));
        assert_eq!(Score::new(f64::NAN), None);
        assert_eq!(Score::new(-f64::NAN), None);
    }

    #[test]
    fn an_excluded_bound_leaves_out_one_number_only() {
        let holds = |from, to, number: f64| {
            let range = Score::between(from, to).unwrap();
            range.contains(&Score::new(number).unwrap())
        };
        let (from, to) = (Bound::Excluding(0.0), Bound::Excluding(f64::INFINITY));
        assert!(!holds(from, to, 0.0));
        assert!(!holds(from, to, -0.0));
        assert!(holds(from, to, 5e-324));
        assert!(holds(from, to, f64::MAX));
        assert!(!holds(from, to, f64::INFINITY));
        let (from, to) = (Bound::Excluding(f64::NEG_INFINITY), Bound::Excluding(0.0));
        assert!(!holds(from, to, f64::NEG_INFINITY));
        assert!(holds(from, to, f64::MIN));
        assert!(!holds(from, to, -0.0));
        assert_eq!(Score::between(Bound::Including(f64::NAN), to), None);
    }
}
