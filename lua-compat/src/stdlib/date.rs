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
/// Years beyond this would overflow the arithmetic; they are cut.
const FARTHEST_YEAR: i64 = 1_000_000_000;

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

/// Seconds since 1970; fields out of their range carry over, as in `mktime`.
pub(super) fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> i64 {
    let cut = |value: i64| value.clamp(-FARTHEST_YEAR, FARTHEST_YEAR);
    let months = cut(month) - 1;
    let year = cut(year) + months.div_euclid(12);
    let date = days(year, months.rem_euclid(12) + 1, 1) + cut(day) - 1;
    date * SECONDS_PER_DAY + cut(hour) * 3600 + cut(minute) * 60 + cut(second)
}

impl Civil {
    /// The date and time at that many seconds since 1970.
    pub(super) fn from_seconds(seconds: i64) -> Self {
        let farthest = FARTHEST_YEAR * 365 * SECONDS_PER_DAY;
        let seconds = seconds.clamp(-farthest, farthest);
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

/// `strftime`. An unknown conversion is an error, as in Lua 5.4.
pub(super) fn format(template: &str, at: &Civil, seconds: i64) -> Result<String, String> {
    let mut text = String::new();
    let mut characters = template.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        let mut conversion = characters.next();
        if matches!(conversion, Some('E' | 'O')) {
            conversion = characters.next();
        }
        let two = |value: i64| format!("{value:02}");
        let whole = |template: &str| format(template, at, seconds);
        text.push_str(&match conversion {
            Some('a') => name(&DAYS, at.weekday).chars().take(3).collect(),
            Some('A') => name(&DAYS, at.weekday).to_owned(),
            Some('b' | 'h') => name(&MONTHS, at.month - 1).chars().take(3).collect(),
            Some('B') => name(&MONTHS, at.month - 1).to_owned(),
            Some('c') => whole("%a %b %e %H:%M:%S %Y")?,
            Some('C') => two(at.year.div_euclid(100)),
            Some('d') => two(at.day),
            Some('D' | 'x') => whole("%m/%d/%y")?,
            Some('e') => format!("{:2}", at.day),
            Some('F') => whole("%Y-%m-%d")?,
            Some('g') => two(at.iso_week().0.rem_euclid(100)),
            Some('G') => at.iso_week().0.to_string(),
            Some('H') => two(at.hour),
            Some('I') => two(at.twelve()),
            Some('j') => format!("{:03}", at.day_of_year + 1),
            Some('m') => two(at.month),
            Some('M') => two(at.minute),
            Some('n') => "\n".to_owned(),
            Some('p') => if at.hour < 12 { "AM" } else { "PM" }.to_owned(),
            Some('r') => whole("%I:%M:%S %p")?,
            Some('R') => whole("%H:%M")?,
            Some('s') => seconds.to_string(),
            Some('S') => two(at.second),
            Some('t') => "\t".to_owned(),
            Some('T' | 'X') => whole("%H:%M:%S")?,
            Some('u') => ((at.weekday + 6) % 7 + 1).to_string(),
            Some('U') => two((at.day_of_year + 7 - at.weekday) / 7),
            Some('V') => two(at.iso_week().1),
            Some('w') => at.weekday.to_string(),
            Some('W') => two((at.day_of_year + 7 - (at.weekday + 6) % 7) / 7),
            Some('y') => two(at.year.rem_euclid(100)),
            Some('Y') => at.year.to_string(),
            Some('z') => "+0000".to_owned(),
            Some('Z') => "UTC".to_owned(),
            Some('%') => "%".to_owned(),
            other => {
                let shown = other.map(String::from).unwrap_or_default();
                return Err(format!(
                    "bad argument #1 to 'date' (invalid conversion specifier '%{shown}')"
                ));
            }
        });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{Civil, format, seconds};

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
            assert_eq!(
                format(template, &Civil::from_seconds(moment), moment).as_deref(),
                Ok(wanted)
            );
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
            assert_eq!(
                format("%G-%V", &Civil::from_seconds(moment), moment).as_deref(),
                Ok(wanted)
            );
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
