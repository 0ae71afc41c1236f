//! Date and time of day of a moment.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;

/// Moment in the proleptic Gregorian calendar, without leap seconds. Displays as `2024-08-21 22:11:15`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    year: i64,
    /// Month, from 1 to 12.
    month: i64,
    /// Day, from 1 to 31.
    day: i64,
    /// Seconds since midnight.
    time: i64,
}

impl Civil {
    /// Returns the last second that began at the moment or before it, where clocks are `offset` seconds
    /// ahead of UTC.
    pub(super) fn at(moment: SystemTime, offset: i32) -> Self {
        let seconds = match moment.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(error) => {
                let before = error.duration();
                let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                -whole - i64::from(before.subsec_nanos() > 0)
            }
        };
        let seconds = seconds.saturating_add(offset.into());
        let (year, month, day) = date(seconds.div_euclid(DAY));
        Self { year, month, day, time: seconds.rem_euclid(DAY) }
    }
}

impl fmt::Display for Civil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, time } = self;
        let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

/// Returns the date so many days after 1970-01-01, or before it.
///
/// Counts in eras of 400 years, which all have 146097 days, and in years that begin with March, so that
/// the day of a leap year is the last one of its year.
fn date(days: i64) -> (i64, i64, i64) {
    // Days since 0000-03-01.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Five months from March on have 153 days, and the next five again.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn shown(seconds: i64, nanos: u32) -> String {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let whole = if seconds < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance };
        Civil::at(whole + Duration::from_nanos(nanos.into()), 0).to_string()
    }

    #[test]
    fn known_moments() {
        for (seconds, nanos, text) in [
            (0, 0, "1970-01-01 00:00:00"),
            (-1, 0, "1969-12-31 23:59:59"),
            (-1, 999_999_999, "1969-12-31 23:59:59"),
            (1_724_278_275, 0, "2024-08-21 22:11:15"),
            (951_782_400, 0, "2000-02-29 00:00:00"),
            (4_107_542_399, 999_999_999, "2100-02-28 23:59:59"),
            (253_402_300_799, 0, "9999-12-31 23:59:59"),
            (253_402_300_800, 0, "10000-01-01 00:00:00"),
        ] {
            assert_eq!(shown(seconds, nanos), text);
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut expected = (1600, 1, 1);
        // The range is 1600-01-01 to 10000-01-01.
        for days in -135_140..=2_932_897 {
            assert_eq!(date(days), expected);
            let (year, month, day) = expected;
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + i64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            expected = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                (_, day) if day == length => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
        assert_eq!(expected, (10_000, 1, 2));
    }

    proptest! {
        #[test]
        fn seconds_of_a_day_in_order(day in -100_000_i64..100_000, a in 0..DAY, b in 0..DAY) {
            let (first, second) = (shown(day * DAY + a, 0), shown(day * DAY + b, 0));
            prop_assert_eq!(a.cmp(&b), first.cmp(&second));
            prop_assert_eq!(&first[..10], &second[..10]);
        }

        #[test]
        fn any_moment_has_a_date(seconds in any::<i64>()) {
            let distance = Duration::from_secs(seconds.unsigned_abs());
            let moment =
                if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
            if let Some(moment) = moment {
                prop_assert!(!Civil::at(moment, 0).to_string().is_empty());
                prop_assert!(!Civil::at(moment, 50_400).to_string().is_empty());
                prop_assert!(!Civil::at(moment, -50_400).to_string().is_empty());
            }
        }
    }
}
