//! Durations and sizes with units, as administrators write them.
//!
//! `500ms`, `5s`, `2m`, `1h`; `512`, `64KiB`, `1 MiB`, `2 GB`. Pure functions; no message here says
//! where, only what.

use std::time::Duration;

/// The units of durations, in nanoseconds.
const TIMES: [(&str, f64); 6] = [
    ("us", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
    ("d", 86400e9),
];

/// The units of sizes, in bytes.
const SIZES: [(&str, f64); 9] = [
    ("", 1.0),
    ("B", 1.0),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("kB", 1e3),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
];

/// Number and unit, blanks between them allowed.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text
        .find(|symbol: char| !symbol.is_ascii_digit() && symbol != '.')
        .unwrap_or(text.len());
    let number = text.get(..end)?.parse::<f64>().ok()?;
    Some((number, text.get(end..)?.trim()))
}

/// Reads a duration; the error says why not.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text).ok_or("a number and a unit are expected, such as `5s`")?;
    if unit.is_empty() {
        return Err(format!("the unit is missing: `{text}s`, or `{text}ms`?"));
    }
    let (_, factor) = TIMES
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(|| format!("`{unit}` is no unit; there are `us`, `ms`, `s`, `m`, `h`, `d`"))?;
    let seconds = number * factor / 1e9;
    Duration::try_from_secs_f64(seconds).map_err(|_| "this is too long".to_owned())
}

/// Reads a size in bytes; the error says why not.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let (number, unit) =
        split(text).ok_or("a number of bytes, or one with a unit, is expected: `64KiB`")?;
    let (_, factor) = SIZES
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(|| {
            format!("`{unit}` is no unit; there are `B`, `KiB`, `MiB`, `GiB`, `kB`, `MB`, `GB`")
        })?;
    let bytes = number * factor;
    if bytes.fract() != 0.0 {
        return Err("this is not a whole number of bytes".to_owned());
    }
    if bytes > 9e15 {
        return Err("this is too large".to_owned());
    }
    // Whole, positive and below 2^53: the conversion is exact.
    Ok(bytes as u64)
}

/// The regular expression (ECMA-262) that durations match.
pub(crate) fn duration_pattern() -> String {
    pattern(&TIMES)
}

/// The regular expression (ECMA-262) that sizes match.
pub(crate) fn size_pattern() -> String {
    pattern(&SIZES)
}

fn pattern(units: &[(&str, f64)]) -> String {
    let names: Vec<_> = units
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !name.is_empty())
        .collect();
    let optional = if names.len() < units.len() { "?" } else { "" };
    let names = names.join("|");
    format!("^ *([0-9]+\\.?[0-9]*|\\.[0-9]+) *({names}){optional} *$")
}

/// A duration as one would write it.
pub(crate) fn show_duration(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    for (unit, factor) in TIMES.iter().rev() {
        let factor = *factor as u128;
        if nanoseconds >= factor && nanoseconds.is_multiple_of(factor) {
            return format!("{}{unit}", nanoseconds / factor);
        }
    }
    format!("{}us", duration.as_micros())
}

/// A size as one would write it.
pub(crate) fn show_size(bytes: u64) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if bytes >= 1 << shift && bytes.is_multiple_of(1 << shift) {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn durations_with_units_are_read() {
        for (text, milliseconds) in [
            ("500ms", 500),
            ("5s", 5000),
            ("2m", 120_000),
            ("1.5 s", 1500),
            ("1h", 3_600_000),
            ("0s", 0),
        ] {
            let read = duration(text).unwrap();
            assert_eq!(read, Duration::from_millis(milliseconds), "{text}");
        }
    }

    #[test]
    fn durations_without_or_with_a_wrong_unit_are_refused() {
        for text in [
            "5",
            "5 seconds",
            "-5s",
            "s",
            "",
            "1e9d",
            "99999999999999999999d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_with_and_without_units_are_read() {
        for (text, bytes) in [
            ("512", 512),
            ("64KiB", 65536),
            ("1 MiB", 1 << 20),
            ("2GB", 2_000_000_000),
            ("0.5KiB", 512),
        ] {
            assert_eq!(size(text).unwrap(), bytes, "{text}");
        }
    }

    #[test]
    fn sizes_that_are_none_are_refused() {
        for text in ["", "KiB", "-1", "1.5", "64 kib", "99999999GiB", "1,5MiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for seconds in [1, 59, 60, 90, 3600, 86400] {
            let value = Duration::from_secs(seconds);
            assert_eq!(duration(&show_duration(value)).unwrap(), value);
        }
        for bytes in [1, 1000, 1024, 1 << 20, 3 << 30] {
            assert_eq!(size(&show_size(bytes)).unwrap(), bytes);
        }
    }
}
