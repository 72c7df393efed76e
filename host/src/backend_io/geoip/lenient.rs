//! Numbers as databases of several makers store them, where their meaning is beyond doubt.
//!
//! MaxMind gives each number one type; others take what their tools make of it: another width, a double
//! without a fraction, decimal text. What fits is taken; a fraction where none can be, a number out of range,
//! words and collections are errors. An empty text is no value.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{Error, Unexpected, Visitor},
};

/// Above it a double no longer tells whole numbers apart: 2 to the power of 53.
const LARGEST_WHOLE_DOUBLE: f64 = 9_007_199_254_740_992.0;

/// A whole number.
pub(super) fn whole<'de, D: Deserializer<'de>, T: TryFrom<i128>>(
    value: D,
) -> Result<Option<T>, D::Error> {
    value.deserialize_any(Whole(PhantomData))
}

/// A number that may have a fraction, and is finite.
pub(super) fn decimal<'de, D: Deserializer<'de>>(value: D) -> Result<Option<f64>, D::Error> {
    value.deserialize_any(Decimal)
}

/// Yes or no; also 1 or 0.
pub(super) fn flag<'de, D: Deserializer<'de>>(value: D) -> Result<Option<bool>, D::Error> {
    value.deserialize_any(Flag)
}

struct Whole<T>(PhantomData<T>);

impl<'de, T: TryFrom<i128>> Visitor<'de> for Whole<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = size_of::<T>();
        write!(f, "a whole number of at most {bytes} bytes")
    }

    // The narrower types come here too.
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_i128(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_i128(number.into())
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<Self::Value, E> {
        let fits = T::try_from(number).ok();
        fits.map(Some)
            .ok_or_else(|| E::custom(format_args!("{number} is not {}", Words(&self))))
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Self::Value, E> {
        match i128::try_from(number) {
            Ok(number) => self.visit_i128(number),
            Err(_) => Err(E::custom(format_args!("{number} is not {}", Words(&self)))),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        if number.fract() != 0.0 || number.abs() > LARGEST_WHOLE_DOUBLE {
            return Err(E::invalid_value(Unexpected::Float(number), &self));
        }
        // Whole, and far from the ends of the range.
        self.visit_i128(number as i128)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse() {
            Ok(number) => self.visit_i128(number),
            Err(_) => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

struct Decimal;

impl Visitor<'_> for Decimal {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f32<E: Error>(self, number: f32) -> Result<Self::Value, E> {
        // The number that somebody wrote, not the nearest to its binary form: 13.4 is not 13.399999618.
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        match number.is_finite() {
            true => Ok(Some(number)),
            false => Err(E::invalid_value(Unexpected::Float(number), &self)),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_f64(number as f64)
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Self::Value, E> {
        self.visit_f64(number as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse() {
            Ok(number) => self.visit_f64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

struct Flag;

impl Visitor<'_> for Flag {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false, 1 or 0")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Some(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        match number {
            0 => Ok(Some(false)),
            1 => Ok(Some(true)),
            _ => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// What a visitor expects, in words.
struct Words<'a, V>(&'a V);

impl<'de, V: Visitor<'de>> fmt::Display for Words<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::{IntoDeserializer, value::Error as Wrong};

    use super::*;

    #[test]
    fn whole_numbers_of_every_type_are_taken_where_they_fit() {
        fn number<'de>(value: impl IntoDeserializer<'de, Wrong>) -> Option<Option<u16>> {
            whole(value.into_deserializer()).ok()
        }
        let seven = Some(Some(7));
        for taken in [
            number(7_u8),
            number(7_u16),
            number(7_u32),
            number(7_u64),
            number(7_u128),
            number(7_i32),
            number(7_f32),
            number(7_f64),
            number("7"),
        ] {
            assert_eq!(taken, seven);
        }
        assert_eq!(number(""), Some(None));
        assert_eq!(number(u16::MAX), Some(Some(u16::MAX)));
        for refused in [
            number(65_536_u32),
            number(u128::MAX),
            number(-1_i32),
            number(7.5),
            number(f64::NAN),
            number(f64::INFINITY),
            number(1e30),
            number("seven"),
            number("7.0"),
            number(" 7"),
            number("7e0"),
            number(true),
            number(vec![7_u16]),
        ] {
            assert_eq!(refused, None);
        }
    }

    #[test]
    fn numbers_with_a_fraction_are_taken_as_they_were_written() {
        fn number<'de>(value: impl IntoDeserializer<'de, Wrong>) -> Option<Option<f64>> {
            decimal(value.into_deserializer()).ok()
        }
        for (taken, expected) in [
            (number(13.4_f64), 13.4),
            (number(13.4_f32), 13.4),
            (number("-13.40"), -13.4),
            (number(13_u16), 13.0),
            (number(-13_i32), -13.0),
        ] {
            assert_eq!(taken, Some(Some(expected)));
        }
        assert_eq!(number(""), Some(None));
        for refused in [
            number(f64::NAN),
            number(f32::INFINITY),
            number("inf"),
            number("nan"),
            number("13,4"),
            number("north"),
            number(false),
        ] {
            assert_eq!(refused, None);
        }
    }

    #[test]
    fn yes_and_no_may_be_one_and_zero() {
        fn answer<'de>(value: impl IntoDeserializer<'de, Wrong>) -> Option<Option<bool>> {
            flag(value.into_deserializer()).ok()
        }
        assert_eq!(
            (answer(true), answer(1_u16)),
            (Some(Some(true)), Some(Some(true)))
        );
        assert_eq!(
            (answer(false), answer(0_i32)),
            (Some(Some(false)), Some(Some(false)))
        );
        for refused in [answer(2_u32), answer(-1_i32), answer("yes"), answer(1.0)] {
            assert_eq!(refused, None);
        }
    }
}
