//! Values that PostgreSQL sends in forms of their own: NUMERIC and UUID, to text.
//!
//! Layout of NUMERIC: `src/backend/utils/adt/numeric.c`, `numeric_send`: digits to the base 10,000.

use super::Value;

/// NUMERIC as a whole number if it is one that fits, else as text; nothing if the bytes make no sense.
pub(super) fn numeric(bytes: &[u8]) -> Option<Value> {
    let word = |index: usize| {
        let pair = bytes.get(index * 2..index * 2 + 2)?;
        Some(u16::from_be_bytes(pair.try_into().ok()?))
    };
    let (count, weight) = (usize::from(word(0)?), i32::from(word(1)?.cast_signed()));
    let (sign, scale) = (word(2)?, usize::from(word(3)?));
    match sign {
        0x0000 | 0x4000 => {}
        0xC000 => return Some(Value::Text("NaN".to_owned())),
        0xD000 => return Some(Value::Text("Infinity".to_owned())),
        0xF000 => return Some(Value::Text("-Infinity".to_owned())),
        _ => return None,
    }
    let digit = |place: i32| {
        let index = usize::try_from(weight - place).ok();
        index
            .filter(|index| *index < count)
            .map_or(Some(0), |index| word(4 + index))
    };
    let mut text = String::new();
    if sign == 0x4000 {
        text.push('-');
    }
    text.push_str(&digit(weight.max(0))?.to_string());
    for place in (0..weight.max(0)).rev() {
        text.push_str(&format!("{:04}", digit(place)?));
    }
    if scale == 0 {
        return Some(match text.parse() {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Text(text),
        });
    }
    let mut fraction = String::new();
    let mut place = -1;
    while fraction.len() < scale {
        fraction.push_str(&format!("{:04}", digit(place)?));
        place -= 1;
    }
    fraction.truncate(scale);
    Some(Value::Text(format!("{text}.{fraction}")))
}

/// UUID in its usual form; nothing unless there are 16 bytes.
pub(super) fn uuid(bytes: &[u8]) -> Option<Value> {
    if bytes.len() != 16 {
        return None;
    }
    let mut text = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    Some(Value::Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(weight: i16, negative: bool, scale: u16, digits: &[u16]) -> Vec<u8> {
        let count = u16::try_from(digits.len()).unwrap_or(0);
        let sign = if negative { 0x4000 } else { 0 };
        [count, weight.cast_unsigned(), sign, scale]
            .iter()
            .chain(digits)
            .flat_map(|word| word.to_be_bytes())
            .collect()
    }

    #[test]
    fn numbers_are_read_as_they_were_written() {
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        for (bytes, wanted) in [
            (sent(0, false, 0, &[]), Some(Value::Integer(0))),
            (sent(0, false, 0, &[42]), Some(Value::Integer(42))),
            (sent(1, true, 0, &[1, 5]), Some(Value::Integer(-10005))),
            (sent(2, false, 0, &[7]), Some(Value::Integer(700_000_000))),
            (sent(0, false, 2, &[12, 3400]), text("12.34")),
            (sent(-1, false, 4, &[5]), text("0.0005")),
            (sent(-2, false, 6, &[1200]), text("0.000012")),
            (
                sent(5, false, 0, &[1000, 0, 0, 0, 0, 1]),
                text("100000000000000000000001"),
            ),
            (vec![0, 0], None),
        ] {
            assert_eq!(numeric(&bytes), wanted, "{bytes:?}");
        }
    }

    #[test]
    fn a_uuid_has_its_dashes() {
        let bytes: Vec<u8> = (0..16).collect();
        let wanted = Value::Text("00010203-0405-0607-0809-0a0b0c0d0e0f".to_owned());
        assert_eq!(uuid(&bytes), Some(wanted));
        assert_eq!(uuid(bytes.get(1..).unwrap_or_default()), None);
    }
}
