//! Calendar dates, `YYYY-MM-DD`, years 0001 to 9999 of the Gregorian calendar.

/// For each byte of `YYYY-MM-`, what can be added to its value before the highest bit is set: digits have room up
/// to 9, hyphens, whose value is 0, have none.
const ROOM: u64 = u64::from_le_bytes([0x76, 0x76, 0x76, 0x76, 0x7F, 0x76, 0x76, 0x7F]);
/// All bits but the highest of each byte.
const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
/// The days of each month, February's in a leap year; none for what is no month.
const DAYS: [u8; 16] = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0];

/// Whether these ten bytes are a real date: digits and hyphens in their places, a month and a day that exist.
///
/// It looks at eight bytes at once: this is done for every bet.
#[inline]
pub(crate) fn is_date(text: &[u8]) -> bool {
    let &[y1, y2, y3, y4, h1, m1, m2, h2, d1, d2] = text else { return false };
    // The value of each byte: 0 to 9 for a digit, 0 for a hyphen.
    let values = u64::from_le_bytes([y1, y2, y3, y4, h1, m1, m2, h2]) ^ u64::from_le_bytes(*b"0000-00-");
    let day_values = u32::from(u16::from_le_bytes([d1, d2]) ^ 0x3030);
    let wrong = (((values & LOW) + ROOM) | values) & !LOW;
    let wrong_day = (((day_values & 0x7F7F) + 0x7676) | day_values) & 0x8080;
    if wrong != 0 || wrong_day != 0 {
        return false;
    }
    let [y1, y2, y3, y4, _, m1, m2, _] = values.to_le_bytes().map(u32::from);
    let year = ((y1 * 10 + y2) * 10 + y3) * 10 + y4;
    let month = m1 * 10 + m2;
    let day = (day_values & 0xFF) * 10 + (day_values >> 8);
    let days = DAYS.get(month as usize).copied().unwrap_or(0);
    let leap = || year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    year >= 1 && day >= 1 && day <= u32::from(days) && (day != 29 || month != 2 || leap())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use jiff::civil::Date;

    #[test]
    fn agrees_with_a_calendar_on_every_day_and_every_near_miss() {
        for year in 0..=9999_i16 {
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
        ] {
            assert!(!is_date(wrong.as_bytes()), "{wrong}");
        }
    }
}
