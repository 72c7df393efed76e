//! Calendar arithmetic (proleptic Gregorian, UTC) and `strftime` in the C locale.

/// A moment, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: i64,
    /// 1 to 31.
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    /// 0 is Sunday.
    pub(super) weekday: i64,
    /// From 0.
    pub(super) day_of_year: i64,
}

const SECONDS_PER_DAY: i64 = 86_400;

const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Days since 1970-01-01 of a date whose month is 1 to 12 (H. Hinnant, "chrono-compatible low-level
/// date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Seconds since 1970; fields out of their range carry over, as in `mktime`. Fields are no larger than
/// C's `int`, so nothing overflows.
pub(super) fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> i64 {
    let months = month - 1;
    let year = year + months.div_euclid(12);
    let date = days(year, months.rem_euclid(12) + 1, 1) + day - 1;
    date * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second
}

impl Civil {
    /// The date and time at that many seconds since 1970.
    pub(super) fn from_seconds(seconds: i64) -> Self {
        let date = seconds.div_euclid(SECONDS_PER_DAY);
        let time = seconds.rem_euclid(SECONDS_PER_DAY);
        let shifted = date + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let from_march = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * from_march + 2) / 153;
        let day = from_march - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Self {
            year,
            month,
            day,
            hour: time / 3600,
            minute: time % 3600 / 60,
            second: time % 60,
            weekday: (date + 4).rem_euclid(7),
            day_of_year: date - days(year, 1, 1),
        }
    }

    /// C's `struct tm` can hold the year.
    pub(super) fn is_representable(&self) -> bool {
        i32::try_from(self.year - 1900).is_ok()
    }

    fn twelve(&self) -> i64 {
        match self.hour % 12 {
            0 => 12,
            hour => hour,
        }
    }

    /// Year and number of the ISO 8601 week.
    fn iso_week(&self) -> (i64, i64) {
        let weekday = (self.weekday + 6) % 7;
        let week = (self.day_of_year - weekday + 10) / 7;
        if week < 1 {
            let last = Self::from_seconds(seconds(self.year - 1, 12, 31, 0, 0, 0));
            return last.iso_week();
        }
        let next_year_begins = days(self.year + 1, 1, 1);
        let monday = days(self.year, 1, 1) + self.day_of_year - weekday;
        if week == 53 && monday + 3 >= next_year_begins {
            return (self.year + 1, 1);
        }
        (self.year, week)
    }
}

fn name<'a>(names: &[&'a str], index: i64) -> &'a str {
    usize::try_from(index)
        .ok()
        .and_then(|index| names.get(index).copied())
        .unwrap_or("?")
}

/// Conversions of C99, those of them that take `E`, and those that take `O`.
const CONVERSIONS: &[u8] = b"aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%";
const WITH_E: &[u8] = b"cCxXyY";
const WITH_O: &[u8] = b"deHImMSuUVwWy";

/// `os.date` of Lua 5.4: `strftime`, and what follows the `%` of an unknown conversion as error.
pub(super) fn format_54<'a>(
    template: &'a [u8],
    at: &Civil,
    moment: i64,
    zone: &str,
) -> Result<Vec<u8>, &'a [u8]> {
    let mut text = Vec::new();
    let mut rest = template;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            text.push(*byte);
            continue;
        }
        let (conversion, after) = match after {
            [b'E', letter, after @ ..] if WITH_E.contains(letter) => (letter, after),
            [b'O', letter, after @ ..] if WITH_O.contains(letter) => (letter, after),
            [letter, after @ ..] if CONVERSIONS.contains(letter) => (letter, after),
            unknown => return Err(unknown),
        };
        rest = after;
        if let Some(converted) = convert(*conversion, at, moment, zone) {
            text.extend_from_slice(converted.as_bytes());
        }
    }
    Ok(text)
}

/// `os.date` of Lua 5.1: one letter after each `%`, and what C does not know stays as it is.
pub(super) fn format_51(template: &[u8], at: &Civil, moment: i64, zone: &str) -> Vec<u8> {
    let mut text = Vec::new();
    let mut rest = template.split(|byte| *byte == 0).next().unwrap_or_default();
    while let Some((byte, after)) = rest.split_first() {
        let Some((letter, behind)) = after.split_first().filter(|_| *byte == b'%') else {
            text.push(*byte);
            rest = after;
            continue;
        };
        rest = behind;
        match convert(*letter, at, moment, zone) {
            Some(converted) => text.extend_from_slice(converted.as_bytes()),
            None => {
                // C takes a digit for the width of a conversion that never comes.
                for _ in 2..letter.saturating_sub(b'0').min(9) {
                    if letter.is_ascii_digit() {
                        text.push(b' ');
                    }
                }
                text.extend_from_slice(&[b'%', *letter]);
            }
        }
    }
    text
}

