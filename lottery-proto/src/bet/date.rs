//! Calendar dates, `YYYY-MM-DD`, years 0001 to 9999 of the Gregorian calendar.

/// For each byte of `YYYY-MM-`, the amount that can be added to its value before the highest bit is set: digits have
/// room up to 9, hyphens, whose value is 0, have none.
const ROOM: u64 = u64::from_le_bytes([0x76, 0x76, 0x76, 0x76, 0x7F, 0x76, 0x76, 0x7F]);
/// Mask of all bits but the highest of each byte.
const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
/// Days of each month, February's in a leap year; 0 for an index that is no month.
const DAYS: [u8; 16] = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0];

/// True if the text is a real date: ten bytes, digits and hyphens in their places, and a month and a day that exist.
pub(crate) fn is_date(text: &[u8]) -> bool {
    text.try_into().is_ok_and(|text| date_faults(text) == 0)
}

/// Returns 0 if the text is a real date.
///
/// It checks eight bytes at once and combines conditions without branches, because it runs for every bet.
#[expect(clippy::needless_bitwise_bool, reason = "one condition is foreseen better than four")]
#[inline]
pub(crate) fn date_faults(text: &[u8; 10]) -> u64 {
    let (Some(year_month), Some(day)) = (text.first_chunk(), text.last_chunk()) else { return 1 };
    // Value of each byte: 0 to 9 for a digit, 0 for a hyphen.
    let values = u64::from_le_bytes(*year_month) ^ u64::from_le_bytes(*b"0000-00-");
    let day_values = u64::from(u16::from_le_bytes(*day) ^ 0x3030);
    let wrong = (((values & LOW) + ROOM) | values) & !LOW;
    let wrong_day = (((day_values & 0x7F7F) + 0x7676) | day_values) & 0x8080;
    let (year, month) = (values & 0xFFFF_FFFF, two_digits(values >> 40));
    let day = two_digits(day_values);
    let days = DAYS.get((month & 15) as usize).copied().unwrap_or(0);
    let no_such_day = (month > 12) | (day == 0) | (day > u64::from(days)) | (year == 0);
    // One branch, which is rarely taken and so predicted well.
    let not_leap = ((day == 29) & (month == 2)) && !is_leap(year);
    wrong | wrong_day | u64::from(no_such_day) | u64::from(not_leap)
}

/// Returns the number of two digits whose values are in the two lowest bytes, the first digit in the lowest.
#[inline]
const fn two_digits(values: u64) -> u64 {
    (values & 0xFF) * 10 + (values >> 8 & 0xFF)
}

/// True if the year has 366 days. It has four digits, as in [`two_digits`].
fn is_leap(year: u64) -> bool {
    let (century, of_century) = (two_digits(year), two_digits(year >> 16));
    if of_century == 0 { century.is_multiple_of(4) } else { of_century.is_multiple_of(4) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use jiff::civil::Date;

    #[test]
    fn agrees_with_a_calendar_on_every_day_and_every_near_miss() {
        // Fewer years under Miri, which is about a thousand times slower.
        for year in (0..=9999_i16).step_by(if cfg!(miri) { 1999 } else { 1 }) {
            for month in 0..=13_i8 {
                for day in 0..=32_i8 {
                    let text = format!("{year:04}-{month:02}-{day:02}");
                    let real = year > 0 && Date::new(year, month, day).is_ok();
                    assert_eq!(is_date(text.as_bytes()), real, "{text}");
                }
            }
        }
    }

    #[test]
    fn takes_ten_characters_in_their_places_only() {
        for wrong in [
            "",
            "2024-8-21",
            "20240821",
            "2024/08/21",
            "2024-08-211",
            "+024-08-21",
            "2024-0a-21",
            "21-08-2024",
            "20ñ-08-21",
            "20ú-08-21",
            "2024-ñ-21",
            "2024-08-ñ",
            "2024-08-0:",
            "2024-08-:1",
            "2:24-08-0:",
        ] {
            assert!(!is_date(wrong.as_bytes()), "{wrong}");
        }
    }
}