/// One conversion of glibc's `strftime` in the C locale.
fn convert(letter: u8, at: &Civil, moment: i64, zone: &str) -> Option<String> {
    let two = |value: i64| format!("{value:02}");
    // C's years are as wide as an `int`.
    let int = |year: i64| i64::from(year as i32);
    let year = int(at.year);
    let time = || format!("{:02}:{:02}:{:02}", at.hour, at.minute, at.second);
    let date = || {
        let short = at.year.rem_euclid(100);
        format!("{:02}/{:02}/{short:02}", at.month, at.day)
    };
    let half = || if at.hour < 12 { "AM" } else { "PM" };
    Some(match letter {
        b'a' => short(name(&DAYS, at.weekday)),
        b'A' => name(&DAYS, at.weekday).to_owned(),
        b'b' | b'h' => short(name(&MONTHS, at.month - 1)),
        b'B' => name(&MONTHS, at.month - 1).to_owned(),
        b'c' => {
            let day = short(name(&DAYS, at.weekday));
            let month = short(name(&MONTHS, at.month - 1));
            format!("{day} {month} {:2} {} {year}", at.day, time())
        }
        b'C' => two(year.div_euclid(100)),
        b'd' => two(at.day),
        b'D' | b'x' => date(),
        b'e' => format!("{:2}", at.day),
        b'F' => format!("{year}-{:02}-{:02}", at.month, at.day),
        b'g' => two(int(at.iso_week().0).rem_euclid(100)),
        b'G' => int(at.iso_week().0).to_string(),
        b'H' => two(at.hour),
        b'I' => two(at.twelve()),
        b'j' => format!("{:03}", at.day_of_year + 1),
        b'k' => format!("{:2}", at.hour),
        b'l' => format!("{:2}", at.twelve()),
        b'm' => two(at.month),
        b'M' => two(at.minute),
        b'n' => "\n".to_owned(),
        b'p' => half().to_owned(),
        b'P' => half().to_ascii_lowercase(),
        b'r' => format!(
            "{:02}:{:02}:{:02} {}",
            at.twelve(),
            at.minute,
            at.second,
            half()
        ),
        b'R' => format!("{:02}:{:02}", at.hour, at.minute),
        b's' => moment.to_string(),
        b'S' => two(at.second),
        b't' => "\t".to_owned(),
        b'T' | b'X' => time(),
        b'u' => ((at.weekday + 6) % 7 + 1).to_string(),
        b'U' => two((at.day_of_year + 7 - at.weekday) / 7),
        b'V' => two(at.iso_week().1),
        b'w' => at.weekday.to_string(),
        b'W' => two((at.day_of_year + 7 - (at.weekday + 6) % 7) / 7),
        b'y' => two(at.year.rem_euclid(100)),
        b'Y' => year.to_string(),
        b'z' => "+0000".to_owned(),
        b'Z' => zone.to_owned(),
        b'%' => "%".to_owned(),
        _ => return None,
    })
}

fn short(name: &str) -> String {
    name.chars().take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::{Civil, format_51, format_54, seconds};

    #[test]
    fn dates_survive_the_way_there_and_back() {
        for moment in [
            0,
            951_827_696,
            1_709_208_000,
            -1,
            4_102_444_799,
            -62_135_596_800,
        ] {
            let at = Civil::from_seconds(moment);
            assert_eq!(
                seconds(at.year, at.month, at.day, at.hour, at.minute, at.second),
                moment
            );
        }
    }

    #[test]
    fn formats_are_those_of_the_c_locale() {
        // As `date -u -d @1709208305` prints them.
        let cases = [
            ("%Y-%m-%d %H:%M:%S", "2024-02-29 12:05:05"),
            ("%c", "Thu Feb 29 12:05:05 2024"),
            ("%j %U %W %V %G %u %w", "060 08 09 09 2024 4 4"),
            ("%I %p %y %e %D", "12 PM 24 29 02/29/24"),
        ];
        for (template, wanted) in cases {
            let moment = 1_709_208_305;
            let at = Civil::from_seconds(moment);
            for text in [
                format_54(template.as_bytes(), &at, moment, "UTC"),
                Ok(format_51(template.as_bytes(), &at, moment, "UTC")),
            ] {
                assert_eq!(text, Ok(wanted.as_bytes().to_vec()), "{template}");
            }
        }
    }

    #[test]
    fn iso_weeks_at_the_turn_of_the_year() {
        for (year, month, day, wanted) in [
            (2021, 1, 3, "2020-53"),
            (2024, 12, 30, "2025-01"),
            (2026, 12, 31, "2026-53"),
        ] {
            let moment = seconds(year, month, day, 0, 0, 0);
            let text = format_51(b"%G-%V", &Civil::from_seconds(moment), moment, "UTC");
            assert_eq!(text, wanted.as_bytes());
        }
    }

    #[test]
    fn fields_out_of_range_carry_over() {
        assert_eq!(
            seconds(2024, 14, 0, 25, -1, 60),
            seconds(2025, 2, 1, 0, 0, 0) - 86_400 + 25 * 3600
        );
    }
}
